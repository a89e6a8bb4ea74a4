"""What a person has done to jobs: asked for, told how far it is, and how it ended."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from casparian.app.jobs_table import shortened
from casparian.app.tui.prod.host import Acted, Counted, ParserTold
from casparian.app.tui.prod.jobs_table import JobsTable
from casparian.app.tui.prod.question import WORDS, Question, QuestionScreen, Scope
from casparian.app.tui.read_only import READ_ONLY
from casparian.core.queueing.bulk import BulkReport, Order
from casparian.core.stores.states import permits, why_not

if TYPE_CHECKING:
    from collections.abc import Sequence

    from casparian.app.tui.prod.host import ProdHost
    from casparian.app.tui.prod.state import ProdState
    from casparian.core.queueing.verbs import JobVerb
    from casparian.core.stores.jobs import Job, JobFilter

_DONE: Final[dict[JobVerb, str]] = {
    "cancel": "cancelled, or being ended",
    "retry": "pending",
    "requeue": "pending again",
    "replay": "replayed",
    "delete": "forgotten",
}
#: Seconds until it is shown that something is being done: most is over by then.
_SOON: Final = 0.5
#: Cells for a parser's name, and for that of a file, so that both stand in one line.
_SHORT: Final = 18


class JobDeeds:
    """The part of the pane that acts; a mixin for its screen."""

    state: ProdState
    _host: ProdHost
    _under_way: Order | None = None

    def chosen(self) -> Sequence[Job]:
        """Return the jobs that are meant: the marked ones, or that under the cursor.

        They are as they were seen last.
        """
        node: Any = self
        view = self.state.view
        if self.state.marked:
            seen = {job.job_id: job for job in view.around.jobs} if view is not None else {}
            return [seen.get(key, job) for key, job in self.state.marked.items()]
        job = node.query_one(JobsTable).job
        return [] if job is None else [job]

    def matching(self) -> JobFilter | None:
        """Return which others it may be done to as well; None if there is one job only."""
        return None

    def _why_not(self, verb: JobVerb) -> str:
        if self._host.read_only:
            return READ_ONLY
        if self.state.acting is not None:
            return f"{self.state.acting.order.verb} is still under way: X stops it"
        jobs = self.chosen()
        if not jobs:
            return "there is no job"
        if any(permits(verb, job.status) for job in jobs):
            return ""
        if len(jobs) == 1:
            return why_not(verb, jobs[0].status)
        return f"none of the {len(jobs):,} marked jobs can be: " + why_not(verb, jobs[0].status)

    def _ask(self, verb: JobVerb) -> None:
        node: Any = self
        jobs = self.chosen()
        matching = self.matching()
        able = [job for job in jobs if permits(verb, job.status)]
        if len(jobs) == 1:
            parser = shortened(jobs[0].parser, _SHORT)
            name = shortened(jobs[0].input_path.rpartition("/")[2], _SHORT)
            these = f"the job {jobs[0].job_id[:8]} · {parser} · {name}"
        else:
            these = f"the {len(able):,} marked jobs"
            if len(able) < len(jobs):
                these += f" that it applies to, of {len(jobs):,}"
        words = self.state.filter or "(no filter: all of the queue)"
        words = "" if matching is None else words

        def answered(scope: Scope | None) -> None:
            if scope is not None:
                order = Order(verb, able) if scope == "these" else Order(verb, matching=matching)
                self._host.act(order)
                self.began(order)

        node.app.push_screen(QuestionScreen(Question(verb, these, len(able), words)), answered)
        if matching is not None:
            self._host.count(matching, verb)

    def began(self, order: Order) -> None:
        """Note that something is being done."""
        node: Any = self
        self._under_way = order
        node.set_timer(_SOON, lambda: self._is_under_way(order))

    def _is_under_way(self, order: Order) -> None:
        """Say that something is being done that takes long to begin: the store may be locked."""
        node: Any = self
        if self._under_way is order and self.state.acting is None:
            report = BulkReport(total=len(order.jobs) if order.matching is None else None)
            node._become(replace(self.state, acting=Acted(order, report)))

    def told_of_deed(self, event: Counted | Acted | ParserTold) -> None:
        """Show how far something is, or how it ended."""
        node: Any = self
        if isinstance(event, Counted):
            for screen in node.app.screen_stack:
                if isinstance(screen, QuestionScreen) and screen.question.verb == event.verb:
                    screen.counted(event.count, event.problem)
        elif isinstance(event, ParserTold):
            word = "is paused; its jobs wait" if event.paused else "runs its jobs again"
            if not event.changed:
                word = "is paused already" if event.paused else "isn't paused"
            self._notify(event.problem or f"{event.name} {word}", bad=bool(event.problem))
        elif event.is_over:
            self._over(event)

    def _over(self, event: Acted) -> None:
        report, verb = event.report, event.order.verb
        self._under_way = None
        many = f"{report.done:,} job{'s' * (report.done != 1)} {_DONE[verb]}"
        parts = [many] if report.done or not report.refused else []
        if report.refused:
            first = report.refusals[0]
            parts.append(f"{report.refused:,} refused: {first.job_id[:8]}: {first.why_not}")
            if first.hint:
                parts.append(f"try: {first.hint}")
        left = (report.total or 0) - report.done - report.refused
        if left > 0:
            parts.append(f"{left:,} left as they were")
        if event.problem:
            parts.append(event.problem)
        self._notify("\n".join(parts), bad=bool(report.refused or event.problem))

    def _notify(self, said: str, *, bad: bool) -> None:
        node: Any = self
        node.notify(said, severity="warning" if bad else "information", markup=False, timeout=6)

    def doing(self) -> str:
        """Say how far what is done to many jobs is; empty if nothing is done."""
        acting = self.state.acting
        if acting is None:
            return ""
        report = acting.report
        of = f" of {report.total:,}" if report.total is not None else ""
        refused = f", {report.refused:,} refused" if report.refused else ""
        title = WORDS[acting.order.verb][0]
        return f"{title}: {report.done + report.refused:,}{of}{refused} · X stops it"

    # --------------------------------------------------------------------- verbs

    def why_not_requeue(self) -> str:
        """Only ended jobs."""
        return self._why_not("requeue")

    def do_requeue(self) -> None:
        """Run ended jobs again."""
        self._ask("requeue")

    def why_not_retry(self) -> str:
        """Only scheduled jobs."""
        return self._why_not("retry")

    def do_retry(self) -> None:
        """Let scheduled jobs run now."""
        self._ask("retry")

    def why_not_replay(self) -> str:
        """Only dead letters."""
        return self._why_not("replay")

    def do_replay(self) -> None:
        """Do dead letters' work by new jobs."""
        self._ask("replay")

    def why_not_cancel(self) -> str:
        """Only what waits or runs."""
        return self._why_not("cancel")

    def do_cancel(self) -> None:
        """End jobs that wait or run."""
        self._ask("cancel")

    def why_not_delete(self) -> str:
        """Only ended jobs."""
        return self._why_not("delete")

    def do_delete(self) -> None:
        """Forget ended jobs."""
        self._ask("delete")

    def why_not_stop(self) -> str:
        """Something must be under way."""
        return "" if self.state.acting is not None else "nothing is being done"

    def do_stop(self) -> None:
        """Do no more of what is done to many jobs."""
        self._host.stop_acting()

    # -------------------------------------------------------------------- parsers

    def _parser(self) -> str | None:
        """Return the parser that is meant: that under the cursor of its list, or of the job."""
        node: Any = self
        focused = node.focused
        if focused is not None and focused.id == "prod-parsers":
            key: str | None = focused.key
            return key
        job = node.query_one(JobsTable).job
        return None if job is None else job.parser

    def why_not_pause_parser(self) -> str:
        """There must be one, and it must be registered still."""
        if self._host.read_only:
            return READ_ONLY
        name, view = self._parser(), self.state.view
        if name is None or view is None:
            return "there is no job, whose parser that would be"
        there = any(one.name == name for one in view.parsers)
        return "" if there else f"the parser {name!r} is not registered any more"

    def do_pause_parser(self) -> None:
        """Let the parser's jobs wait, or run again."""
        name, view = self._parser(), self.state.view
        assert name is not None
        assert view is not None
        self._host.pause_parser(name, name not in view.paused)
