"""Named moments at which a test can have this process killed, as by ``kill -9``.

``CASPARIAN_FAULT_POINT`` names the moments, separated by commas, and after ``:`` how often each
must be reached by this process (1 if left out). Without it nothing happens; it is read once. If
``CASPARIAN_FAULT_MARKS`` names a folder, each moment kills one process in all: the one that makes
the file of its name there.
"""

from __future__ import annotations

import os
import signal
from functools import cache
from pathlib import Path

_VARIABLE = "CASPARIAN_FAULT_POINT"
_MARKS = "CASPARIAN_FAULT_MARKS"
_counts: dict[str, int] = {}


def reached(name: str) -> None:
    """Say that a moment has come."""
    for one in _wanted():
        point, _, times = one.partition(":")
        if point == name:
            _counts[name] = _counts.get(name, 0) + 1
            if _counts[name] >= int(times or "1") and _is_first(name):
                os.kill(os.getpid(), signal.SIGKILL)


@cache
def _wanted() -> list[str]:
    return [one for one in os.environ.get(_VARIABLE, "").split(",") if one]


def _is_first(name: str) -> bool:
    marks = os.environ.get(_MARKS)
    if marks is None:
        return True
    try:
        (Path(marks) / name).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
