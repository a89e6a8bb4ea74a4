"""A connection to the store's file: durable, never waiting inside SQLite, never half-done.

SQLite's own busy handler starves whoever asks seldom, such as heartbeats: it is off, and a busy
transaction is begun again, whole, after a short random wait.
"""

from __future__ import annotations

import os
import random
import resource
import sqlite3
import time
from typing import TYPE_CHECKING, Any, Final

from casparian.core.stores.errors import (
    StoreError,
    StoreReplacedError,
    StoreUnreachableError,
)
from casparian.core.stores.sqlite.filesystem import network_kind
from casparian.core.stores.sqlite.holder import write_holder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from typing import TypeVar

    T = TypeVar("T")
    Parameters = Sequence[object] | Mapping[str, object]

PATIENCE_S: Final = 30.0
"""How long to ask for the write lock before giving up."""

#: So long the store's file is taken to be where it was just seen (seconds): to look for it costs as
#: much as some statements, and whoever moves it may always do so in the moment after a look.
_LOOK_AGAIN_S: Final = 0.01
_FIRST_WAIT_S, _LONGEST_WAIT_S, _GROWTH = 0.0002, 0.004, 1.5

_PRAGMAS: Final = (
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA journal_size_limit = 67108864",
    "PRAGMA cache_size = -8000",
    "PRAGMA trusted_schema = OFF",
)


