"""Files as a tree of their folders, filtered by what a person types; as data, without a widget."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class TreeLine:
    """A line of the tree. ``files`` are those of a folder that match, or the file itself.

    ``found`` are the places of its name that match what was typed: begins and ends.
    """

    path: Path
    name: str
    depth: int
    is_folder: bool
    is_open: bool
    files: tuple[Path, ...]
    found: tuple[tuple[int, int], ...] = ()


@dataclass(slots=True)
class _Folder:
    path: Path
    folders: dict[str, _Folder] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)

    def all_files(self) -> Iterator[Path]:
        for folder in self.folders.values():
            yield from folder.all_files()
        yield from self.files


@dataclass(frozen=True, slots=True)
class _Entry:
    path: Path
    base: Path
    parts: tuple[str, ...]
    folded: str


class FileTree:
    """Files below some places: the first is where one is, what lies elsewhere is named whole."""

    def __init__(self, paths: Iterable[Path], places: Iterable[Path]) -> None:
        self._here, *others = places
        bases = (self._here, *others)
        self._entries = [self._entry(path, bases) for path in paths]

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def folders(self) -> frozenset[Path]:
        """All folders that can be closed."""
        return frozenset(
            entry.base.joinpath(*entry.parts[:depth])
            for entry in self._entries
            for depth in range(0 if entry.base != self._here else 1, len(entry.parts))
        )

    def matching(self, query: str) -> list[Path]:
        """Return the files whose path has each of the words, in whatever case."""
        words = query.casefold().split()
        return [entry.path for entry in self._matching(words)]

    def lines(self, query: str = "", closed: Collection[Path] = frozenset()) -> list[TreeLine]:
        """Return the tree, folders first; while something is typed, all of its folders are open."""
        words = query.casefold().split()
        roots: dict[Path, _Folder] = {}
        for entry in self._matching(words):
            folder = roots.setdefault(entry.base, _Folder(entry.base))
            for part in entry.parts[:-1]:
                inside = folder.folders.get(part)
                if inside is None:
                    inside = folder.folders[part] = _Folder(folder.path / part)
                folder = inside
            folder.files.append(entry.path)
        lines: list[TreeLine] = []
        shut = frozenset() if words else closed
        for base, folder in sorted(roots.items(), key=lambda one: one[0] != self._here):
            if base == self._here:
                lines += _inside(folder, 0, words, shut)
            else:
                lines += _of_folder(folder, str(base), 0, words, shut)
        return lines

    def _matching(self, words: list[str]) -> list[_Entry]:
        return [one for one in self._entries if all(word in one.folded for word in words)]

    @staticmethod
    def _entry(path: Path, bases: tuple[Path, ...]) -> _Entry:
        base = next((base for base in bases if path.is_relative_to(base)), path.parent)
        parts = path.relative_to(base).parts
        shown = str(path) if base != bases[0] else "/".join(parts)
        return _Entry(path, base, parts, shown.casefold())


def _inside(
    folder: _Folder, depth: int, words: list[str], closed: Collection[Path]
) -> Iterator[TreeLine]:
    for name, inner in sorted(folder.folders.items(), key=lambda one: _in_order(one[0])):
        yield from _of_folder(inner, name, depth, words, closed)
    for path in sorted(folder.files, key=lambda path: _in_order(path.name)):
        yield TreeLine(path, path.name, depth, False, False, (path,), _found(path.name, words))


def _of_folder(
    folder: _Folder, name: str, depth: int, words: list[str], closed: Collection[Path]
) -> Iterator[TreeLine]:
    while len(folder.folders) == 1 and not folder.files:  # a line for each would tell nothing
        [(inner, folder)] = folder.folders.items()
        name = f"{name}/{inner}"
    is_open = folder.path not in closed
    files = tuple(folder.all_files())
    yield TreeLine(folder.path, name, depth, True, is_open, files, _found(name, words))
    if is_open:
        yield from _inside(folder, depth + 1, words, closed)


def _found(name: str, words: list[str]) -> tuple[tuple[int, int], ...]:
    folded = name.casefold()
    if len(folded) != len(name):
        return ()  # its places are others
    return tuple((at, at + len(word)) for word in words if (at := folded.find(word)) >= 0)


def _in_order(name: str) -> tuple[str, str]:
    return name.casefold(), name
