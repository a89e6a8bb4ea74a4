"""What is known of input files, so that a file that hasn't changed is not read again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True)
class FileIdentity:
    """What a file's status says of it: if nothing of this changed, its bytes haven't.

    ``size`` is in bytes; times are nanoseconds since 1970. Whole numbers of at most 63 bits.
    """

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file whose bytes were read: ``sha256`` is theirs, in hex. ``path`` is absolute."""

    path: str
    identity: FileIdentity
    sha256: str


class FileStore(Protocol):
    """Files by their paths. What is forgotten is only read again."""

    def known(self, paths: Sequence[str]) -> dict[str, KnownFile]:
        """Return what is known of these paths."""
        ...

    def remember(self, files: Iterable[KnownFile]) -> None:
        """Know these files from now on, in place of what was known of their paths."""
        ...

    def forget(self, *, before: int, limit: int = 1_000) -> int:
        """Forget up to ``limit`` files not remembered since a time; returns how many."""
        ...
