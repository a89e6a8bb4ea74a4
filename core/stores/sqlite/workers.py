"""Workers in SQLite."""

from __future__ import annotations

from dataclasses import astuple
from typing import TYPE_CHECKING

from casparian.core.stores.sqlite.statements import IS_HELD
from casparian.core.stores.workers import Worker

if TYPE_CHECKING:
    import sqlite3

    from casparian.core.stores.sqlite.connection import Connection
    from casparian.core.stores.workers import NewWorker

_BUSY = (
    f"(SELECT count(*) FROM cf_jobs AS job WHERE {IS_HELD} "
    "AND job.worker_id = cf_workers.worker_id)"
)
_COLUMNS = (
    "worker_id, host, pid, slots, version, boot_id, pid_started, started_at, last_seen, "
    f"{_BUSY}, retired_at"
)

WORKERS = f"SELECT {_COLUMNS} FROM cf_workers"


class SqliteWorkers:
    """See :class:`casparian.core.stores.workers.WorkerStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def announce(self, worker: NewWorker) -> None:
        """Say that a worker is there."""

        def work(raw: sqlite3.Connection, now: int) -> None:
            raw.execute(
                "INSERT INTO cf_workers (worker_id, host, pid, slots, version, boot_id, "
                "pid_started, started_at, last_seen) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*astuple(worker), now, now),
            )

        self._connection.write(work)

    def beat(self, worker_id: str) -> bool:
        """Say that it still is."""

        def work(raw: sqlite3.Connection, now: int) -> bool:
            done = raw.execute(
                "UPDATE cf_workers SET last_seen = ? WHERE worker_id = ? AND retired_at IS NULL",
                (now, worker_id),
            )
            return done.rowcount == 1

        return self._connection.write(work)

    def list(self, *, retired: bool = False) -> list[Worker]:
        """Return the workers, the oldest first."""
        condition = "" if retired else "WHERE retired_at IS NULL"
        rows = self._connection.read(f"{WORKERS} {condition} ORDER BY started_at, worker_id")
        return [Worker(*row) for row in rows]

    def retire(self, worker_id: str) -> None:
        """Say that it has gone."""

        def work(raw: sqlite3.Connection, now: int) -> None:
            raw.execute(
                "UPDATE cf_workers SET retired_at = ? WHERE worker_id = ? AND retired_at IS NULL",
                (now, worker_id),
            )

        self._connection.write(work)

    def forget(self, *, before: int) -> int:
        """Forget workers last seen before a time that hold no job."""

        def work(raw: sqlite3.Connection, _now: int) -> int:
            done = raw.execute(
                "DELETE FROM cf_workers WHERE last_seen < ? AND worker_id NOT IN ("
                f"SELECT worker_id FROM cf_jobs WHERE {IS_HELD})",
                (before,),
            )
            raw.execute(
                "DELETE FROM cf_obstacles WHERE worker_id NOT IN (SELECT worker_id FROM cf_workers)"
            )
            return done.rowcount

        return self._connection.write(work)
