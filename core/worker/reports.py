"""What a worker tells of its work, as it happens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from casparian.core.stores.jobs import Job
    from casparian.core.stores.states import JobStatus


class JobStarted(NamedTuple):
    """A job was claimed."""

    job: Job


class JobEnded(NamedTuple):
    """A job's attempt has ended; ``status`` is what the job is now. ``seconds`` since its claim."""

    job: Job
    status: JobStatus
    rows: int = 0
    quarantined: int = 0
    message: str = ""
    hint: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence about the worker itself; ``warning`` if it needs looking at."""

    sentence: str
    warning: bool = False


Report = JobStarted | JobEnded | Notice
