"""What a supervisor does beside its own jobs: take back those of the dead, and tidy up."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from casparian.core.worker.bundle_cache import sweep_unfinished
from casparian.core.worker.job_logs import sweep_logs
from casparian.core.worker.presence import dead_workers, forget_lock
from casparian.core.worker.staging_sweep import sweep_dead_staging

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from casparian.core.stores.jobs import Job
    from casparian.core.stores.store import Store
    from casparian.core.worker.options import WorkerOptions

_STAGING_EVERY_S: Final = 60.0
_LOGS_EVERY_S: Final = 3_600.0
_FORGET_WORKERS_MS: Final = 7 * 86_400_000


class Housekeeping:
    """Done by every worker, without a leader: each step may be done by several at once."""

    def __init__(
        self,
        store: Store,
        options: WorkerOptions,
        worker_id: str,
        notice: Callable[[str], None],
    ) -> None:
        self._store = store
        self._options = options
        self._worker_id = worker_id
        self._notice = notice
        self._buried: list[str] = []
        self._staging_at = self._logs_at = 0.0

    def attend(self, running: Collection[str]) -> list[Job]:
        """Look after everything that is due. Returns promoting jobs that nobody holds any more.

        Args:
            running: ids of this worker's jobs.

        Raises StoreError.
        """
        home = self._options.home
        for worker_id in self._buried:
            # Only now: whoever is killed between finding a dead worker and this finds it again.
            self._store.workers.retire(worker_id)
            forget_lock(home, worker_id)
        others = [w for w in self._store.workers.list() if w.worker_id != self._worker_id]
        dead = dead_workers(home, others)
        for job in self._store.jobs.requeue_stale(dead_workers=dead):
            self._notice(f"job {job.job_id}: its worker has gone; it is {job.status} now")
        orphans = self._store.jobs.stale_promoting(dead_workers=dead)
        self._buried = dead
        now = time.monotonic()
        if not self._staging_at or now - self._staging_at > _STAGING_EVERY_S:
            self._staging_at = now
            self.sweep_staging()
        if not self._logs_at or now - self._logs_at > _LOGS_EVERY_S:
            self._logs_at = now
            sweep_unfinished(home, now_s=time.time())
            sweep_logs(home, now_s=time.time(), running=running)
            self._store.workers.forget(before=round(time.time() * 1000) - _FORGET_WORKERS_MS)
        return list(orphans)

    def sweep_staging(self) -> None:
        """Remove what dead claims left in the staging folder. Raises StoreError."""
        sweep_dead_staging(self._options.root, self._store.jobs)
