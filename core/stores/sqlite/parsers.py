"""Registered parsers in SQLite."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from casparian.core.stores.errors import ParserExistsError, ParserInUseError
from casparian.core.stores.parsers import Health, StoredParser, ToRun
from casparian.core.stores.sqlite.statements import IS_HELD

if TYPE_CHECKING:
    import sqlite3

    from casparian.core.stores.parsers import NewParser
    from casparian.core.stores.sqlite.connection import Connection

_COLUMNS = (
    "name, version, source_hash, lockfile_hash, entrypoint, topics, contract, contract_hash, "
    "length(source_archive) AS archive_bytes, registered_at"
)
_LATEST = (
    "registered = (SELECT max(registered) FROM cf_parsers q "
    "WHERE q.name = cf_parsers.name AND q.is_current = 1)"
)
_THESE = "name = :name AND (:version IS NULL OR version = :version)"
_LIVE = f"""
    SELECT count(*) FROM (
        SELECT parser, source_hash FROM cf_jobs WHERE parser = :name AND status = 'pending'
        UNION ALL
        SELECT parser, source_hash FROM cf_jobs WHERE parser = :name AND status = 'scheduled'
            AND status <> 'pending' AND worker_id IS NULL
        UNION ALL
        SELECT parser, source_hash FROM cf_jobs WHERE parser = :name AND {IS_HELD})
    WHERE source_hash IN (SELECT source_hash FROM cf_parsers WHERE {_THESE})
