"""A folder that people work in, looked through: bounded, and without what programs made."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from casparian.core.bundles.kinds import reason_against_folder
from casparian.core.starting.level import level_of_source

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_FOLDERS: Final = 300
MOST_FILES: Final = 5_000
_MANY_FOLDERS: Final = 2_000
#: What every parser has somewhere: only what has it is read as Python, which takes a while.
_MAYBE: Final = re.compile(rb"\b(class\s+(Parser|Handler)|def\s+parse)\b")
#: What a parser that is half typed is known by.
_HALF_TYPED: Final = re.compile(rb"^(class (Parser|Handler)\b|def parse\()", re.MULTILINE)
#: A parser has no more bytes.
_READ: Final = 2**20
#: Files that pytest takes for tests: a parser in one of them is what is tested with.
_TESTS: Final = re.compile(r"(test_.*|.*_test|conftest)\.py")
#: What is no input of a parser, by its ending.
_NO_SAMPLES: Final = frozenset(
    (".py", ".pyi", ".pyc", ".so", ".toml", ".lock", ".md", ".rst", ".sh", ".tmp", ".ipynb")
)


@dataclass(frozen=True, slots=True)
class Found:
    """Files that were found, those that lie highest first; ``is_whole``: whether these are all."""

    paths: tuple[Path, ...]
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Tree:
    """The files that were wanted, and the folders that were looked into (the root is the first)."""

    files: tuple[Path, ...]
    folders: tuple[Path, ...]
    is_whole: bool
    """Whether all was looked at; if not, the deepest is missing."""


def look_through(
    root: Path,
    wanted: Callable[[str], bool],
    *,
    most_files: int = MOST_FILES,
    most_folders: int = MOST_FOLDERS,
) -> Tree:
    """Find the files below a folder whose names are wanted, those that lie highest first.

    Hidden files and folders, caches, version control, virtual environments and what a build made
    are passed over, and links to folders are not followed. What can't be read is passed over too.
    """
    files: list[Path] = []
    folders: list[Path] = []
    level = [root]
    is_whole = True
    while level:
        below: list[Path] = []
        for folder in level:
            if len(folders) >= most_folders or len(files) >= most_files:
                is_whole = False
                break
            try:
                with os.scandir(folder) as found:
                    entries = sorted(found, key=lambda entry: entry.name)
            except OSError:
                continue
            names = {entry.name for entry in entries}
            if folder != root and reason_against_folder(folder.name, names) is not None:
                continue
            folders.append(folder)
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    if reason_against_folder(entry.name) is None:
                        below.append(Path(entry.path))
                elif wanted(entry.name) and entry.is_file():
                    files.append(Path(entry.path))
        level = below
    return Tree(tuple(files[:most_files]), tuple(folders), is_whole and len(files) <= most_files)


def find_parsers(folder: Path) -> Found:
    """Find the Python files below a folder that define a parser, without running any of them.

    Whether one does is decided as the guest's loader does, by its source; of one that is no Python
    now, because it is half typed, by how its lines begin. Tests are passed over.
    """
    tree = look_through(folder, _may_be_parser, most_folders=_MANY_FOLDERS)
    return Found(tuple(filter(_is_parser, tree.files)), tree.is_whole)


def find_samples(folder: Path) -> Found:
    """Find the files below a folder that a parser may be tried on."""
    tree = look_through(folder, _may_be_sample, most_folders=_MANY_FOLDERS)
    return Found(tree.files, tree.is_whole)


def _may_be_parser(name: str) -> bool:
    return name.endswith(".py") and not _TESTS.fullmatch(name)


def _is_parser(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            source = file.read(_READ)
    except OSError:
        return False
    if _MAYBE.search(source) is None:
        return False
    level = level_of_source(source)
    if level == "unreadable":
        return _HALF_TYPED.search(source) is not None
    return level != "none"


def _may_be_sample(name: str) -> bool:
    return os.path.splitext(name)[1].lower() not in _NO_SAMPLES  # noqa: PTH122 - asked for every name
