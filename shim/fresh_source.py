"""The parser's own modules, always from their source: no stale byte code, and none is written.

Python takes byte code for current when the source's size and the second of its change are the same.
An edit followed by a run within that second would run the old code and say nothing. Installed
packages keep their byte code: they don't change under an edit, and compiling them takes seconds.
"""

from __future__ import annotations

import os
import sys
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


class FreshSource(SourceFileLoader):
    """Loads a module from its source, whatever byte code lies beside it."""

    def get_code(self, fullname: str) -> CodeType:
        """Compile the source as it is now."""
        path = self.get_filename(fullname)
        code: CodeType = self.source_to_code(self.get_data(path), path)
        return code


def read_fresh(folder: str) -> None:
    """From now on import what lies below ``folder`` from its source."""
    os.environ[FOLDER_VARIABLE] = folder
    root = os.path.join(os.path.realpath(folder), "")
    libraries = {_real(p) for p in (sys.prefix, sys.base_prefix, os.path.dirname(os.__file__))}

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
        if _real(path).startswith(root):
            del sys.path_importer_cache[path]


@cache
def _real(folder: str) -> str:
    """Where a folder really is. Of those that were looked at ahead, a fork need not ask again."""
    return os.path.join(os.path.realpath(folder), "")
