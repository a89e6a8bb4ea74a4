"""Which modules a run loaded itself: its host is told of them, and they end with it."""

from __future__ import annotations

import os
import sys
from typing import Any

from .fresh_source import INSTALLED, real_folder

#: The modules that were there before the parser's, by their names; each is known by its `id`.
_ahead: dict[str, int] = {}
#: Names that mean nothing elsewhere.
_OURS = ("_casparian", "casparian_", "__")
_MOST_FILES = 1_000
_MOST_NAMES = 2_000


def note_loaded() -> None:
    """What is loaded when this is first called was there before the parser."""
    global _ahead
    if not _ahead:
        _ahead = {name: id(module) for name, module in sys.modules.items()}


class _Report:
    """What the host was told last: nearly always a later run in the same process adds nothing.

    It holds the modules, so that no other can have the `id` of one of them.
    """

    def __init__(self) -> None:
        self._of: tuple[str, list[tuple[str, int]]] = ("", [])
        self._held: list[tuple[str, Any]] = []
        self._told: dict[str, list[str]] = {}

    def __call__(self, parser_file: str) -> dict[str, list[str]]:
        """Return ``files`` below the parser's folder, and ``installed`` modules, loaded here."""
        here = _loaded_here()
        of = parser_file, [(name, id(module)) for name, module in here]
        if of != self._of:
            self._of, self._held = of, here
            root = os.path.join(os.path.dirname(parser_file), "")
            files = sorted({file[len(root) :] for _, file in _below(root, here)})
            self._told = {"files": files[:_MOST_FILES], "installed": _from_environment(here)}
        return self._told


report = _Report()


def forget(folder: str) -> None:
    """Let go of all that the modules below a parser's folder hold, as when an interpreter ends."""
    for name, _ in _below(os.path.join(folder, ""), _loaded_here()):
        sys.modules.pop(name).__dict__.clear()


def _loaded_here() -> list[tuple[str, Any]]:
    """The modules that were loaded in this process itself, not ahead, in the order they came.

    Those before are not even looked at: in a fork, that would copy the memory they are in.
    """
    found = []
    for name in reversed(sys.modules):
        module = sys.modules[name]
        if _ahead.get(name) == id(module):
            break  # one that was dropped and imported again is another, and stands among the new
        found.append((name, module))
    return found[::-1]


def _below(root: str, modules: list[tuple[str, Any]]) -> list[tuple[str, str]]:
    """The modules below a folder, and their files; no installed ones."""
    return [
        (name, path)
        for name, module in modules
        if isinstance(file := getattr(module, "__file__", None), str)
        and (path := os.path.abspath(file)).startswith(root)
        and not INSTALLED.intersection(file.split(os.sep))
    ]


def _from_environment(modules: list[tuple[str, Any]]) -> list[str]:
    """The names of those that came from this interpreter's libraries.

    Without what is built in and costs nothing.
    """
    libraries = _libraries()
    is_library: dict[str, bool] = {}
    names = []
    for name, module in modules:
        spec = getattr(module, "__spec__", None)
        if spec is None or spec.name != name or name.startswith(_OURS):
            continue
        place = (
            spec.origin
            if spec.has_location
            else next(iter(spec.submodule_search_locations or ()), None)
        )
        if place is None:
            continue
        folder = os.path.dirname(place)
        if folder not in is_library:
            is_library[folder] = real_folder(folder).startswith(libraries)
        if is_library[folder]:
            names.append(name)
    return names[:_MOST_NAMES]


def _libraries() -> tuple[str, ...]:
    """The folders of the standard library and of installed packages."""
    places = {os.path.dirname(os.__file__)}
    places |= {path for path in sys.path if INSTALLED.intersection(path.split(os.sep))}
    return tuple(map(real_folder, places))
