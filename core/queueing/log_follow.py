"""A job's log, followed until the job ends, over all attempts that begin meanwhile.

The file and the store's count of changes are looked at several times a second, which costs
microseconds; nothing of the worker is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from casparian.core.queueing.log_tail import LogTail
from casparian.core.stores.errors import StoreError
from casparian.core.stores.states import ENDED
from casparian.core.worker.job_logs import log_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from casparian.core.stores.jobs import Attempt, Job
    from casparian.core.stores.store import Store


def follow_log(
    store: Store, home: Path, job_id: str, *, wait: Callable[[], None]
) -> Iterator[bytes | Job]:
    """Yield what is in the log of a job's newest attempt, then what comes, until the job ends.

    Before the first bytes of each attempt, and at the end, the job is yielded as it is then.
    ``wait`` is called when there is nothing more for now.
    """
    tail: LogTail | None = None
    fence = 0
    job = _got(store, job_id)
    store.changed()
    try:
        while True:
            if store.changed():
                job = _got(store, job_id)
            # Whatever is in the log once the job has ended is read below.
            ended = job.status in ENDED
            if tail is not None and job.fence != fence:
                yield from tail.read()
                tail.close()
                tail = None
            if tail is None and job.fence > fence:
                fence = job.fence
                tail = LogTail(log_path(home, job))
                yield job
            if tail is not None:
                yield from tail.read()
            if ended:
                yield job
                return
            wait()
    finally:
        if tail is not None:
            tail.close()


def fence_of_attempt(attempts: list[Attempt], number: int) -> int:
    """Return the fence of a job's ``number``-th attempt, counted over requeues, from 1.

    Raises StoreError if there is no such attempt.
    """
    if not 1 <= number <= len(attempts):
        there = ", ".join(str(at + 1) for at in range(len(attempts))) or "none"
        raise StoreError(f"there is no attempt {number}", hint=f"attempts so far: {there}")
    return attempts[number - 1].fence


def _got(store: Store, job_id: str) -> Job:
    job = store.jobs.get(job_id)
    if job is None:
        raise StoreError(f"job {job_id} was pruned while its log was followed")
    return job
