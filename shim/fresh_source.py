"""The parser's own modules, always from their source: no stale byte code, and none is written.

Python takes byte code for current when the source's size and the second of its change are the same.
An edit followed by a run within that second would run the old code and say nothing. Installed
packages keep their byte code: they don't change under an edit, and compiling them takes seconds.
"""

from __future__ import annotations

import os
import sys
import warnings
from functools import cache
from importlib.machinery import (
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    SourceFileLoader,
)
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import CodeType

#: Tells the children that multiprocessing spawns whose modules are read so.
FOLDER_VARIABLE = "CASPARIAN_PARSER_FOLDER"
INSTALLED = frozenset(("site-packages", "dist-packages"))


#: Sources and what they were compiled to, by their files.
_ahead: dict[str, tuple[bytes, CodeType]] = {}
_MOST_FILES = 200
_MOST_BYTES = 1 << 20


class FreshSource(SourceFileLoader):
    """Loads a module from its source, whatever byte code lies beside it."""

    def get_code(self, fullname: str) -> CodeType:
        """Compile the source as it is now."""
        path = self.get_filename(fullname)
        source = self.get_data(path)
        known = _ahead.get(path)
        if known is not None and known[0] == source:
            return known[1]
        code: CodeType = self.source_to_code(source, path)
        return code


def read_fresh(folder: str) -> None:
    """From now on import what lies below ``folder`` from its source."""
    os.environ[FOLDER_VARIABLE] = folder
    root = os.path.join(os.path.realpath(folder), "")
    libraries = {
        real_folder(p) for p in (sys.prefix, sys.base_prefix, os.path.dirname(os.__file__))
    }

    def hook(path: str) -> FileFinder:
        real = os.path.join(os.path.realpath(path), "")
        installed = bool(INSTALLED.intersection(real.split(os.sep)))
        if (
            not real.startswith(root)
            or installed
            or any(real.startswith(library) for library in libraries)
        ):
            raise ImportError(f"{path} is not the parser's own")
        extensions = (ExtensionFileLoader, list(EXTENSION_SUFFIXES))
        return FileFinder(path, extensions, (FreshSource, list(SOURCE_SUFFIXES)))

    sys.path_hooks.insert(0, hook)
    for path in list(sys.path_importer_cache):
        if real_folder(path).startswith(root):
            del sys.path_importer_cache[path]


def compile_ahead(folder: str) -> None:
    """Compile what lies below ``folder``, for forks that find it unchanged, byte by byte.

    What a compiler warns of, or refuses, is left to the run that imports it.
    """
    files, size = 0, 0
    for place, _, names in os.walk(folder):
        for name in names:
            if not name.endswith(".py"):
                continue
            path = os.path.join(place, name)
            with warnings.catch_warnings(record=True) as warned:
                warnings.simplefilter("always")
                try:
                    with open(path, "rb") as file:
                        source = file.read(_MOST_BYTES + 1)
                    files, size = files + 1, size + len(source)
                    if files > _MOST_FILES or size > _MOST_BYTES:
                        return
                    code = FreshSource("", path).source_to_code(source, path)
                except Exception:  # noqa: BLE001, S112 - the run that imports it says what is wrong
                    continue
            if not warned:
                _ahead[path] = (source, code)


@cache
def real_folder(folder: str) -> str:
    """Where a folder really is. Of those that were looked at ahead, a fork need not ask again."""
    return os.path.join(os.path.realpath(folder), "")
