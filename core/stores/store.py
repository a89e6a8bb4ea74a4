"""A store as a whole, and how one is opened."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from casparian.core.stores.errors import StoreError

if TYPE_CHECKING:
    from types import TracebackType

    from casparian.core.stores.files import FileStore
    from casparian.core.stores.job_store import JobStore
    from casparian.core.stores.obstacles import ObstacleStore
    from casparian.core.stores.parsers import ParserStore
    from casparian.core.stores.quarantine import QuarantineStore
    from casparian.core.stores.statistics import Statistics
    from casparian.core.stores.workers import WorkerStore


class Store(Protocol):
    """The stores over one connection. Not for use by several threads; open one for each."""

    @property
    def jobs(self) -> JobStore:
        """The queue."""
        ...

    @property
    def parsers(self) -> ParserStore:
        """The bundles."""
        ...

    @property
    def quarantine(self) -> QuarantineStore:
        """The quarantined rows."""
        ...

    @property
    def workers(self) -> WorkerStore:
        """The workers."""
        ...

    @property
    def obstacles(self) -> ObstacleStore:
        """What keeps parsers' jobs from being run."""
        ...

    @property
    def files(self) -> FileStore:
        """What is known of input files."""
        ...

    @property
    def statistics(self) -> Statistics:
        """Sums over jobs."""
        ...

    def changed(self) -> bool:
        """Say whether another connection has changed anything since this was last asked."""
        ...

    def check(self) -> None:
        """Raise StoreNewerError if a newer casparian has changed it since it was opened."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...

    def __enter__(self) -> Store: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


def open_store(
    url: str | Path, *, read_only: bool = False, patience_s: float | None = None
) -> Store:
    """Open the store that a URL names: a path, or ``sqlite:///absolute/path.db``.

    It is made if it is not there, and brought up to date, unless it is to be read only; a folder is
    made only for the one in the home.
    ``patience_s`` is how long a call waits for another process that writes; 30 s if left out.

    Raises:
        StoreError: the URL names no kind of store that there is.
        StoreUnreachableError: it can't be opened, is a folder, or lies in one that isn't there.
        StoreNewerError: a newer casparian made it.
    """
    from casparian.core.stores.place import check_place
    from casparian.core.stores.sqlite.connection import PATIENCE_S
    from casparian.core.stores.sqlite.store import SqliteStore

    patience = PATIENCE_S if patience_s is None else patience_s
    path = sqlite_path(url)
    check_place(path)
    return SqliteStore(path, read_only=read_only, patience_s=patience)


def sqlite_path(url: str | Path) -> Path:
    """Return the file that a store's URL names. Raises StoreError for another kind of store."""
    text = str(url)
    scheme = re.match(r"([a-z][a-z0-9+]*)://", text)
    if scheme is None:
        return Path(text)
    if scheme[1] == "sqlite":
        return Path(re.sub("^/{2,}", "/", text.removeprefix("sqlite://")))
    raise StoreError(
        f"{text}: there is no store of the kind {scheme[1]!r}",
        hint="give the path of a SQLite file, or sqlite:///path/to/casparian.db",
    )
