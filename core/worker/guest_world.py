"""What a guest sees of the host in prod mode: a few variables, and limits."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_NAMES: Final = frozenset(
    {
        "PATH",
        "LANG",
        "LANGUAGE",
        "TZ",
        "LD_LIBRARY_PATH",
        "DYLD_FALLBACK_LIBRARY_PATH",
        "SYSTEMROOT",
    }
)
"""What programs need to start, and to know the language and the time zone."""
_FAMILIES: Final = ("LC_", "OMP_", "OPENBLAS_", "MKL_")
"""Locale, and how many threads numeric libraries start."""


def guest_environment(host: Mapping[str, str], passed: Iterable[str]) -> dict[str, str]:
    """Return the variables of the host that a guest gets: the usual, and those in ``passed``."""
    wanted = _NAMES | set(passed)
    chosen = {
        name: value for name, value in host.items() if name in wanted or name.startswith(_FAMILIES)
    }
    # Byte code is written: of the packages of a new environment, the first guest compiles what it
    # imports, and the others needn't. All of them would take uv ten times as long.
    return {**chosen, "PYTHONUNBUFFERED": "1"}


@cache
def own_guest_environment(passed: tuple[str, ...]) -> Mapping[str, str]:
    """Return what guests get of this process's variables, which stay what they are."""
    return guest_environment(os.environ, passed)


def resource_limits(settings: Mapping[str, Any]) -> dict[str, int]:
    """Return the limits that the settings ask for, by their names in ``resource``."""
    wanted = {
        "AS": settings["memory_limit"],
        "CPU": settings["cpu_limit"],
        "NOFILE": settings["open_files_limit"],
        "FSIZE": settings["file_size_limit"],
    }
    return {name: max(1, round(value)) for name, value in wanted.items() if value}
