"""The parsers that are registered, in a store that need not be there yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casparian.core.stores.errors import UnknownParserError
from casparian.core.stores.parser_names import not_registered
from casparian.core.stores.place import check_place
from casparian.core.stores.store import open_store, sqlite_path

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from casparian.core.stores.parsers import NewParser, StoredParser
    from casparian.core.stores.store import Store


class Known:
    """What a store knows of parsers. One that isn't there is empty, and made by the first insert.

    So whoever is refused leaves nothing behind. Use as a context manager.

    Raises StoreError if it can't be opened, and StoreUnreachableError if it can't even be made.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        path = sqlite_path(url)
        check_place(path)
        self.store: Store | None = open_store(url) if path.exists() else None

    def __enter__(self) -> Known:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.store is not None:
            self.store.close()

    def of_hash(self, source_hash: str) -> StoredParser | None:
        """Return the bundle of this hash, if its version means it now."""
        if self.store is None:
            return None
        there = self.store.parsers.get(source_hash)
        if there is None:
            return None
        now = self.of_version(there.name, there.version)
        return there if now is not None and now.source_hash == source_hash else None

    def of_version(self, name: str, version: str) -> StoredParser | None:
        """Return what a version means now."""
        if self.store is None:
            return None
        return self.store.parsers.get_by_name_version(name, version)

    def latest(self, name: str) -> StoredParser | None:
        """Return the bundle that was registered last under a name."""
        return None if self.store is None else self.store.parsers.latest(name)

    def all(self, *, all_versions: bool = False) -> Sequence[StoredParser]:
        """Return the latest bundle of every parser, or all of them."""
        return [] if self.store is None else self.store.parsers.list(all_versions=all_versions)

    def insert(self, new: NewParser, *, force: bool) -> None:
        """Register a bundle. Raises ParserExistsError."""
        if self.store is None:
            self.store = open_store(self._url)
        self.store.parsers.insert(new, force=force)

    def restore(self, source_hash: str, archive: bytes) -> bool:
        """Mend a bundle whose stored bytes were damaged. False if they are whole."""
        return self.store is not None and self.store.parsers.restore(source_hash, archive)


def split_name(word: str) -> tuple[str, str | None]:
    """Split ``NAME`` or ``NAME@VERSION``."""
    name, at, version = word.partition("@")
    return name, version if at else None


def find_registered(store: Store | None, word: str) -> StoredParser:
    """Return the bundle that ``NAME`` (its latest) or ``NAME@VERSION`` means now.

    Raises:
        UnknownParserError: there is none.
    """
    name, version = split_name(word)
    every = [] if store is None else list(store.parsers.list(all_versions=True))
    found = None
    if store is not None and version is None:
        found = store.parsers.latest(name)
    elif store is not None and version is not None:
        found = store.parsers.get_by_name_version(name, version)
    if found is not None:
        return found
    versions = [parser.version for parser in every if parser.name == name]
    if versions:
        raise UnknownParserError(
            f"there is no version {version!r} of {name}",
            hint=f"there are: {', '.join(dict.fromkeys(versions))}",
        )
    raise not_registered(name, [parser.name for parser in every])
