"""Known files in SQLite."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from casparian.core.stores.files import FileIdentity, KnownFile

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from casparian.core.stores.sqlite.connection import Connection

_REMEMBER: Final = """
    INSERT INTO cf_files (path, size, mtime_ns, ctime_ns, inode, hash, first_seen, last_seen)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET size = excluded.size, mtime_ns = excluded.mtime_ns,
        ctime_ns = excluded.ctime_ns, inode = excluded.inode, hash = excluded.hash,
        last_seen = excluded.last_seen
"""


class SqliteFiles:
    """See :class:`casparian.core.stores.files.FileStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def known(self, paths: Sequence[str]) -> dict[str, KnownFile]:
        """Return what is known of these paths."""
        rows = self._connection.read(
            "SELECT path, size, mtime_ns, ctime_ns, inode, hash FROM cf_files "
            "WHERE path IN (SELECT value FROM json_each(?))",
            (json.dumps(list(paths)),),
        )
        return {
            row[0]: KnownFile(row[0], FileIdentity(*row[1:5]), row[5]) for row in map(tuple, rows)
        }

    def remember(self, files: Iterable[KnownFile]) -> None:
        """Know these files from now on."""
        kept = list(files)  # the transaction may run again
        if not kept:
            return

        def work(raw: sqlite3.Connection, now: int) -> None:
            raw.executemany(_REMEMBER, (_values(file, now) for file in kept))

        self._connection.write(work)

    def forget(self, *, before: int, limit: int = 1_000) -> int:
        """Forget up to ``limit`` files not remembered since a time; returns how many."""

        def work(raw: sqlite3.Connection, _now: int) -> int:
            done = raw.execute(
                "DELETE FROM cf_files WHERE path IN ("
                "SELECT path FROM cf_files WHERE last_seen < ? ORDER BY last_seen LIMIT ?)",
                (before, limit),
            )
            return done.rowcount

        return self._connection.write(work)


def _values(file: KnownFile, now: int) -> tuple[object, ...]:
    identity = file.identity
    status = (identity.size, identity.mtime_ns, identity.ctime_ns, identity.inode)
    return (file.path, *status, file.sha256, now, now)
