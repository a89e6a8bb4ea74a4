"""Which Python an environment is made from, and what a Python says of itself."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from casparian.core.programs import ask

if TYPE_CHECKING:
    from pathlib import Path

_ANSWER: Final = 60.0
"""Seconds that an interpreter has to tell what it is; a cold disk and a busy machine are slow."""

_ABOUT: Final = """
import json, sys, sysconfig
print(json.dumps({
    "version": sys.version.split()[0],
    "platform": " ".join(map(str, [
        sys.implementation.name, sysconfig.get_platform(), sysconfig.get_config_var("EXT_SUFFIX"),
    ])),
}))
"""
_TRIAL: Final = """
import json, os, sys, sysconfig
import pyarrow
print(json.dumps({
    "interpreter": os.path.realpath(sys.executable),
    "packages": os.path.relpath(sysconfig.get_path("purelib"), sys.prefix),
}))
"""


class PythonError(Exception):
    """An interpreter doesn't answer; the text says what it says instead."""


@dataclass(frozen=True, slots=True)
class Python:
    """An interpreter: where, which version, and for what its binary packages are made."""

    path: Path
    version: str
    platform: str


def about(python: Path) -> Python:
    """Ask an interpreter what it is. Raises PythonError."""
    told = _told(python, "-S", "-c", _ABOUT)  # -S: without its packages, which take time
    return Python(python, told["version"], told["platform"])


def try_out(python: Path) -> tuple[str, str]:
    """Start an environment's Python and import pyarrow.

    Returns:
        What its executable leads to, and its folder of packages, seen from the environment.

    Raises:
        PythonError: it doesn't start, or has no pyarrow.
    """
    told = _told(python, "-c", _TRIAL)
    return told["interpreter"], told["packages"]


def _told(python: Path, *words: str) -> dict[str, Any]:
    answer = ask([python, "-I", *words], within=_ANSWER)
    try:
        told: dict[str, Any] = json.loads(answer.out.splitlines()[-1])
    except (ValueError, IndexError):
        raise PythonError(answer.last_line) from None
    return told
