"""What runners say of their work, and their deaths: what becomes of each job by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casparian.core.stores.jobs import JobError
from casparian.core.worker.failures import MORE_TIME, failed
from casparian.core.worker.messages import (
    JobFailed,
    Progress,
    PublishFailed,
    Staged,
    Stopped,
    Visible,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from casparian.core.stores.jobs import Lease
    from casparian.core.stores.store import Store
    from casparian.core.worker.claims import Claims
    from casparian.core.worker.endings import Endings
    from casparian.core.worker.leases import LeaseKeeper
    from casparian.core.worker.messages import Message
    from casparian.core.worker.obstacles import Obstacles
    from casparian.core.worker.publications import Publications
    from casparian.core.worker.runner_process import RunnerProcess, Work
    from casparian.core.worker.runners import Runners


class Answers:
    """Takes what runners say, and has it put into the store, published or tried again.

    Args:
        job_timeout: seconds that a job may take, as is said of one that took longer.
        warn: is told what people should know.
    """

    def __init__(
        self,
        *,
        runners: Runners,
        leases: LeaseKeeper,
        claims: Claims,
        endings: Endings,
        publications: Publications,
        obstacles: Obstacles,
        job_timeout: float | None,
        warn: Callable[[str], None],
    ) -> None:
        self._runners = runners
        self._leases = leases
        self._claims = claims
        self._endings = endings
        self._publications = publications
        self._obstacles = obstacles
        self._job_timeout = job_timeout
        self._warn = warn
        self._progress: dict[Lease, Progress] = {}

    def hear(self, runner: RunnerProcess) -> None:
        """Take what a runner says, whose socket is readable."""
        messages = runner.receive()
        if messages is None:
            self._died(runner)
            return
        for message in messages:
            published = isinstance(message, Visible | PublishFailed)
            work = runner.publishing if published else runner.work
            if work is None:
                continue
            if isinstance(message, Progress):
                self._progress[work.lease] = message
            else:
                self._answered(runner, work, message)

    def note_progress(self, store: Store) -> None:
        """Put into the store how far jobs are. Raises StoreUnreachableError."""
        for lease, progress in list(self._progress.items()):
            store.jobs.progress(lease, progress.done, progress.total)
            del self._progress[lease]

    def _answered(self, runner: RunnerProcess, work: Work, message: Message) -> None:
        self._progress.pop(work.lease, None)
        self._claims.may_be_more()
        if isinstance(message, Visible | PublishFailed):
            runner.publishing = None
            if runner.work is not None:
                runner.work.begins()  # it was behind this in the runner's queue
        if self._leases.is_lost(work.lease):
            if runner.work is work:
                runner.work = None
            self._endings.lost(work)
        elif isinstance(message, Staged):
            work.manifest = message.manifest
            work.counts = (message.rows, message.quarantined)
            self._obstacles.passed(work)
            self._endings.staged(work, runner)
        elif isinstance(message, Visible):
            self._endings.visible(work)
        elif isinstance(message, PublishFailed):
            self._unpublished(work, message)
        elif isinstance(message, Stopped):
            runner.work = None
            self._stopped(work)
        elif isinstance(message, JobFailed):
            runner.work = None
            self.failed(work, message)

    def failed(self, work: Work, message: JobFailed) -> None:
        """A job has failed, or can't be run here for now."""
        if message.waits:
            self._obstacles.met(work, message)
            self._endings.released(work)
            self._claims.given_back()
            return
        if message.blames_parser:
            self._obstacles.passed(work)
        self._endings.failed(work, message)

    def _died(self, runner: RunnerProcess) -> None:
        """A runner has ended, by our doing or another's."""
        code = self._runners.remove(runner)
        published, runner.publishing = runner.publishing, None
        work, runner.work = runner.work, None
        if published is not None:
            self._claims.may_be_more()
            if self._leases.is_lost(published.lease):
                self._endings.lost(published)
            else:
                assert published.manifest is not None
                self._publications.later(published.job, published.manifest, 0)
        if work is None:
            return
        self._progress.pop(work.lease, None)
        self._claims.may_be_more()
        self._endings.forget(work)
        if self._leases.is_lost(work.lease):
            self._endings.lost(work)
        elif work.ended_because in ("cancelled", "stopping"):
            self._stopped(work)
        elif work.ended_because == "timeout":
            hung = f"the job took longer than its {self._job_timeout:g} s, and hung"
            failure = failed("timeout", hung, hint=MORE_TIME)
            self._endings.failed(work, failure)
        elif published is not None or runner.killed_for not in (None, work.lease):
            self._endings.released(work)  # it had not begun when its runner died of the one before
        else:
            how = f"signal {-code}" if code < 0 else f"exit code {code}"
            self._endings.failed(
                work,
                failed(
                    "runner_died",
                    f"the process that ran the job ended with {how}",
                    hint="the system may have run out of memory: run fewer jobs at once",
                ),
            )

    def _stopped(self, work: Work) -> None:
        if work.ended_because == "stopping":
            self._endings.released(work)
        else:
            self._endings.cancelled(work)

    def _unpublished(self, work: Work, message: PublishFailed) -> None:
        if message.vanished:
            self._endings.vanished(work, JobError("staging_lost", message.message, message.hint))
            return
        assert work.manifest is not None
        hint = f"\n  try: {message.hint}" if message.hint and work.tries <= 1 else ""
        self._warn(f"job {work.job.job_id}: {message.message}; trying again{hint}")
        self._endings.hindered(work, JobError("unpublished", message.message, message.hint))
        self._publications.later(work.job, work.manifest, work.tries)
