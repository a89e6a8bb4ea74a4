"""What the words on a command line name: one parser's file, and the input files."""

from __future__ import annotations

import glob
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import CasparianError

if TYPE_CHECKING:
    from collections.abc import Iterable


class InputError(CasparianError):
    """A path that isn't there, or is not what it should be."""


def parser_file(path: Path) -> Path:
    """The module of a parser: the file itself, or ``parser.py`` in its folder; absolute.

    Raises:
        InputError: it isn't there.
    """
    if path.is_dir():
        inside = path / "parser.py"
        if not inside.is_file():
            raise InputError(
                f"the folder {path} has no parser.py",
                hint="give the parser's file, or a folder that holds parser.py",
            )
        path = inside
    if not path.is_file():
        what = f"{path} is not a plain file" if path.exists() else f"no parser at {path}"
        begin = "give a parser's file, or a folder that holds parser.py; casparian new begins one"
        raise InputError(what, hint=similar_file(path) or begin)
    return path.absolute()


def input_files(words: Iterable[str]) -> list[Path]:
    """The input files that files, folders and globs name: absolute, each once, in their order.

    A folder stands for the files directly in it, without hidden ones, sorted by name.

    Raises:
        InputError: a word names nothing.
    """
    found: dict[Path, None] = {}
    for word in words:
        for path in _expand(word):
            found.setdefault(path.absolute())
    return list(found)


def _expand(word: str) -> list[Path]:
    path = Path(word)
    if path.is_file():
        return [path]
    if path.is_dir():
        files = sorted(p for p in path.iterdir() if p.is_file() and not p.name.startswith("."))
        if not files:
            raise InputError(
                f"the folder {path} holds no files", hint=f"to go deeper: '{path}/**/*'"
            )
        return files
    if glob.has_magic(word):
        matches = sorted(Path(match) for match in glob.glob(word, recursive=True))  # noqa: PTH207 - absolute patterns
        files = [match for match in matches if match.is_file()]
        if not files:
            raise InputError(f"no file matches {word!r}")
        return files
    if path.exists():
        return [path]  # a pipe or a device: the parser may read it
    raise InputError(f"no input at {word}", hint=similar_file(path))


def similar_file(path: Path) -> str:
    """Return ``did you mean FOLDER/NAME?`` for a file that isn't there; empty if none is near."""
    import difflib

    try:
        names = [other.name for other in path.parent.iterdir() if other.name != path.name]
    except OSError:
        return f"the folder {path.parent} does not exist" if not path.parent.is_dir() else ""
    close = difflib.get_close_matches(path.name, names, n=1)
    return f"did you mean {path.parent / close[0]}?" if close else ""
