"""`QuarantineScreen`: the quarantined rows of the jobs that the filter matches, by reason."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from textual import on
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from casparian.app.ages import now_ms
from casparian.app.tui.actions import Doing, bindings_of
from casparian.app.tui.dev.header import HeaderLine, Heading
from casparian.app.tui.prod.filter_bar import FilterBar
from casparian.app.tui.prod.question import Question, QuestionScreen, Scope
from casparian.app.tui.quarantine import words
from casparian.app.tui.quarantine.events import (
    QuarantineTold,
    QuarantineTrouble,
    ReasonsSeen,
    Replaying,
    RowsWanted,
)
from casparian.app.tui.quarantine.reads import PAGE
from casparian.app.tui.read_only import READ_ONLY
from casparian.app.tui.widgets.arrow_table import ArrowTable
from casparian.app.tui.widgets.key_bar import KeyBar
from casparian.app.tui.widgets.prompt import Prompt
from casparian.app.tui.widgets.saying import say
from casparian.app.tui.widgets.splitter import Splitter
from casparian.app.tui.widgets.table_area import TableArea
from casparian.app.tui.widgets.table_source import MemoryTable
from casparian.app.tui.widgets.table_view import Marks
from casparian.core.queueing.filters import parse_filter
from casparian.core.queueing.quarantine_replays import ReplayReport
from casparian.core.stores.jobs import JobFilter
from casparian.core.stores.states import why_not

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from casparian.app.tui.prod.host import ProdHost
    from casparian.app.tui.prod.pane import ProdScreen
    from casparian.app.tui.quarantine.events import QuarantineEvent, RowsSeen
    from casparian.core.queueing.reason_rows import RowInJob, RowKey
    from casparian.core.stores.quarantine import Reason, ReasonCount

#: Reasons that are listed; each has two lines.
_MOST: Final = 1_000


class QuarantineScreen(Doing, Screen[None]):
    """Reasons at the left, the rows of the one under the cursor at the right.

    What it shows comes by `tell`; the filter is the pane's.
    """

    area = "quarantine"
    BINDINGS = bindings_of("quarantine")

    def __init__(self, pane: ProdScreen, host: ProdHost) -> None:
        super().__init__()
        self._pane = pane
        self._host = host
        self._wanted = JobFilter()
        self._counts: Sequence[ReasonCount] = ()
        self._listed: list[Reason | str] = []
        self._asked: RowsWanted | None = None
        self._pages: list[RowKey | None] = [None]
        self._seen: RowsSeen | None = None
        self._replaying: Replaying | None = None
        self._at = 0

    def compose(self) -> ComposeResult:
        """What is asked, reasons, rows, and why the row under the cursor is bad."""
        yield HeaderLine(id="header")
        yield Static(id="bad-trouble", classes="trouble", markup=False)
        yield Static(id="bad-doing", classes="doing", markup=False)
        yield FilterBar(id="bad-filter")
        yield Prompt()
        with Horizontal(id="bad"):
            yield OptionList(id="bad-reasons", compact=True)
            yield Splitter("bad-reasons", "left")
            with Vertical():
                yield Static(id="bad-page", markup=False)
                yield TableArea(id="bad-rows")
                yield Static(id="bad-why", markup=False)
        yield KeyBar()

    def on_mount(self) -> None:
        """Ask for the reasons."""
        self._reasons.border_title = "Reasons"
        self._reasons.focus()
        self._count()

    def on_unmount(self) -> None:
        """Ask no more."""
        self._host.browse(None)

    def on_screen_suspend(self) -> None:
        """A job that is opened from here is looked at."""
        self._host.rest(self._pane.job_screen is None)

    def on_screen_resume(self) -> None:
        """The queue isn't seen, and need not be looked at."""
        self._host.rest(True)

    @property
    def _reasons(self) -> OptionList:
        return self.query_one("#bad-reasons", OptionList)

    @property
    def _table(self) -> ArrowTable:
        return self.query_one("#bad-rows", TableArea).table

    @property
    def row(self) -> RowInJob | None:
        """The row under the cursor."""
        rows = () if self._seen is None else self._seen.rows
        return rows[self._at] if self._at < len(rows) else None

    # -------------------------------------------------------------------- what is told

    def tell(self, event: QuarantineEvent) -> None:
        """Show an answer, unless something else is asked by now."""
        if isinstance(event, QuarantineTold):
            severity = "warning" if event.is_problem else "information"
            self.app.notify(event.said, severity=severity, markup=False, timeout=8)  # type: ignore[arg-type]
            return
        if isinstance(event, Replaying):
            self._told_replaying(event)
            return
        trouble = self.query_one("#bad-trouble", Static)
        trouble.display = isinstance(event, QuarantineTrouble)
        if isinstance(event, QuarantineTrouble):
            say(trouble, f"✗ {event.said}; it is tried again")
        elif isinstance(event, ReasonsSeen):
            if event.wanted == self._wanted:
                self._show_reasons(event)
        elif event.wanted is self._asked:
            self._show_rows(event)
        self.refresh_what_can_be_done()

    def _count(self) -> None:
        """Have the reasons of the jobs that match counted, and the rows read from the first one."""
        self._wanted = parse_filter(self._pane.state.filter, now=now_ms())
        self._reasons.border_subtitle = "counting…"
        self._asked = None
        said = self._pane.state.filter or "all jobs"
        self.query_one(HeaderLine).heading = Heading("Prod", "quarantine", "", "", said)
        self._host.browse(self._wanted)

    def _show_reasons(self, seen: ReasonsSeen) -> None:
        counts, options = seen.counts[:_MOST], self._reasons
        listed: list[Reason | str] = []
        prompts: list[Option] = []
        for parser, these in groupby(counts, key=lambda one: one.reason.parser):
            group = list(these)
            listed += [parser, *(one.reason for one in group)]
            prompts.append(Option(words.parser_prompt(parser, group), disabled=True))
            prompts += [Option(words.reason_prompt(one)) for one in group]
        here = self._reason
        if listed != self._listed:
            self._listed = listed
            options.clear_options()
            options.add_options(prompts)
            if listed:
                options.highlighted = listed.index(here) if here in listed else 1
        elif counts != self._counts:
            for at, prompt in enumerate(prompts):
                options.replace_option_prompt_at_index(at, prompt.prompt)
        self._counts = counts
        more = len(seen.counts) - len(counts)
        said = words.summary(seen.counts, is_over=seen.is_over)
        options.border_subtitle = said + (f", {more:,} more" if more else "")
        if listed:
            self._read_from(self._reason)
        else:
            self._asked = self._seen = None
            self._table.clear()
            empty = "nothing is in quarantine" if seen.is_over else "counting…"
            say(self.query_one("#bad-page", Static), empty)
            say(self.query_one("#bad-why", Static), "")
        self._say_page()

    @property
    def _reason(self) -> Reason | None:
        at = self._reasons.highlighted
        one = self._listed[at] if at is not None and at < len(self._listed) else None
        return None if isinstance(one, str) else one

    @on(OptionList.OptionHighlighted, "#bad-reasons")
    def _choose(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        self._read_from(self._reason)

    @on(OptionList.OptionSelected, "#bad-reasons")
    def _enter(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._table.focus()

    def _read_from(self, reason: Reason | None) -> None:
        """Have the first rows of a reason read, unless they are shown."""
        if reason is not None and (self._asked is None or self._asked.reason != reason):
            self._pages = [None]
            self._read(reason)

    def _read(self, reason: Reason) -> None:
        self._seen, self._at = None, 0
        self._asked = RowsWanted(self._wanted, reason, self._pages[-1])
        self._host.read_rows(self._asked)
        self._say_page()

    def _show_rows(self, seen: RowsSeen) -> None:
        is_new, self._seen = self._seen is None, seen
        marks = Marks(cells=dict.fromkeys(seen.bad, "bad"))
        count = self._count_of(seen.wanted.reason)
        self._table.show(
            MemoryTable(seen.table), marks=marks, out_of=None if count is None else count.rows
        )
        column = seen.wanted.reason.column
        names = seen.table.schema.names
        if is_new:
            self._table.move_to(0, names.index(column) if column in names else 0)
        self._say_page()
        self._explain()

    def _count_of(self, reason: Reason) -> ReasonCount | None:
        return next((one for one in self._counts if one.reason == reason), None)

    def _say_page(self) -> None:
        if self._asked is not None:
            reason, first = self._asked.reason, (len(self._pages) - 1) * PAGE
            said = words.page_text(reason, self._seen, first, self._count_of(reason))
            say(self.query_one("#bad-page", Static), said)

    @on(ArrowTable.RowHighlighted)
    def _look_at_row(self, event: ArrowTable.RowHighlighted) -> None:
        event.stop()
        self._at = event.row
        self._explain()
        self.refresh_what_can_be_done()

    def _explain(self) -> None:
        say(self.query_one("#bad-why", Static), words.why_text(self.row))

    # ------------------------------------------------------------------------- actions

    def do_back(self) -> None:
        """Go back to the queue."""
        self.dismiss(None)

    def why_not_open(self) -> str:
        """There must be a row."""
        return "" if self.row is not None else "there is no row"

    def do_open(self) -> None:
        """Show the job of the row."""
        assert self.row is not None
        self._pane.open_job(self.row.job.job_id, tab="quarantine")

    def why_not_try(self) -> str:
        """There must be a row, and a Dev pane."""
        app: Any = self.app
        return self.why_not_open() or str(app.why_not_dev())

    def do_try(self) -> None:
        """Try the row's input in the Dev pane."""
        assert self.row is not None
        self._pane.try_in_dev(self.row.job)

    def do_filter(self) -> None:
        """Ask which jobs."""
        view = self._pane.state.view
        self.query_one(FilterBar).ask(
            self._pane.state.filter,
            parsers=[one.name for one in view.parsers] if view else (),
            workers=[one.worker_id for one in view.workers] if view else (),
        )

    @on(FilterBar.Answered)
    def _filter(self, message: FilterBar.Answered) -> None:
        message.stop()
        self._reasons.focus()
        if message.text is not None and message.text != self._pane.state.filter:
            self._pane.show_those(message.text)
            self._count()

    def do_again(self) -> None:
        """Read all of it anew."""
        self._count()

    def why_not_next_page(self) -> str:
        """There must be more rows."""
        seen = self._seen
        more = seen is not None and seen.is_over and seen.after is not None
        return "" if more else "these are the last rows"

    def do_next_page(self) -> None:
        """Show the rows behind these."""
        assert self._seen is not None
        self._pages.append(self._seen.after)
        self._read(self._seen.wanted.reason)

    def why_not_previous_page(self) -> str:
        """There must be rows before."""
        return "" if len(self._pages) > 1 else "these are the first rows"

    def do_previous_page(self) -> None:
        """Show the rows before these."""
        assert self._asked is not None
        self._pages.pop()
        self._read(self._asked.reason)

    def why_not_export(self) -> str:
        """There must be a row, and files must be allowed to be written."""
        app: Any = self.app
        return self.why_not_open() or str(app.why_not_write())

    def do_export(self) -> None:
        """Ask for a file to write all of the job's rows to."""
        assert self.row is not None
        prompt: Any = self.query(Prompt).first()
        name = f"{Path(self.row.job.input_path).stem}.quarantine.parquet"
        job = self.row.job.job_id
        prompt.ask(job, f"write job {job[:8]} to", ".parquet, .csv or .jsonl", name, proposed=True)

    @on(Prompt.Answered)
    def _export_to(self, answered: Prompt.Answered) -> None:
        answered.stop()
        self._table.focus()
        if answered.text and answered.text.strip():
            path = Path(answered.text.strip()).expanduser()
            self._host.export_rows(str(answered.asked), path)

    def why_not_replay(self) -> str:
        """There must be a row, and something may be changed."""
        if self._host.read_only:
            return READ_ONLY
        if self._replaying is not None:
            return "replays are being queued still: X stops it"
        return self.why_not_open()

    def do_replay(self) -> None:
        """Ask, then queue the job's input anew, or those of all jobs that have the reason."""
        assert self.row is not None
        job = self.row.job

        wanted, reason = self._wanted, self._reason
        assert reason is not None

        def answered(scope: Scope | None) -> None:
            if scope == "these":
                self._host.replay_rows(job.job_id)
            elif scope == "all":
                self._replaying = Replaying(ReplayReport())
                self._host.replay_all_rows(wanted, reason)
                self._say_doing()

        these = f"the job {job.job_id[:8]} · {job.parser} · {Path(job.input_path).name}"
        able = not why_not("replace", job.status)
        matching = words.reason_and_filter(reason, self._pane.state.filter)
        question = QuestionScreen(Question("replace", these, int(able), matching))
        count = self._count_of(reason)
        question.counted(0 if count is None else count.jobs)
        self.app.push_screen(question, answered)

    def why_not_stop(self) -> str:
        """The inputs of many jobs must be being queued."""
        return "" if self._replaying is not None else "nothing is being done"

    def do_stop(self) -> None:
        """Queue no more of them."""
        self._host.stop_replaying()

    def _told_replaying(self, event: Replaying) -> None:
        self._replaying = None if event.is_over else event
        self._say_doing()
        if event.is_over:
            severity = "warning" if event.problem or event.report.refused else "information"
            self.app.notify(words.replayed_text(event), severity=severity, markup=False, timeout=8)  # type: ignore[arg-type]

    def _say_doing(self) -> None:
        for doing in self.query("#bad-doing").results(Static):  # none before the first paint
            doing.display = self._replaying is not None
            if self._replaying is not None:
                say(doing, words.replaying_text(self._replaying.report))
        self.refresh_what_can_be_done()