"""
_NEXT = "(SELECT coalesce(max(registered), 0) + 1 FROM cf_parsers)"


class SqliteParsers:
    """See :class:`casparian.core.stores.parsers.ParserStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def insert(self, parser: NewParser, *, force: bool = False) -> bool:
        """Register a bundle. False if the same is there already. Raises ParserExistsError."""

        def work(raw: sqlite3.Connection, now: int) -> bool:
            there = raw.execute(
                "SELECT source_hash FROM cf_parsers "
                "WHERE name = ? AND version = ? AND is_current = 1",
                (parser.name, parser.version),
            ).fetchone()
            if there is not None and there[0] == parser.source_hash:
                return False
            if there is not None and not force:
                raise ParserExistsError(
                    f"{parser.name} {parser.version} is registered already, with other content",
                    hint="raise the version in the parser, or replace it with --force",
                )
            raw.execute(
                "UPDATE cf_parsers SET is_current = 0 WHERE name = ? AND version = ?",
                (parser.name, parser.version),
            )
            raw.execute(
                f"INSERT INTO cf_parsers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, {_NEXT}, ?, 1) "
                "ON CONFLICT (source_hash) DO UPDATE SET is_current = 1, registered_at = ?, "
                f"registered = {_NEXT}, source_archive = excluded.source_archive",
                (
                    parser.source_hash,
                    parser.name,
                    parser.version,
                    parser.lockfile_hash,
                    parser.entrypoint,
                    json.dumps(parser.topics),
                    parser.contract,
                    parser.contract_hash,
                    parser.archive,
                    now,
                    now,
                ),
            )
            return True

        return self._connection.write(work)

    def get(self, source_hash: str) -> StoredParser | None:
        """Return the bundle of this hash."""
        return self._first("source_hash = ?", source_hash)

    def to_run(self, source_hash: str) -> ToRun | None:
        """Return what a run of this bundle needs, in fewer steps than ``get``: for each job."""
        # What stands before the archive in a row, so that none of that is read.
        rows = self._connection.read(
            "SELECT entrypoint, contract, contract_hash FROM cf_parsers WHERE source_hash = ?",
            (source_hash,),
        )
        return ToRun(*rows[0]) if rows else None

    def archive(self, source_hash: str) -> bytes | None:
        """Return a bundle's bytes as stored."""
        rows = self._connection.read(
            "SELECT source_archive FROM cf_parsers WHERE source_hash = ?", (source_hash,)
        )
        return bytes(rows[0][0]) if rows else None

    def restore(self, source_hash: str, archive: bytes) -> bool:
        """Put a bundle's bytes in the place of damaged ones. False if they are whole."""
        stored = self.archive(source_hash)
        if stored is None or hashlib.sha256(stored).hexdigest() == source_hash:
            return False

        def work(raw: sqlite3.Connection, _now: int) -> bool:
            done = raw.execute(
                "UPDATE cf_parsers SET source_archive = ? WHERE source_hash = ?",
                (archive, source_hash),
            )
            return done.rowcount == 1

        return self._connection.write(work)

    def get_by_name_version(self, name: str, version: str) -> StoredParser | None:
        """Return what this version means now."""
        return self._first("name = ? AND version = ? AND is_current = 1", name, version)

    def latest(self, name: str) -> StoredParser | None:
        """Return the bundle that was registered last under this name."""
        return self._first(f"name = ? AND {_LATEST}", name)

    def find_by_topic(self, topic: str) -> list[StoredParser]:
        """Return the latest bundle of every parser that subscribes to a topic, by name."""
        return self._all(f"{_LATEST} AND ? IN (SELECT value FROM json_each(topics))", topic)

    def remove(self, name: str, version: str | None = None) -> int:
        """Forget a parser, or one version of it. Raises ParserInUseError."""

        def work(raw: sqlite3.Connection, _now: int) -> int:
            these = {"name": name, "version": version}
            live = raw.execute(_LIVE, these).fetchone()[0]
            if live:
                what = name if version is None else f"{name} {version}"
                jobs = (
                    "a job that has not ended needs it"
                    if live == 1
                    else f"{live:,} jobs that have not ended need it"
                )
                raise ParserInUseError(
                    f"{what} can't be removed: {jobs}",
                    hint=f"casparian jobs --parser {name}; let them end, or cancel them",
                )
            removed = raw.execute(f"DELETE FROM cf_parsers WHERE {_THESE}", these).rowcount
            for table, column in (("cf_parser_health", "name"), ("cf_obstacles", "parser")):
                raw.execute(
                    f"DELETE FROM {table} WHERE {column} = :name "
                    "AND NOT EXISTS (SELECT 1 FROM cf_parsers WHERE name = :name)",
                    these,
                )
            return removed

        return self._connection.write(work)

    def pause(self, name: str, reason: str) -> bool:
        """Let the parser's jobs wait. False if it is paused already."""
        return self._connection.write(lambda raw, now: pause(raw, name, reason, now))

    def resume(self, name: str) -> bool:
        """Let its jobs run, its failures forgotten. False if it wasn't paused."""

        def work(raw: sqlite3.Connection, _now: int) -> bool:
            done = raw.execute(
                "UPDATE cf_parser_health SET paused_at = NULL, paused_reason = '', "
                "consecutive_failures = 0 WHERE name = ? AND paused_at IS NOT NULL",
                (name,),
            )
            return done.rowcount == 1

        return self._connection.write(work)

    def health(self) -> dict[str, Health]:
        """Return how every parser fares that has run, or is paused."""
        rows = self._connection.read(
            "SELECT name, consecutive_failures, paused_at, paused_reason, last_success_at, "
            "last_failure_at FROM cf_parser_health ORDER BY name"
        )
        return {row["name"]: Health(*row) for row in rows}

    def _first(self, condition: str, *values: object) -> StoredParser | None:
        found = self._all(condition, *values)
        return found[0] if found else None

    def _all(self, condition: str, *values: object) -> list[StoredParser]:
        rows = self._connection.read(
            f"SELECT {_COLUMNS} FROM cf_parsers WHERE {condition} ORDER BY name, registered", values
        )
        return [
            StoredParser(**{**dict(row), "topics": tuple(json.loads(row["topics"]))})
            for row in rows
        ]

    def list(self, *, all_versions: bool = False) -> list[StoredParser]:
        """Return the latest bundle of every parser, or all of them, by name."""
        return self._all("1" if all_versions else _LATEST)


def pause(raw: sqlite3.Connection, name: str, reason: str, now: int) -> bool:
    """Pause a parser within a transaction. False if it is paused already."""
    done = raw.execute(
        "INSERT INTO cf_parser_health (name, paused_at, paused_reason) VALUES (?, ?, ?) "
        "ON CONFLICT (name) DO UPDATE SET paused_at = excluded.paused_at, "
        "paused_reason = excluded.paused_reason WHERE paused_at IS NULL",
        (name, now, reason),
    )
    return done.rowcount == 1
