"""The runners of a worker: who is free, who works, and how jobs are ended before their time."""

from __future__ import annotations

import selectors
import time
from typing import TYPE_CHECKING, Final

from casparian.core.worker.messages import Cancel
from casparian.core.worker.runner_process import RunnerProcess

if TYPE_CHECKING:
    from collections.abc import Iterable

    from casparian.core.stores.jobs import Lease

#: A runner that was asked to end its job, and hasn't, is killed after this long.
_CANCEL_S: Final = 3.0
#: Beyond the job's own timeout: the runner ends a guest, this ends a runner that hangs itself.
_OVERTIME_S: Final = 20.0


class Runners:
    """As many as were ever needed at once; each does one job after the other.

    Args:
        selector: sees each of them, as its own data, while it lives.
        job_timeout: seconds that a job may take; None: no limit.
    """

    def __init__(self, selector: selectors.BaseSelector, *, job_timeout: float | None) -> None:
        self._selector = selector
        self._job_timeout = job_timeout
        self._all: list[RunnerProcess] = []

    def all(self) -> list[RunnerProcess]:
        """Return them, whatever they do."""
        return list(self._all)

    def free(self, *, may_publish: bool = False) -> RunnerProcess:
        """Return one that does nothing, started if there is none. Raises OSError.

        If it ``may_publish``, one that will be done with that in a moment is better than a new one.
        """
        without_work = [r for r in self._all if r.work is None and r.killed_for is None]
        found = next((runner for runner in without_work if runner.publishing is None), None)
        if found is None and may_publish:
            found = next(iter(without_work), None)
        if found is not None:
            return found
        runner = RunnerProcess()
        self._all.append(runner)
        self._selector.register(runner, selectors.EVENT_READ, runner)
        return runner

    def working(self) -> list[RunnerProcess]:
        """Return those that have work."""
        return [runner for runner in self._all if runner.work is not None]

    def busy(self) -> list[RunnerProcess]:
        """Return those that have work, or publish."""
        return [runner for runner in self._all if runner.work or runner.publishing]

    def busy_jobs(self) -> set[str]:
        """Return the ids of the jobs they work on, or publish the sets of."""
        works = [work for runner in self._all for work in (runner.work, runner.publishing)]
        return {work.job.job_id for work in works if work is not None}

    def leases(self) -> list[Lease]:
        """Return the leases of what they work on."""
        return [runner.work.lease for runner in self._all if runner.work is not None]

    def remove(self, runner: RunnerProcess) -> int:
        """Let go of one that has ended; returns its exit code."""
        self._selector.unregister(runner)
        self._all.remove(runner)
        return runner.end()

    def cancel(self, leases: Iterable[Lease]) -> None:
        """Ask for these jobs to be ended, because somebody cancelled them."""
        wanted = set(leases)
        for runner in self.working():
            if runner.work is not None and runner.work.lease in wanted:
                _ask_to_end(runner, "cancelled")

    def stop(self) -> None:
        """Ask for all jobs to be ended, because the worker ends."""
        for runner in self.working():
            _ask_to_end(runner, "stopping")

    def kill_overdue(self) -> None:
        """Kill what should have ended by now, and hasn't."""
        now = time.monotonic()
        for runner in self.working():
            work = runner.work
            assert work is not None
            if runner.publishing is not None:
                continue  # the work hasn't begun, and publishing has no limit
            if work.kill_at is not None and now > work.kill_at:
                runner.kill()
            elif (
                self._job_timeout is not None
                and work.ended_because is None
                and now - work.started > self._job_timeout + _OVERTIME_S
            ):
                work.ended_because = "timeout"
                runner.kill()


def _ask_to_end(runner: RunnerProcess, why: str) -> None:
    work = runner.work
    if work is None or work.ended_because is not None:
        return
    work.ended_because = why
    work.kill_at = time.monotonic() + _CANCEL_S
    runner.send(Cancel())
