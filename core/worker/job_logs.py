"""Where the logs of jobs are, and for how long."""

from __future__ import annotations

import contextlib
import datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from casparian.core.stores.jobs import Job

DAYS: Final = 7
MOST_BYTES: Final = 1_000_000_000

_FOLDER: Final = "logs"


def log_path(home: Path, job: Job, *, fence: int | None = None) -> Path:
    """Return the log of a job's claim, by default of its newest.

    It lies in a folder named after the UTC date on which the job was queued.
    """
    day = datetime.datetime.fromtimestamp(job.created_at / 1000, datetime.UTC).date()
    fence = job.fence if fence is None else fence
    return home / _FOLDER / day.isoformat() / f"{job.job_id}.{fence}.log"


def sweep_logs(
    home: Path,
    *,
    now_s: float,
    running: Collection[str],
    days: int = DAYS,
    most_bytes: int = MOST_BYTES,
) -> int:
    """Remove logs that are too old, then the oldest until the rest is small enough.

    Args:
        home: CASPARIAN_HOME.
        now_s: seconds since 1970.
        running: ids of jobs whose logs stay in any case.
        days: how long a log is kept.
        most_bytes: how much all of them may take.

    Returns:
        How many files were removed.
    """
    found: list[tuple[float, int, Path]] = []
    for path in (home / _FOLDER).glob("*/*.log*"):
        try:
            status = path.stat()
        except FileNotFoundError:
            continue
        if path.name.split(".", 1)[0] not in running:
            found.append((status.st_mtime, status.st_size, path))
    found.sort(reverse=True)
    room, removed = most_bytes, 0
    for modified, size, path in found:
        room -= size
        if room < 0 or now_s - modified > days * 86_400:
            path.unlink(missing_ok=True)
            removed += 1
    for folder in (home / _FOLDER).glob("*/"):
        with contextlib.suppress(OSError):  # it isn't empty
            folder.rmdir()
    return removed
