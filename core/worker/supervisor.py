"""The supervisor: claims jobs, hands them to runners, promotes and completes what they staged.

It does no job's work itself, and everything is in the store before it happens. One thread does
everything but the heartbeats, which have a thread of their own (`LeaseKeeper`).
"""

from __future__ import annotations

import secrets
import selectors
import time
from functools import partial
from typing import TYPE_CHECKING, Final

from casparian.core.stores.errors import StoreError, StoreUnreachableError
from casparian.core.stores.maintenance import existing_path
from casparian.core.stores.store import open_store
from casparian.core.worker.answers import Answers
from casparian.core.worker.bundle_cache import BundleCache
from casparian.core.worker.claims import Claims
from casparian.core.worker.endings import Claimed, Endings
from casparian.core.worker.failures import failed
from casparian.core.worker.housekeeping import Housekeeping
from casparian.core.worker.leases import LeaseKeeper
from casparian.core.worker.messages import Publish, Task
from casparian.core.worker.obstacles import Obstacles
from casparian.core.worker.options import check_root
from casparian.core.worker.presence import Presence, new_worker
from casparian.core.worker.publications import Publications
from casparian.core.worker.python_check import check_python
from casparian.core.worker.reports import JobStarted, Notice
from casparian.core.worker.runner_process import RunnerProcess, Work
from casparian.core.worker.runners import Runners
from casparian.core.worker.stop_signals import StopSignals
from casparian.core.worker.tasks import Tasks
from casparian.core.worker.troubles import Patience, Troubles

if TYPE_CHECKING:
    from collections.abc import Callable

    from casparian.core.stores.store import Store
    from casparian.core.worker.options import WorkerOptions
    from casparian.core.worker.reports import Report

TICK_S: Final = 0.5
"""How often it looks for jobs, for what is to be cancelled, and at its clocks."""
#: So long after the jobs' time was up it is tried to tell the store how they ended.
_LAST_TRIES_S: Final = 10.0


