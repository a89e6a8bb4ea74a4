"""Bundles whose jobs this worker can't run now, for want of an environment: it leaves them alone.

That is no fault of a job, nor of its file: the jobs stay in the queue, lose no attempt, and other
workers may have them. After a while the next one is tried, after longer and longer whiles. Jobs of
another version of the parser, which may well have mended its lock, don't wait for that.
"""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from casparian.core.stores.errors import StoreUnreachableError
from casparian.core.stores.obstacles import NewObstacle
from casparian.core.worker.reports import Notice

if TYPE_CHECKING:
    from collections.abc import Callable

    from casparian.core.stores.store import Store
    from casparian.core.worker.messages import JobFailed
    from casparian.core.worker.reports import Report
    from casparian.core.worker.runner_process import Work

_FIRST_S: Final = 1.0
_LONGEST_S: Final = 600.0
#: So often a worker that drains the queue waits for what may pass, such as a network's failure.
_PATIENT_TRIES: Final = 4
#: In which a job is claimed with which it is tried again.
_GRACE_S: Final = 2.0


@dataclass(slots=True)
class _Met:
    """An obstacle; times are of the monotonic clock."""

    tries: int
    at: float
    until: float
    may_pass: bool


class Obstacles:
    """What this worker has met, and for how long it lets a bundle be.

    Args:
        store: is told of it, for people to see.
        worker_id: this worker's.
        on_report: is told when a bundle's jobs begin to wait, and when they no longer do.
    """

    def __init__(self, store: Store, worker_id: str, on_report: Callable[[Report], None]) -> None:
        self._store = store
        self._worker_id = worker_id
        self._on_report = on_report
        self._met: dict[str, _Met] = {}
        self._passed: set[str] = set()
        self._unsaid: list[NewObstacle] = []

    def met(self, work: Work, failure: JobFailed) -> None:
        """Take note that a job could not be run; it is to be given back."""
        job, now = work.job, time.monotonic()
        known = self._met.get(job.source_hash)
        if known is not None and work.started < known.at:
            return  # it was begun together with the one that met it
        tries = 1 if known is None else known.tries + 1
        delay = min(_FIRST_S * 2 ** (tries - 1), _LONGEST_S)
        self._met[job.source_hash] = _Met(tries, now, now + delay, failure.may_pass)
        self._passed.discard(job.source_hash)
        new = NewObstacle(
            self._worker_id,
            socket.gethostname(),
            job.parser,
            job.parser_version,
            job.source_hash,
            failure.error_class,
            failure.message,
            failure.hint,
            round(delay * 1000),
        )
        self._unsaid.append(new)
        if known is None:
            hint = f"\n  try: {failure.hint}" if failure.hint else ""
            self._on_report(
                Notice(
                    f"the jobs of {job.parser} {job.parser_version} wait, and lose no attempt, "
                    f"until they can be run here: {failure.message}{hint}",
                    warning=True,
                )
            )

    def passed(self, work: Work) -> None:
        """Take note that a job of a bundle runs; call it as often as you like."""
        job, bundle = work.job, work.job.source_hash
        if bundle in self._passed:
            return
        if self._met.pop(bundle, None) is not None:
            self._on_report(Notice(f"the jobs of {job.parser} {job.parser_version} run again"))
        self._unsaid = [one for one in self._unsaid if one.source_hash != bundle]
        try:
            self._store.obstacles.clear(self._worker_id, bundle)
        except StoreUnreachableError:
            return  # the next job of the bundle says it
        self._passed.add(bundle)

    def flush(self) -> None:
        """Put into the store what isn't there yet. Raises StoreUnreachableError."""
        while self._unsaid:
            self._store.obstacles.note(self._unsaid[0])
            self._unsaid.pop(0)

    def left_alone(self) -> list[str]:
        """Return the bundles whose jobs are not to be claimed now."""
        if not self._met:
            return []  # as ever so often
        now = time.monotonic()
        return [bundle for bundle, met in self._met.items() if met.until > now]

    def worth_waiting(self) -> bool:
        """Whether an obstacle may pass soon, so that a worker that drains the queue should stay."""
        now = time.monotonic()
        return any(
            # Not for ever: somebody may have cancelled the jobs that it would be tried with.
            met.may_pass and met.tries <= _PATIENT_TRIES and now < met.until + _GRACE_S
            for met in self._met.values()
        )
