"""The embedded store as a whole."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from casparian.core.stores.errors import StoreUnreachableError
from casparian.core.stores.sqlite.connection import PATIENCE_S, Connection
from casparian.core.stores.sqlite.files import SqliteFiles
from casparian.core.stores.sqlite.jobs import SqliteJobs
from casparian.core.stores.sqlite.migrations import check_version, migrate
from casparian.core.stores.sqlite.obstacles import SqliteObstacles
from casparian.core.stores.sqlite.parsers import SqliteParsers
from casparian.core.stores.sqlite.quarantine import SqliteQuarantine
from casparian.core.stores.sqlite.statistics import SqliteStatistics
from casparian.core.stores.sqlite.workers import SqliteWorkers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType


def wall_clock() -> int:
    """Return milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


class SqliteStore:
    """The stores over one SQLite file; see :class:`casparian.core.stores.store.Store`."""

    def __init__(
        self,
        path: Path,
        *,
        read_only: bool = False,
        clock: Callable[[], int] = wall_clock,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self.connection = Connection(path, read_only=read_only, clock=clock, patience_s=patience_s)
        try:
            if not check_version(self.connection):
                if read_only:
                    raise StoreUnreachableError(
                        f"{path}: the store is of an earlier version",
                        hint="bring it up to date: casparian db migrate",
                    )
                migrate(self.connection)
        except BaseException:
            self.connection.close()
            raise
        self.jobs = SqliteJobs(self.connection)
        self.parsers = SqliteParsers(self.connection)
        self.quarantine = SqliteQuarantine(self.connection)
        self.workers = SqliteWorkers(self.connection)
        self.obstacles = SqliteObstacles(self.connection)
        self.files = SqliteFiles(self.connection)
        self.statistics = SqliteStatistics(self.connection)

    def changed(self) -> bool:
        """Say whether another connection has changed anything since this was last asked."""
        return self.connection.changed()

    def check(self) -> None:
        """Raise StoreNewerError if a newer casparian has changed the file since it was opened."""
        check_version(self.connection)

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()

    def __enter__(self) -> SqliteStore:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
