"""``casparian doctor``: everything that a run needs, looked at without changing anything.

What waits for other programs is asked at the same time; each has a limit, so the whole ends.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from . import host_checks
from .guest_check import check_guest
from .lock_check import check_lock
from .parser_checks import ParserChecks

if TYPE_CHECKING:
    from pathlib import Path

    from .checks import Check


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
        uv = pool.submit(host_checks.check_uv)
        interpreter = pool.submit(parser.interpreter)
        lock = pool.submit(check_lock, folder) if folder is not None else None
        casparian, arrow = host_checks.check_casparian(), host_checks.check_pyarrow()
        temporary, sockets = host_checks.check_temporary(), host_checks.check_sockets()
        checks = [
            casparian,
            host_checks.check_python(),
            arrow,
            uv.result(),
            host_checks.check_home(),
            host_checks.check_settings(),
            temporary,
            host_checks.check_terminal(),
            host_checks.check_time_zones(),
            host_checks.check_files(),
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
