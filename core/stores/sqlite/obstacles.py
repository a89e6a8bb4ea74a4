"""Obstacles in SQLite."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from casparian.core.stores.obstacles import Obstacle

if TYPE_CHECKING:
    import sqlite3

    from casparian.core.stores.obstacles import NewObstacle
    from casparian.core.stores.sqlite.connection import Connection

_NOTE: Final = """
    INSERT INTO cf_obstacles VALUES (:worker_id, :source_hash, :parser, :host, :parser_version,
        :error_class, :message, :hint, :now, :now, :now + :next_try_in_ms)
    ON CONFLICT DO UPDATE SET
        error_class = excluded.error_class, message = excluded.message, hint = excluded.hint,
        tried_at = excluded.tried_at, next_try_at = excluded.next_try_at
"""

_OUTLIVED: Final = """
    source_hash = :source_hash AND (worker_id = :worker_id OR worker_id NOT IN (
        SELECT worker_id FROM cf_workers WHERE retired_at IS NULL))
"""

_LIST: Final = """
    SELECT worker_id, host, parser, parser_version, source_hash, error_class, message, hint, since,
        tried_at, next_try_at
    FROM cf_obstacles AS met WHERE EXISTS (
        SELECT 1 FROM cf_jobs AS waits WHERE waits.status = 'pending'
            AND waits.parser = met.parser AND waits.source_hash = met.source_hash)
        OR EXISTS (
        SELECT 1 FROM cf_jobs AS waits WHERE waits.status = 'scheduled'
            AND waits.parser = met.parser AND waits.source_hash = met.source_hash)
    ORDER BY parser, tried_at DESC
"""


class SqliteObstacles:
    """See :class:`casparian.core.stores.obstacles.ObstacleStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def note(self, obstacle: NewObstacle) -> None:
        """Note what a worker has met now."""

        def work(raw: sqlite3.Connection, now: int) -> None:
            raw.execute(_NOTE, {**asdict(obstacle), "now": now})

        self._connection.write(work)

    def clear(self, worker_id: str, source_hash: str) -> None:
        """Forget what a worker met, and what those that left did."""
        these = {"worker_id": worker_id, "source_hash": source_hash}
        if not self._connection.read(f"SELECT 1 FROM cf_obstacles WHERE {_OUTLIVED}", these):
            return  # nearly always: no write lock for that

        def work(raw: sqlite3.Connection, _now: int) -> None:
            raw.execute(f"DELETE FROM cf_obstacles WHERE {_OUTLIVED}", these)

        self._connection.write(work)

    def list(self) -> list[Obstacle]:
        """Return the obstacles of bundles whose jobs wait, by parser, the newest first."""
        return [Obstacle(*row) for row in self._connection.read(_LIST)]
