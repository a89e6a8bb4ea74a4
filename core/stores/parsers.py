"""Registered parsers: bundles that never change, and how each parser fares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class NewParser:
    """A bundle to be registered; ``source_hash`` is the sha256 of ``archive``."""

    name: str
    version: str
    source_hash: str
    lockfile_hash: str
    entrypoint: str
    topics: tuple[str, ...]
    contract: str | None
    """Its canonical form as JSON."""
    contract_hash: str | None
    archive: bytes


@dataclass(frozen=True, slots=True)
class StoredParser:
    """A registered bundle, without its bytes."""

    name: str
    version: str
    source_hash: str
    lockfile_hash: str
    entrypoint: str
    topics: tuple[str, ...]
    contract: str | None
    contract_hash: str | None
    archive_bytes: int
    registered_at: int


class ToRun(NamedTuple):
    """What there is to know of a bundle for a run of it."""

    entrypoint: str
    contract: str | None
    contract_hash: str | None


@dataclass(frozen=True, slots=True)
class Health:
    """How a parser fares; it is paused if ``paused_at`` is set."""

    name: str
    consecutive_failures: int = 0
    paused_at: int | None = None
    paused_reason: str = ""
    last_success_at: int | None = None
    last_failure_at: int | None = None


class ParserStore(Protocol):
    """The bundles. One that was registered stays as it was; jobs are pinned to its hash."""

    def insert(self, parser: NewParser, *, force: bool = False) -> bool:
        """Register a bundle. False if the same name, version and content is there already.

        Raises ParserExistsError if that version is there with other content, unless ``force``:
        then the name and version mean the new content from now on, and the old one stays for the
        jobs that are pinned to it.
        """
        ...

    def get(self, source_hash: str) -> StoredParser | None:
        """Return the bundle of this hash."""
        ...

    def to_run(self, source_hash: str) -> ToRun | None:
        """Return what a run of this bundle needs, in fewer steps than ``get``: for each job."""
        ...

    def archive(self, source_hash: str) -> bytes | None:
        """Return a bundle's bytes as stored: whoever takes them holds them against the hash."""
        ...

    def restore(self, source_hash: str, archive: bytes) -> bool:
        """Put a bundle's bytes in the place of stored ones that are not what their hash says.

        False if the stored ones are whole, or there is no such bundle. The caller has held
        ``archive`` against the hash.
        """
        ...

    def get_by_name_version(self, name: str, version: str) -> StoredParser | None:
        """Return what this version means now."""
        ...

    def latest(self, name: str) -> StoredParser | None:
        """Return the bundle that was registered last under this name."""
        ...

    def find_by_topic(self, topic: str) -> Sequence[StoredParser]:
        """Return the latest bundle of every parser that subscribes to a topic, by name."""
        ...

    def list(self, *, all_versions: bool = False) -> Sequence[StoredParser]:
        """Return the latest bundle of every parser, or all of them, by name."""
        ...

    def remove(self, name: str, version: str | None = None) -> int:
        """Forget a parser, or one version of it, with every bundle that it ever meant.

        Returns how many bundles there were; how the parser fared goes with its last one. Raises
        ParserInUseError, and forgets nothing, while a job that has not ended is pinned to one of
        them.
        """
        ...

    def pause(self, name: str, reason: str) -> bool:
        """Let the parser's jobs wait. False if it is paused already."""
        ...

    def resume(self, name: str) -> bool:
        """Let its jobs run, its failures forgotten. False if it wasn't paused."""
        ...

    def health(self) -> dict[str, Health]:
        """Return how every parser fares that has run, or is paused."""
        ...
