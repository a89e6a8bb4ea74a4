"""Named moments at which a test can have this process killed, as by ``kill -9``.

``CASPARIAN_FAULT_POINT`` names the moment, and after ``:`` how often it must be reached (1 if
left out). Without it nothing happens.
"""

from __future__ import annotations

import os
import signal

_VARIABLE = "CASPARIAN_FAULT_POINT"
_counts: dict[str, int] = {}


def reached(name: str) -> None:
    """Say that a moment has come."""
    wanted = os.environ.get(_VARIABLE)
    if wanted is None:
        return
    point, _, times = wanted.partition(":")
    if point == name:
        _counts[name] = _counts.get(name, 0) + 1
        if _counts[name] >= int(times or "1"):
            os.kill(os.getpid(), signal.SIGKILL)
