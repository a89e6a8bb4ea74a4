"""All the checks, in the order in which they are read.

What waits for other programs is asked at the same time; each has a limit, so the whole ends.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from . import host
from .guest import check_guest
from .lock import check_lock
from .parser import ParserChecks

if TYPE_CHECKING:
    from pathlib import Path

    from .check import Check


def diagnose(target: Path | None = None, python: Path | None = None) -> list[Check]:
    """Look at the machine, and at a parser.

    Args:
        target: the parser's file or folder; if left out, the current folder's ``parser.py``, and
            if that isn't there only what a parser in this folder would be run by.
        python: what ``--python`` says.

    Returns:
        Every check, in the order in which they are read; none raises.
    """
    parser = ParserChecks(target, python)
    folder = parser.folder_to_lock
    with ThreadPoolExecutor(max_workers=3) as pool:
        uv = pool.submit(host.check_uv)
        interpreter = pool.submit(parser.interpreter)
        lock = pool.submit(check_lock, folder) if folder is not None else None
        casparian, arrow = host.check_casparian(), host.check_pyarrow()
        temporary, sockets = host.check_temporary(), host.check_sockets()
        checks = [
            casparian,
            host.check_python(),
            arrow,
            uv.result(),
            host.check_home(),
            host.check_settings(),
            temporary,
            host.check_terminal(),
            host.check_time_zones(),
            host.check_files(),
            sockets,
        ]
        # A guest takes all of these; without them it would only say the same again.
        able = all(check.status != "problem" for check in (arrow, temporary, sockets))
        # Guests are started by this thread: they end when the thread that started them does.
        if able:
            checks.append(check_guest())
        checks += interpreter.result()
        if able:
            checks += parser.loaded()
        return checks if lock is None else [*checks, lock.result()]
