"""Promoted sets that wait to be published: what failed is tried again, what the dead left is taken.

The lease of each is kept meanwhile, so that nobody else need bother.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from casparian.core.worker.runner_process import Work

if TYPE_CHECKING:
    from casparian.core.stores.jobs import Job
    from casparian.core.stores.store import Store
    from casparian.core.worker.leases import LeaseKeeper

_RETRY_S: Final = (1.0, 2.0, 5.0, 10.0, 30.0)

_PATIENT_TRIES: Final = 4


@dataclass(frozen=True, slots=True)
class _Waiting:
    job: Job
    manifest: str
    due: float
    tries: int


class Publications:
    """The sets that this worker is to publish, once it has a runner for them."""

    def __init__(self, store: Store, leases: LeaseKeeper, *, lease_ms: int) -> None:
        self._store = store
        self._leases = leases
        self._lease_ms = lease_ms
        self._waiting: deque[_Waiting] = deque()

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def worth_waiting(self) -> bool:
        """Whether a worker that is done otherwise should stay for a set.

        One that could not be published several times is left promoting, for whoever comes next.
        """
        return any(one.tries <= _PATIENT_TRIES for one in self._waiting)

    def later(self, job: Job, manifest: str, tries: int) -> None:
        """Publish a set at once, or after ``tries`` that failed, after a while."""
        delay = _RETRY_S[min(tries, len(_RETRY_S) - 1)] if tries else 0.0
        self._leases.keep(job.lease, trusted_from=time.monotonic(), end=lambda: None)
        self._waiting.append(_Waiting(job, manifest, time.monotonic() + delay, tries + 1))

    def adopt(self, job: Job) -> bool:
        """Take a set whose holder has gone; that another does so as well is harmless.

        False if there is nothing to be done. Raises StoreUnreachableError.
        """
        if job.manifest is None or any(one.job.job_id == job.job_id for one in self._waiting):
            return False
        [beat] = self._store.jobs.heartbeat([job.lease], lease_ms=self._lease_ms)
        if beat.held:
            self.later(job, job.manifest, 0)
        return beat.held

    def due(self, room: int) -> list[Work]:
        """Return what is to be published now, at most ``room`` sets."""
        now = time.monotonic()
        found: list[Work] = []
        for _ in range(len(self._waiting)):
            one = self._waiting.popleft()
            if self._leases.is_lost(one.job.lease):
                self._leases.drop(one.job.lease)
            elif one.due > now or len(found) >= room:
                self._waiting.append(one)
            else:
                found.append(Work(one.job.lease, one.job, None, one.manifest, tries=one.tries))
        return found
