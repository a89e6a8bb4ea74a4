"""How a person gets from the queue to one of its jobs, and from there to the Dev pane."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from casparian.app.tui.prod.jobs_table import JobsTable
from casparian.app.tui.quarantine.events import QuarantineTold, Replaying
from casparian.app.tui.quarantine.words import replayed_text
from casparian.app.tui.widgets.prompt import Prompt
from casparian.core.dev_session.remembered import recall
from casparian.core.dev_session.sources import find_source
from casparian.core.safe_text import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from casparian.app.tui.prod.host import ProdHost
    from casparian.app.tui.prod.job_screen import JobScreen
    from casparian.app.tui.quarantine.events import QuarantineEvent
    from casparian.app.tui.quarantine.screen import QuarantineScreen
    from casparian.core.stores.jobs import Job


#: What is asked for, under which words, and what is to be typed.
_ASKED: Final = ("job", "job", "the beginning of its id")
_SHOWN_ID: Final = 8


class JobOpening:
    """The part of the pane that opens jobs; a mixin for its screen."""

    _host: ProdHost
    job_screen: JobScreen | None = None
    """The job that is looked at."""
    quarantine_screen: QuarantineScreen | None = None
    """The quarantined rows of many jobs, while they are looked through."""

    def _why_no_job(self) -> str:
        node: Any = self
        return "" if node.query_one(JobsTable).job is not None else "there is no job"

    def why_not_open(self) -> str:
        """There must be a job."""
        return self._why_no_job()

    def do_open(self) -> None:
        """Show all of the job."""
        node: Any = self
        job = node.query_one(JobsTable).job
        assert job is not None
        self.open_job(job.job_id)

    def do_find(self) -> None:
        """Ask for the beginning of a job's id."""
        node: Any = self
        node.query_one(Prompt).ask(*_ASKED)

    def find_job(self, beginning: str) -> None:
        """Open the job whose id begins so; if none or several do, say so and ask again."""
        node: Any = self
        node.run_worker(
            partial(self._look_for_job, beginning), thread=True, group="find-job", exclusive=True
        )

    def _look_for_job(self, beginning: str) -> None:
        node: Any = self
        node.app.call_from_thread(self._found, beginning, self._host.jobs_named(beginning))

    def _found(self, beginning: str, jobs: Sequence[Job] | None) -> None:
        node: Any = self
        if node.app.screen is not node:
            return  # the person has gone elsewhere meanwhile
        if jobs is None or len(jobs) == 1:  # if the store can't be looked at, that is told there
            self.open_job(beginning if jobs is None else jobs[0].job_id)
            return
        problem = _several(jobs) if jobs else f"there is no job {beginning!r}"
        node.query_one(Prompt).ask(*_ASKED, beginning, problem=problem)

    def do_quarantine(self) -> None:
        """Look through the quarantined rows of the jobs that match."""
        from casparian.app.tui.quarantine.screen import QuarantineScreen

        node: Any = self

        def left(_: None) -> None:
            self.quarantine_screen = None

        self.quarantine_screen = QuarantineScreen(node, self._host)
        node.app.push_screen(self.quarantine_screen, left)

    def told_of_quarantine(self, event: QuarantineEvent) -> None:
        """Show it where quarantined rows are looked through; how something ended, anywhere."""
        node: Any = self
        if self.quarantine_screen is not None:
            self.quarantine_screen.tell(event)
        elif isinstance(event, QuarantineTold):
            node.app.notify(event.said, markup=False, timeout=8)
        elif isinstance(event, Replaying) and event.is_over:
            node.app.notify(replayed_text(event), markup=False, timeout=8)

    def open_job(self, beginning: str, *, tab: str = "overview") -> None:
        """Show all of the job whose id begins so, from one of its tabs."""
        from casparian.app.tui.prod.job_screen import JobScreen

        node: Any = self
        if self.job_screen is not None:
            self.job_screen.dismiss(None)  # another one was opened from it, by the palette

        def left(_: None) -> None:
            if self.job_screen is screen:
                self.job_screen = None

        screen = self.job_screen = JobScreen(node, self._host, beginning, tab=tab)
        node.app.push_screen(screen, left)

    def why_not_try(self) -> str:
        """There must be a job, and a Dev pane."""
        node: Any = self
        return self._why_no_job() or str(node.app.why_not_dev())

    def do_try(self) -> None:
        """Try the job's input in the Dev pane."""
        node: Any = self
        job = node.query_one(JobsTable).job
        assert job is not None
        self.try_in_dev(job)

    def try_in_dev(self, job: Job) -> None:
        """Find the source of a job's parser, and go to the Dev pane with it and the input."""
        node: Any = self
        node.run_worker(partial(self._find_source, job), thread=True, group="find-source")

    def _find_source(self, job: Job) -> None:
        node: Any = self
        node.app.call_from_thread(self._go_to_dev, job, source_of(job.parser), Path.cwd())

    def _go_to_dev(self, job: Job, source: Path | None, here: Path) -> None:
        node: Any = self
        sample = Path(job.input_path)
        problem = ""
        if source is None:
            problem = (
                f"no parser below {here} declares the name {job.parser!r}: start casparian tui "
                "in its folder, or open it there with o"
            )
        elif not sample.is_file():
            problem = f"the input is not there any more: {one_line(str(sample))}"
        if problem:
            node.app.notify(problem, severity="warning", markup=False, timeout=8)
            return
        assert source is not None
        node.app.run_worker(self._dev(source, sample), group="go-to-dev")

    async def _dev(self, source: Path, sample: Path) -> None:
        from casparian.app.tui.app import CasparianApp

        node: Any = self
        app = node.app
        assert isinstance(app, CasparianApp)
        await app.try_in_dev(source, sample)


def source_of(parser: str) -> Path | None:
    """Find the source of a parser: among those worked on last, then below where the app began."""
    known = recall()
    recent = [path for path, _ in known.recent]
    before = [known.parser, *recent] if known.parser is not None else recent
    return find_source(parser, Path.cwd(), before)


def _several(jobs: Sequence[Job]) -> str:
    """Say whose ids begin alike, as far as they must be typed to be told apart."""
    ids = [job.job_id for job in jobs]
    shown = _SHOWN_ID
    while len({one[:shown] for one in ids}) < len(ids):
        shown += 1
    return f"several jobs' ids begin so: {', '.join(one[:shown] for one in ids)}"
