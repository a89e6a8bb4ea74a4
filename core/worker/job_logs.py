"""Where the logs of jobs are, and for how long."""

from __future__ import annotations

import contextlib
import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection

    from casparian.core.stores.jobs import Job

DAYS: Final = 7
MOST_BYTES: Final = 1_000_000_000

_FOLDER: Final = "logs"
_DAY_MS: Final = 86_400_000


def log_path(home: Path, job: Job, *, fence: int | None = None) -> Path:
    """Return the log of a job's claim, by default of its newest.

    It lies in a folder named after the UTC date on which the job was queued.
    """
    return Path(log_name(home, job, fence=fence))


def log_name(home: Path, job: Job, *, fence: int | None = None) -> str:
    """Return `log_path` as text, which takes fewer steps."""
    folder = _folder_of_day(home, job.created_at // _DAY_MS)
    return f"{folder}/{job.job_id}.{job.fence if fence is None else fence}.log"


@lru_cache(maxsize=16)
def _folder_of_day(home: Path, day: int) -> str:
    date = datetime.datetime.fromtimestamp(day * _DAY_MS / 1000, datetime.UTC).date()
    return str(home / _FOLDER / date.isoformat())


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
