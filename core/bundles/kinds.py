"""Which files and folders belong in a bundle, told from what they are called."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from casparian.shim.archive import leaves_folder

if TYPE_CHECKING:
    from pathlib import Path

LOCK: Final = "uv.lock"
PROJECT: Final = "pyproject.toml"

_SOURCES: Final = (".py", ".sql", ".j2", ".jinja", ".jinja2")
_DATA: Final = (".json", ".yaml", ".yml", ".toml", ".csv", ".txt", ".xml", ".xsd", ".dtd")
SUFFIXES: Final = frozenset({*_SOURCES, *_DATA})
"""Endings of source and data files; all else is left out."""

SAMPLES: Final = "samples"
"""Beside the parser: files that it is tried on before it is registered."""

ENTRY: Final = "parser.py"
"""The file of a parser that has a folder to itself."""

_NATIVE = re.compile(r"\.(so(\.[0-9.]+)?|pyd|dll|dylib|a|o|lib|exe)$")
_VENV_MARKS: Final = frozenset({"pyvenv.cfg", "conda-meta"})
_FOLDERS: Final = {
    **dict.fromkeys((".git", ".hg", ".svn", ".bzr", "_darcs", "CVS", ".jj"), "version control"),
    **dict.fromkeys((".venv", "venv"), "a virtual environment"),
    **dict.fromkeys(("__pycache__", "__pypackages__", "htmlcov"), "a cache"),
    **dict.fromkeys((".tox", ".nox", ".cache", ".eggs", ".hypothesis"), "a cache"),
    **dict.fromkeys((".mypy_cache", ".pytest_cache", ".ruff_cache"), "a cache"),
    **dict.fromkeys(("build", "dist", "node_modules"), "made by a build"),
}


def samples_folder(parser: Path) -> Path:
    """Return where the files lie that a parser is tried on, by its file; it need not be there."""
    place = parser.parent / SAMPLES
    return place if parser.name == ENTRY else place / parser.stem


def reason_against_file(name: str) -> str | None:
    """Say why a file of this name isn't bundled; None if it is."""
    if name.startswith("."):
        return "hidden"
    suffix = re.search(r"\.[^.]*$", name)
    ending = "" if suffix is None else suffix[0].lower()
    if ending in SUFFIXES:
        return None
    if _NATIVE.search(name.lower()):
        return "a native library: it belongs in a package that pyproject.toml names"
    if ending in (".pyc", ".pyo"):
        return "a cache"
    return f"files of the kind {ending} aren't bundled" if ending else "its name has no ending"


def reason_against_folder(name: str, inside: frozenset[str] | set[str] = frozenset()) -> str | None:
    """Say why a folder isn't bundled, by its name and the names in it; None if it is."""
    if name in _FOLDERS:
        return _FOLDERS[name]
    if inside & _VENV_MARKS:
        return "a virtual environment"
    if name.endswith((".egg-info", ".dist-info")):
        return "made by a build"
    return "hidden" if name.startswith(".") else None


def reason_against_name(name: str) -> str | None:
    """Say why no archive may have an entry of this name; None if it may."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return "its name is not valid UTF-8"
    return "its name means another place elsewhere" if leaves_folder(name) else None
