"""What a worker claims: as many jobs as it has room for, and none for which it has no use."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from casparian.core.stores.jobs import Claim

if TYPE_CHECKING:
    from casparian.core.stores.store import Store
    from casparian.core.worker.endings import Claimed
    from casparian.core.worker.obstacles import Obstacles
    from casparian.core.worker.options import WorkerOptions
    from casparian.core.worker.publications import Publications
    from casparian.core.worker.runners import Runners

#: Once the queue had fewer jobs than there was room for, it is asked again after this (seconds).
LOOK_AGAIN_S: Final = 0.5


class Claims:
    """Says what to claim next, and knows how many jobs were claimed and whether any are left."""

    def __init__(
        self,
        store: Store,
        options: WorkerOptions,
        worker_id: str,
        runners: Runners,
        publications: Publications,
        obstacles: Obstacles,
    ) -> None:
        self._store = store
        self._options = options
        self._worker_id = worker_id
        self._runners = runners
        self._publications = publications
        self._obstacles = obstacles
        self._claimed = 0
        self._look_at = 0.0
        self._nothing_left = False

    def wanted(self) -> Claim | None:
        """Return how many jobs there is room for; None for none, or if it isn't to look."""
        room = self._room(ahead=self.runs_ahead())
        return None if room is None or room < 1 else self._claim(room)

    def wanted_with_sets(self) -> Claim | None:
        """Return what may be claimed where sets are promoted: each of them frees its runner.

        So there need not be room yet.
        """
        if self._options.max_jobs is not None or not self.runs_ahead():
            return None
        room = self._room(ahead=True)
        return None if room is None else self._claim(room)

    def _room(self, *, ahead: bool) -> int | None:
        """Return how many jobs there is room for now; None if it isn't to look."""
        if time.monotonic() < self._look_at:
            return None
        options = self._options
        room = options.concurrency - len(self._runners.working() if ahead else self._runners.busy())
        if options.max_jobs is not None:
            room = min(room, options.max_jobs - self._claimed)
        return room

    def _claim(self, room: int) -> Claim:
        return Claim(self._worker_id, room, self._options.parser, self._obstacles.left_alone())

    def runs_ahead(self) -> bool:
        """Whether a runner is told of its next job while it publishes the last one's set.

        Not if others' sets wait to be published, which need one that is idle, nor if that may take
        long.
        """
        return not self._publications and self._options.database is None

    def came(self, claimed: Claimed) -> None:
        """Take note of what a claim has brought."""
        self._claimed += len(claimed.jobs)
        if len(claimed.jobs) < claimed.room:
            self._look_at = claimed.asked + LOOK_AGAIN_S
            self._nothing_left = not claimed.jobs and not self._more_to_come()
        else:
            self._look_at, self._nothing_left = 0.0, False

    def given_back(self) -> None:
        """One of the jobs counts for nothing: it waits for what its parser needs."""
        self._claimed -= 1

    def may_be_more(self) -> None:
        """A job has ended, which may have queued another."""
        self._nothing_left = False

    def is_over(self) -> bool:
        """Whether nothing more is to be claimed: all that was asked for, or all there is."""
        spent = self._options.max_jobs is not None and self._claimed >= self._options.max_jobs
        drained = self._options.drain and self._nothing_left
        return spent or (drained and not self._obstacles.worth_waiting())

    def _more_to_come(self) -> bool:
        """Whether jobs wait for their time."""
        return bool(self._store.jobs.counts(self._options.parser).get("scheduled"))
