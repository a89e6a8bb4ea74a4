"""The files that words and lists name, one at a time: a million of them take no more memory."""

from __future__ import annotations

import fnmatch
import os
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from casparian.core.queueing.problems import FileProblem, from_error

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from casparian.core.queueing.own_files import OwnFiles

Found = Path | FileProblem

#: A folder's entries are sorted so many at a time: small folders wholly, huge ones roughly.
_SORTED: Final = 10_000


def find_inputs(words: Iterable[str], own: OwnFiles | None = None) -> Iterator[Found]:
    """Yield the files that files, folders and globs name, absolute.

    A folder stands for all files below it but those that are ``own``, which counts them. Hidden
    ones are passed over unless a glob spells the dot. Links are followed, each folder once, so that
    a loop of links ends. What can't be looked at, and a word that names nothing, is a problem.
    """
    for word in words:
        path = Path(word)
        if not word:  # it would be the current folder
            yield FileProblem(word, "nothing", "an empty name names no file")
        elif os.path.isdir(word):  # noqa: PTH112 - what may not be looked at is none
            yield from _or_problem(_of_others(path.absolute(), own), word, "folder")
        elif _has_magic(word) and not os.path.lexists(word):
            base, parts = _split(path.absolute())
            yield from _or_problem(_Search().below(base, parts), word, "glob")
        else:
            yield path.absolute()


def listed_inputs(lines: Iterable[str]) -> Iterator[Path]:
    """Yield the paths of a list, a line each; empty lines are passed over.

    Blanks around a path are no part of it, unless a file of that very name is there.
    """
    for line in lines:
        name = line.rstrip("\r\n")
        if name != name.strip() and not os.path.lexists(name):
            name = name.strip()
        if name:
            yield Path(name).absolute()


def _of_others(folder: Path, own: OwnFiles | None) -> Iterator[Found]:
    is_there, passed_over = False, 0
    for found in _Search().below(folder, ["**", "*"]):
        if own is not None and isinstance(found, Path) and own.pass_over(found, folder):
            passed_over += 1
        else:
            is_there = True
            yield found
    if passed_over and not is_there:
        yield FileProblem(str(folder), "nothing", "it holds no files but what casparian wrote")


def _or_problem(found: Iterator[Found], word: str, what: str) -> Iterator[Found]:
    nothing = True
    for one in found:
        nothing = False
        yield one
    if nothing:
        sentence = "no file matches" if what == "glob" else "it holds no files"
        yield FileProblem(word, "nothing", sentence)


class _Search:
    """One search, which goes into each folder once below a ``**``, and tells each problem once."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def below(self, folder: Path, parts: list[str]) -> Iterator[Found]:
        """Yield what the parts of a glob match below a folder."""
        head, *rest = parts
        if head == "**":
            for each in self._folders(folder, set()):
                yield from (
                    [each] if isinstance(each, FileProblem) else self.below(each, rest or ["*"])
                )
        elif _has_magic(head):
            yield from self._matches(folder, head, rest)
        elif not rest:
            if os.path.lexists(folder / head):
                yield folder / head
        elif os.path.isdir(folder / head):  # noqa: PTH112
            yield from self.below(folder / head, rest)

    def _matches(self, folder: Path, pattern: str, rest: list[str]) -> Iterator[Found]:
        for entry in _entries(folder):
            if isinstance(entry, FileProblem):
                yield from self._tell(entry)
            elif fnmatch.fnmatchcase(entry.name, pattern) and (
                pattern.startswith(".") or not entry.name.startswith(".")
            ):
                if rest:
                    if _is_folder(entry):
                        yield from self.below(Path(entry.path), rest)
                elif _is_file_or_broken(entry):
                    yield Path(entry.path)

    def _folders(self, folder: Path, seen: set[tuple[int, int]]) -> Iterator[Path | FileProblem]:
        """Yield a folder and all below it, hidden ones aside, each once."""
        waiting = [folder]
        while waiting:
            here = waiting.pop()
            try:
                status = here.stat()
            except OSError as error:
                yield from self._tell(from_error(str(here), error))
                continue
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            yield here
            inner = []
            for entry in _entries(here):
                if isinstance(entry, FileProblem):
                    yield from self._tell(entry)
                elif not entry.name.startswith(".") and _is_folder(entry):
                    inner.append(Path(entry.path))
            waiting.extend(reversed(inner))

    def _tell(self, problem: FileProblem) -> Iterator[FileProblem]:
        if problem.path not in self._told:
            self._told.add(problem.path)
            yield problem


def _entries(folder: Path) -> Iterator[os.DirEntry[str] | FileProblem]:
    try:
        with os.scandir(folder) as listing:
            while some := list(islice(listing, _SORTED)):
                yield from sorted(some, key=lambda entry: entry.name)
    except OSError as error:
        yield from_error(str(folder), error)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _is_file_or_broken(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a file, or a link to one that is not there: that is to be told."""
    try:
        return entry.is_file() or (entry.is_symlink() and not os.path.exists(entry.path))  # noqa: PTH110
    except OSError:
        return True


def _has_magic(text: str) -> bool:
    return any(sign in text for sign in "*?[")


def _split(path: Path) -> tuple[Path, list[str]]:
    """Split a glob into the folder that it certainly lies in, and the rest in parts."""
    parts = list(path.parts)
    first = next(at for at, part in enumerate(parts) if _has_magic(part))
    rest: list[str] = []
    for part in parts[first:]:
        if not (part == "**" and rest[-1:] == ["**"]):
            rest.append(part)
    return Path(*parts[:first]), rest