class Supervisor:
    """One worker. `run` returns when it was stopped, or when it drained the queue."""

    def __init__(self, options: WorkerOptions, on_report: Callable[[Report], None]) -> None:
        self._options = options
        self._on_report = on_report
        self.worker_id = secrets.token_hex(8)
        self._stop_at: float | None = None
        self._stopping = False
        self._gives_back = False
        self._asked_to_stop = False

    def stop(self) -> None:
        """Have it stop, as a first signal does; from any thread, and before it runs, too."""
        self._asked_to_stop = True

    def run(self) -> None:
        """Work until stopped, or until nothing is left. In the main thread only.

        Raises StoreError if the store can't be opened, SinkError if the output root is unusable,
        InterpreterError if no parser can run in the Python that was named.
        """
        options = self._options
        if options.python is not None:
            check_python(options.python, options.pass_env)
        patience = min(5.0, options.stale_after / 4)
        with (
            open_store(options.store, patience_s=patience) as store,
            StopSignals() as signals,
        ):
            check_root(options.root, is_used=store.jobs.publishes_below)
            self._store: Store = store
            self._signals = signals
            # Not a synchronisation: whoever holds the store is given room.
            self._patience = Patience(Troubles(self._warn), partial(signals.wait, TICK_S))
            self._presence = Presence(options.home, self.worker_id)
            store.workers.announce(new_worker(self.worker_id, slots=options.concurrency))
            self._leases = LeaseKeeper(
                lambda: open_store(existing_path(options.store), patience_s=patience),
                self.worker_id,
                lease_s=options.stale_after,
                interval_s=options.heartbeat_interval,
                on_problem=self._warn,
            )
            self._endings = Endings(store, self._leases, options, self._on_report)
            self._publications = Publications(store, self._leases, lease_ms=options.lease_ms)
            self._obstacles = Obstacles(store, self.worker_id, self._on_report)
            bundles = BundleCache(options.home, store.parsers.archive)
            self._tasks = Tasks(store, bundles, options)
            self._housekeeping = Housekeeping(store, options, self.worker_id, self._notice)
            self._selector = selectors.DefaultSelector()
            self._selector.register(signals, selectors.EVENT_READ, None)
            self._runners = Runners(self._selector, job_timeout=options.job_timeout)
            self._claims = Claims(
                store, options, self.worker_id, self._runners, self._publications, self._obstacles
            )
            self._answers = Answers(
                runners=self._runners,
                leases=self._leases,
                claims=self._claims,
                endings=self._endings,
                publications=self._publications,
                obstacles=self._obstacles,
                job_timeout=options.job_timeout,
                warn=self._warn,
            )
            self._leases.start()
            try:
                self._loop()
            finally:
                self._end()

    # ---------------------------------------------------------------- the loop

    def _loop(self) -> None:
        ticked = 0.0
        while not self._is_done():
            for key, _ in self._selector.select(self._wait(ticked)):
                if isinstance(key.data, RunnerProcess):
                    self._answers.hear(key.data)
                else:
                    self._signalled()
            with self._patience:
                if self._stopping:
                    self._endings.flush()
                else:
                    wanted = self._claims.wanted_with_sets()
                    self._endings.flush(wanted, more_to_come=bool(self._runners.working()))
                self._obstacles.flush()
            for work, runner in self._endings.promoted():
                self._publish(runner, work)
            for claimed in self._endings.claimed():
                with self._patience:
                    self._take(claimed, may_publish=True)
            if time.monotonic() - ticked >= TICK_S:
                ticked = time.monotonic()
                with self._patience:
                    self._tick()
            with self._patience:
                self._claim()

    def _wait(self, ticked: float) -> float:
        until = ticked + TICK_S
        due_at = self._endings.due_at
        if due_at is not None:
            until = min(until, due_at)
        return max(0.0, until - time.monotonic())

    def _is_done(self) -> bool:
        if self._runners.busy():
            return self._signals.count > 1
        if self._endings.waiting:
            # What can't be told the store in time is the next worker's to take back.
            late = 0.0 if self._stop_at is None else time.monotonic() - self._stop_at
            return self._signals.count > 1 or late > _LAST_TRIES_S
        if self._stopping:
            return not self._publications or self._signals.count > 1 or self._is_overdue()
        return self._claims.is_over() and not self._publications.worth_waiting()

    def _is_overdue(self) -> bool:
        return self._stop_at is None or time.monotonic() > self._stop_at

    def _tick(self) -> None:
        if self._asked_to_stop and not self._stopping:
            self._begin_to_stop()
        self._runners.kill_overdue()
        if self._runners.working() and self._stopping and self._is_overdue():
            if not self._gives_back:
                self._gives_back = True
                self._notice("giving the running jobs back")
            self._runners.stop()
        self._answers.note_progress(self._store)
        self._runners.cancel(self._store.jobs.cancel_requests(self._runners.leases()))
        for job in self._housekeeping.attend(self._runners.busy_jobs()):
            if self._publications.adopt(job):
                self._notice(f"job {job.job_id}: its worker has gone; publishing what it staged")

    @property
    def stopped_by(self) -> int | None:
        """The signal that stopped it, if one did."""
        return self._signals.last

    # ------------------------------------------------------------------- claims

    def _claim(self) -> None:
        if self._publications:
            self._send_publications()
        wanted = None if self._stopping else self._claims.wanted()
        if wanted is None:
            return
        asked = time.monotonic()
        jobs = self._store.jobs.claim_next(
            wanted.worker_id,
            limit=wanted.limit,
            lease_ms=self._options.lease_ms,
            parser=wanted.parser,
            without=wanted.without,
        )
        claimed = Claimed(jobs, wanted.limit, asked)
        self._take(claimed, may_publish=self._claims.runs_ahead())

    def _take(self, claimed: Claimed, *, may_publish: bool) -> None:
        self._claims.came(claimed)
        taken = []
        for job in claimed.jobs:
            work = Work(job.lease, job, None)
            try:
                runner = self._runners.free(may_publish=may_publish)
            except OSError as error:
                self._warn(f"no process can be started for a job: {error}")
                self._endings.released(work)
                continue
            runner.work = work
            taken.append((runner, work))
            end = partial(runner.kill_for, work.lease)
            self._leases.keep(work.lease, trusted_from=claimed.asked, end=end)
        for runner, work in taken:
            self._begin(runner, work)

    def _begin(self, runner: RunnerProcess, work: Work) -> None:
        self._on_report(JobStarted(work.job))
        try:
            made = self._tasks.make(work.job)
        except StoreUnreachableError as error:
            self._warn(f"{error.message}; job {work.job.job_id} is given back")
            runner.work = None
            self._endings.released(work)
            return
        if isinstance(made, Task):
            work.task = made
            if runner.send(made):
                return
            # It died of what it did before, and that is heard of in a moment.
            if runner.publishing is not None or runner.killed_for is not None:
                runner.work = None
                self._endings.released(work)
                return
            made = failed("runner_died", "the job's runner ended before it began")
        runner.work = None
        self._answers.failed(work, made)

    # --------------------------------------------------------------- publishing

    def _publish(self, runner: RunnerProcess, work: Work) -> None:
        assert work.manifest is not None
        work.is_promoted = True
        runner.work, runner.publishing = None, work
        if not runner.send(Publish(work.manifest, work.job.replacing)):
            pass  # it is dead: that is heard in a moment, and the set is published by another

    def _send_publications(self) -> None:
        # Those that wait for their promotion may wait for just what is to be published.
        busy = len(self._runners.busy()) - self._endings.held_back
        for work in self._publications.due(self._options.concurrency - busy):
            assert work.manifest is not None
            try:
                runner = self._runners.free()
            except OSError as error:
                self._warn(f"no process can be started to publish a set: {error}; trying again")
                self._publications.later(work.job, work.manifest, work.tries)
                continue
            self._publish(runner, work)

    # ------------------------------------------------------------------ the end

    def _signalled(self) -> None:
        self._signals.take()
        if not self._stopping:
            self._begin_to_stop()

    def _begin_to_stop(self) -> None:
        self._stopping = True
        self._stop_at = time.monotonic() + self._options.drain_timeout
        busy = len(self._runners.working())
        if busy:
            jobs = "1 job" if busy == 1 else f"{busy} jobs"
            self._notice(
                f"stopping; {jobs} may take {self._options.drain_timeout:g} s to end "
                "(once more: give them back now)"
            )

    def _end(self) -> None:
        """Leave: what still runs is given back, and what is promoted is another's to publish."""
        for runner in self._runners.all():
            work, runner.work = runner.work, None
            runner.end()
            if work is not None:
                self._endings.released(work)
        for claimed in self._endings.claimed():
            for job in claimed.jobs:
                self._endings.released(Work(job.lease, job, None))
        is_retired = False
        try:
            self._endings.flush()
            self._obstacles.flush()
            self._housekeeping.sweep_staging()
            self._leases.stop()
            self._store.workers.retire(self.worker_id)
            is_retired = True
        except StoreError as error:
            self._warn(f"{error.message}; what this worker held is the next one's to take back")
        self._presence.end(is_retired=is_retired)
        self._selector.close()

    def _notice(self, sentence: str) -> None:
        self._on_report(Notice(sentence))

    def _warn(self, sentence: str) -> None:
        self._on_report(Notice(sentence, warning=True))
