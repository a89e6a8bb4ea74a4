"""What belongs to a parser, and whether its content has changed since a run began.

A run is started by content, never by a time: what was only touched, or saved as it was, is no
change. Large files are an exception: they are told by size and time.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from casparian.core.bundles.kinds import SUFFIXES
from casparian.core.dev_session.tree import look_through

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: Files up to this size (bytes) are told by their content.
_MOST_HASHED: Final = 16 * 2**20
#: Content that is read in one look, in bytes; what comes after is told by size and time.
_MOST_READ: Final = 64 * 2**20
#: A file that changed so shortly before it was read (seconds) may have changed again in the same
#: tick of the file system's clock.
_TICK: Final = 2.0


@dataclass(frozen=True, slots=True)
class Subject:
    """A parser, the sample that is shown, and what is known of the parser's modules."""

    parser: Path | None
    contract: Path | None
    shown: Path | None
    samples: tuple[Path, ...] = ()
    modules: frozenset[Path] | None = None
    """The files of its folder that it imports; None: not known, so all of them."""

    @property
    def contracts(self) -> tuple[Path, ...]:
        """The places of its contract, whether there is one or not."""
        if self.contract is not None:
            return (self.contract,)
        if self.parser is None:
            return ()
        named = self.parser.with_name(f"{self.parser.stem}.contract.toml")
        shared = self.parser.with_name("contract.toml")
        return (named, shared) if self.parser.name == "parser.py" else (named,)


@dataclass(frozen=True, slots=True)
class Print:
    """How a file was when it was looked at."""

    size: int
    modified: int
    """Nanoseconds since the epoch."""
    inode: int
    digest: bytes | None
    """Of its content; None if it is told by size and time."""
    read_at: float

    def is_like(self, other: Print) -> bool:
        """Whether the content is the same, as far as can be told."""
        if self.digest is not None and other.digest is not None:
            return self.digest == other.digest
        return (self.size, self.modified) == (other.size, other.modified)


@dataclass(frozen=True, slots=True)
class Look:
    """All that belongs to a subject, at one time. A file that isn't there has no print."""

    subject: Subject
    prints: Mapping[Path, Print]
    folders: tuple[Path, ...]
    """The parser's folder and those below it that were looked into."""
    is_whole: bool = True
    sources: frozenset[Path] = field(default_factory=frozenset)
    """The parser, its modules and its contract; all else is data."""

    def changes_since(self, earlier: Look) -> tuple[Path, ...]:
        """Return the files that came, went or have other content."""
        changed = []
        for path in {**earlier.prints, **self.prints}:
            old, new = earlier.prints.get(path), self.prints.get(path)
            if old is None or new is None or not new.is_like(old):
                changed.append(path)
        return tuple(sorted(changed))

    def about(self, subject: Subject) -> Look:
        """Return the same look at what belongs to another subject: what is new is looked at now,
        and what was known stays as it was."""
        now = look(subject, self)
        prints = {path: self.prints.get(path, found) for path, found in now.prints.items()}
        gone = {path: old for path, old in self.prints.items() if path in _named(subject)}
        return Look(subject, {**gone, **prints}, now.folders, now.is_whole, now.sources)


def look(
    subject: Subject, earlier: Look | None = None, named: frozenset[Path] | None = None
) -> Look:
    """Look at all that belongs to a subject.

    Args:
        subject: whose belongings.
        earlier: what was seen before; a file that looks the same isn't read again.
        named: files that are known to have been written: they are read in any case.
    """
    sources = [path for path in _named(subject) if path != subject.shown]
    data: list[Path] = []
    folders: tuple[Path, ...] = ()
    is_whole = True
    if subject.parser is not None:
        tree = look_through(subject.parser.parent, _belongs)
        folders, is_whole = tree.folders, tree.is_whole
        samples = {*subject.samples, subject.shown}
        for path in tree.files:
            if path in samples:
                continue
            if path.suffix.lower() != ".py":
                if not path.name.endswith("contract.toml"):
                    data.append(path)
            elif subject.modules is None:
                sources.append(path)
    if subject.shown is not None:
        data.append(subject.shown)
    prints: dict[Path, Print] = {}
    room = _MOST_READ
    for path in dict.fromkeys([*sources, *data]):
        old = None if earlier is None else earlier.prints.get(path)
        found = _print(path, old, room, is_named=named is not None and path in named)
        if found is not None:
            prints[path] = found
            if found is not old and found.digest is not None:
                room -= found.size
    return Look(subject, prints, folders, is_whole, frozenset(sources))


def watched_folders(seen: Look) -> tuple[Path, ...]:
    """Return the folders in which a change can be seen: those of all that belongs to a subject,
    and the ones above them, for they may be replaced."""
    subject = seen.subject
    found: dict[Path, None] = {}

    def add(folder: Path) -> None:
        while not folder.is_dir() and folder != folder.parent:
            folder = folder.parent
        found.setdefault(folder)

    for folder in seen.folders:
        add(folder)
    for path in (*_named(subject), *subject.samples[:100]):
        add(path.parent)
        add(path.parent.parent)
        if path.is_symlink():
            add(Path(os.path.realpath(path)).parent)
    return tuple(found)


def _named(subject: Subject) -> tuple[Path, ...]:
    """The files that belong to it whether they are there or not."""
    given: Iterable[Path | None] = (
        subject.parser,
        *subject.contracts,
        *sorted(subject.modules or ()),
        subject.shown,
    )
    return tuple(path for path in given if path is not None)


def _belongs(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in SUFFIXES  # noqa: PTH122 - asked for every name


def _print(path: Path, old: Print | None, room: int, *, is_named: bool) -> Print | None:
    """Look at one file; None if it isn't there, or is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    now = time.time()
    identity = (status.st_size, status.st_mtime_ns, status.st_ino)
    if old is not None and not is_named and identity == (old.size, old.modified, old.inode):
        settled = old.read_at - old.modified / 1e9 > _TICK
        if settled or old.digest is None:
            return old
    digest = None
    if status.st_size <= min(_MOST_HASHED, room):
        try:
            digest = hashlib.blake2b(path.read_bytes(), digest_size=16).digest()
        except OSError:
            return None
    return Print(*identity, digest, now)