class Connection:
    """One connection, for one thread of one process."""

    def __init__(
        self, path: Path, *, read_only: bool, clock: Callable[[], int], patience_s: float
    ) -> None:
        self.path = path
        self._name = str(path)
        self._clock = clock
        self._patience_s = patience_s
        self._seen_version: int | None = None
        self._look_at = 0.0
        _refuse_network(path)
        try:
            if not read_only:
                path.parent.mkdir(parents=True, exist_ok=True)
            mode = "ro" if read_only else "rwc"
            self.raw = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode={mode}",
                uri=True,
                isolation_level=None,
                timeout=patience_s,
            )
        except (OSError, sqlite3.Error) as error:
            raise StoreUnreachableError(
                f"{path}: the store can't be opened: {error}",
                hint="is the path right, and may you read and write there?",
            ) from error
        self.raw.row_factory = sqlite3.Row
        try:
            # Both may have to wait for another process that opens it; from then on nothing does.
            if not read_only and self.raw.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                self.raw.execute("PRAGMA journal_mode = WAL").fetchall()
            for pragma in _PRAGMAS:
                self.raw.execute(pragma).fetchall()
            if read_only:
                self.raw.execute("PRAGMA query_only = ON")
            self.raw.execute("PRAGMA busy_timeout = 0").fetchall()
            self._file = self._what_is_there()
        except sqlite3.Error as error:
            self.raw.close()
            raise self._explained(error) from error
        except StoreError:
            self.raw.close()
            raise

    def write(self, work: Callable[[sqlite3.Connection, int], T]) -> T:
        """Do work in one transaction; ``work`` gets the connection and the time, and may run again.

        The time is taken once the lock is held, so that no wait shortens a lease.
        """

        done: T = self._patiently(self._transaction, work)
        return done

    def _transaction(self, work: Callable[[sqlite3.Connection, int], T]) -> T:
        raw = self.raw
        raw.execute("BEGIN IMMEDIATE")
        try:
            result = work(raw, self._clock())
            raw.execute("COMMIT")
        except BaseException:
            if raw.in_transaction:
                raw.execute("ROLLBACK")
            raise
        return result

    def read(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        """Return all rows of a query."""
        return self._patiently(lambda: self.raw.execute(sql, parameters).fetchall())

    def look(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do several reads that see the same moment; ``work`` gets the connection."""

        def transaction() -> T:
            self.raw.execute("BEGIN")
            try:
                return work(self.raw)
            finally:
                self.raw.execute("ROLLBACK")

        return self._patiently(transaction)

    def now(self) -> int:
        """Return the time: milliseconds since 1970, UTC."""
        return self._clock()

    def changed(self) -> bool:
        """Say whether another connection has written since this was last asked."""
        [row] = self.read("PRAGMA data_version")
        before, self._seen_version = self._seen_version, int(row[0])
        return before != self._seen_version

    def close(self) -> None:
        """Let go of the file."""
        self.raw.close()

    def _what_is_there(self) -> tuple[int, int]:
        """Return which file has the store's name."""
        try:
            status = os.stat(self._name)  # noqa: PTH116 - for each change
        except OSError as error:
            raise StoreUnreachableError(
                f"{self.path}: the store's file was moved or removed while it was in use: "
                f"{error.strerror}",
                hint="put it back",
            ) from error
        return status.st_dev, status.st_ino

    def _check_place(self) -> None:
        """See that the open file is still the store.

        One that lost its name can be read and written for as long as it is open; what was done
        there would be lost with it, and what others do in its successor would never be seen.
        """
        if self._what_is_there() != self._file:
            raise StoreReplacedError(
                f"{self.path}: another file has taken the store's place while it was in use",
                hint="start again, with the store that is there now",
            )

    def _patiently(self, work: Callable[..., T], *arguments: object) -> T:
        now = time.monotonic()
        if now >= self._look_at:
            self._check_place()
            self._look_at = now + _LOOK_AGAIN_S
        deadline = now + self._patience_s
        wait = _FIRST_WAIT_S
        while True:
            try:
                return work(*arguments)
            except sqlite3.Error as error:
                if not _is_busy(error) or time.monotonic() > deadline:
                    raise self._explained(error) from error
            time.sleep(random.uniform(wait / 2, wait))
            wait = min(wait * _GROWTH, _LONGEST_WAIT_S)

    def _explained(self, error: sqlite3.Error) -> StoreError:
        code = _code(error)
        if _is_busy(error):
            holder = write_holder(self.path)
            who = "" if holder is None else f": {holder.sentence}"
            return StoreUnreachableError(
                f"{self.path}: another process has held the store for {self._patience_s:g} s{who}",
                hint=f"which one has it open? try: fuser -v {self.path}"
                if holder is None
                else holder.hint,
            )
        limit = _limit_reached(self.path) if code == sqlite3.SQLITE_IOERR else None
        if limit is not None:
            return StoreUnreachableError(
                f"{self.path}: the store can't grow: no file of this process may have more than "
                f"{limit:,} bytes",
                hint="raise that limit: ulimit -f unlimited",
            )
        if code == sqlite3.SQLITE_FULL:
            return StoreUnreachableError(
                f"{self.path}: the store can't grow: {error}", hint="free some space on its disk"
            )
        if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            return StoreError(
                f"{self.path}: this is no SQLite database, or it is damaged: {error}",
                hint="restore it from a backup, or name another store",
            )
        if code in _OUT_OF_REACH:
            return StoreUnreachableError(
                f"{self.path}: the store can't be used: {error}",
                hint="is the disk there, and may you write to it?",
            )
        return StoreError(f"{self.path}: the store refused: {error}")


def _refuse_network(path: Path) -> None:
    kind = network_kind(path)
    if kind is not None:
        raise StoreError(
            f"{path}: it is on a file system of a network ({kind}), where SQLite's locks don't "
            "hold: several workers would do the same jobs",
            hint="name a store on a local disk: --store, or CASPARIAN_STORE; the output root may "
            "stay where it is",
        )


def _limit_reached(path: Path) -> int | None:
    """Return how long a file of this process may be if the store's files come to that."""
    limit, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    if limit == resource.RLIM_INFINITY:
        return None
    files = [path.with_name(path.name + ending) for ending in ("", "-wal", "-shm")]
    longest = max((file.stat().st_size for file in files if file.exists()), default=0)
    return limit if longest + _LONGEST_WRITE > limit else None


_LONGEST_WRITE: Final = 65_536
"""More than SQLite adds to a file by one write: a page of 64 KiB at most, or 32 KiB of an index."""

_OUT_OF_REACH: Final = (
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_NOMEM,
)


def _code(error: sqlite3.Error) -> int:
    """Return SQLite's primary result code; 0 if the error is Python's own."""
    return int(getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF


def _is_busy(error: sqlite3.Error) -> bool:
    return _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def one(rows: list[Any]) -> Any | None:
    """Return the only row, or None."""
    return rows[0] if rows else None
