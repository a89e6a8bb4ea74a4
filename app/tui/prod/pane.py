"""The Prod pane: a screen that shows a `ProdState`, and passes on what a person wants."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from rich.markup import escape
from rich.text import Text
from textual import on
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Static

from casparian.app.ages import now_ms
from casparian.app.tui.actions import Doing, bindings_of
from casparian.app.tui.dev.header import HeaderLine, Heading
from casparian.app.tui.prod.file_deeds import FileDeeds
from casparian.app.tui.prod.filter_bar import FilterBar
from casparian.app.tui.prod.host import (
    Acted,
    Counted,
    JobSeen,
    ParserTold,
    PathsFound,
    Previewed,
    Queueing,
    WorkerTold,
)
from casparian.app.tui.prod.job_deeds import JobDeeds
from casparian.app.tui.prod.job_log import JobLog
from casparian.app.tui.prod.job_opening import JobOpening
from casparian.app.tui.prod.jobs_table import JobsTable
from casparian.app.tui.prod.order_screen import OrderScreen
from casparian.app.tui.prod.order_screen import why_not as why_no_order
from casparian.app.tui.prod.pane_text import counts_text, how_many, why_none
from casparian.app.tui.prod.rate_chart import RateChart
from casparian.app.tui.prod.rate_deeds import RateDeeds
from casparian.app.tui.prod.side_list import (
    SideList,
    parser_lines,
    state_lines,
    worker_lines,
)
from casparian.app.tui.prod.state import ProdState, after, trouble_text, updated
from casparian.app.tui.prod.worker_deeds import WorkerDeeds
from casparian.app.tui.quarantine.events import QuarantineEvent
from casparian.app.tui.widgets.key_bar import KeyBar
from casparian.app.tui.widgets.plain_text import plain
from casparian.app.tui.widgets.prompt import Prompt
from casparian.app.tui.widgets.splitter import Splitter
from casparian.core.queueing.filters import parse_filter, toggled
from casparian.core.queueing.job_order import order_by, spot_of
from casparian.core.queueing.queue_view import Look

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult
    from textual.timer import Timer

    from casparian.app.tui.palette import Command
    from casparian.app.tui.prod.host import HostEvent, ProdHost
    from casparian.core.queueing.job_order import JobOrder, Place
    from casparian.core.stores.jobs import JobFilter

#: How often ages are drawn anew, in seconds.
_TICK: Final = 1.0
#: The least number of jobs that are read each way of the cursor.
_REACH: Final = 100
_MINUTE: Final = 60_000


class HostTold(Message):
    """Something was seen in the store; posted from the host's thread."""

    def __init__(self, event: HostEvent) -> None:
        super().__init__()
        self.event = event


class ProdScreen(JobDeeds, JobOpening, WorkerDeeds, FileDeeds, RateDeeds, Doing, Screen[None]):
    """The pane. All it shows is made from ``state``, which only `_become` changes."""

    area = "prod"
    BINDINGS = bindings_of("prod")

    def __init__(self, host: ProdHost) -> None:
        super().__init__()
        self._host = host
        self._look = Look(reach=_REACH)
        self.state = ProdState()
        self._said_counts = Text()
        self._ticking: Timer | None = None

    @property
    def host(self) -> ProdHost:
        """Whoever looks at the store."""
        return self._host

    def commands(self) -> Sequence[Command]:
        """Return what the palette has of the store's parsers."""
        from casparian.app.tui.prod.job_commands import parser_commands

        return parser_commands(self)

    def compose(self) -> ComposeResult:
        """Header, what is wrong, the jobs with what stands beside them, the log, the keys."""
        yield HeaderLine(id="header")
        yield Static(id="prod-trouble", markup=False)
        with Horizontal(id="prod"):
            with Vertical(id="prod-main"):
                yield Static(id="prod-counts", markup=False)
                yield Static(id="prod-doing", markup=False)
                yield FilterBar(id="prod-filter")
                yield Prompt()
                yield JobsTable(id="jobs")
                yield Splitter("prod-log", "below")
                yield JobLog(self._host.home, id="prod-log")
            yield Splitter("prod-side", "right")
            with Vertical(id="prod-side"):
                yield SideList("States", id="prod-states")
                yield SideList("Parsers", id="prod-parsers")
                yield SideList("Workers", id="prod-workers")
                yield RateChart(id="prod-rates")
        yield KeyBar()

    def on_mount(self) -> None:
        """Begin to look."""
        self.query_one(JobsTable).focus()
        self._host.look(self._look)
        self._host.start(self._hear)
        self.watch(self.app, "app_focus", self._focus_changed, init=False)
        if not self.app.app_focus:
            self._focus_changed(False)
        self._say()
        self._tick()

    def on_unmount(self) -> None:
        """Look no more."""
        self._host.close()

    def on_screen_suspend(self) -> None:
        """Rest while something else is shown that is none of the queue."""
        self._host.rest(self.job_screen is None)

    def on_screen_resume(self) -> None:
        """Look again."""
        self._host.rest(self.state.paused)

    def _focus_changed(self, has_focus: bool) -> None:
        """Look and draw less often while another window is worked in, and at once after that."""
        self._become(replace(self.state, away=not has_focus))
        self._host.every(self.state.rate)
        if has_focus:
            if not self.state.paused and (self.is_current or self.job_screen is not None):
                self._host.rest(False)
            if self._ticking is not None:
                self._ticking.stop()
            self._tick()

    def _hear(self, event: HostEvent) -> None:
        """Take an event from the host's thread."""
        self.post_message(HostTold(event))

    @on(HostTold)
    def _told(self, message: HostTold) -> None:
        if not self.app.is_running:
            return  # it ends, and what would show it goes part by part
        event = message.event
        self._become(after(self.state, event))
        if isinstance(event, Counted | Acted | ParserTold):
            self.told_of_deed(event)
        elif isinstance(event, WorkerTold):
            self.told_of_worker(event)
        elif isinstance(event, PathsFound | Previewed | Queueing):
            self.told_of_files(event)
        elif isinstance(event, QuarantineEvent):
            self.told_of_quarantine(event)
        elif isinstance(event, JobSeen) and self.job_screen and self.job_screen.is_mounted:
            self.job_screen.show(event)  # one that isn't mounted yet asks for its job then
        if self.job_screen is not None:
            self.job_screen.refresh_bindings()

    def _become(self, state: ProdState) -> None:
        before, self.state = self.state, state
        view, table = state.view, self.query_one(JobsTable)
        if view is not None and (view is not before.view or state.marked is not before.marked):
            if table.misses_its_job(view):
                self._look_around()
            else:
                table.show(view, now_ms(), marked=state.marked, empty=why_none(state))
                self.query_one(JobLog).show(table.job, view)
        if view is not None and view is not before.view:
            self._show_side()
            self.refresh_what_can_be_done()
        self.query_one(RateChart).rates = state.throughput
        if state.acting is not before.acting:
            doing = self.query_one("#prod-doing", Static)
            doing.display = state.acting is not None
            doing.update(self.doing(), layout=False)
            self.refresh_what_can_be_done()
        if state.marked is not before.marked:
            self.refresh_what_can_be_done()
        if state.trouble is not before.trouble:
            self._show_trouble()
        self._say()

    def _show_side(self) -> None:
        view = self.state.view
        assert view is not None
        self.query_one("#prod-states", SideList).show(state_lines(view))
        parsers = self.query_one("#prod-parsers", SideList)
        parsers.show(parser_lines(view))
        parsers.remark("" if view.parsers else "none: R registers one")
        workers = self.query_one("#prod-workers", SideList)
        workers.show(worker_lines(view, now_ms()))
        alive = any(one.worker_id not in view.dead for one in view.workers)
        none = "all gone" if view.workers else "none"
        workers.remark("" if alive else f"{none}: W starts one")
        counts = counts_text(view, self.size.width)
        if counts != self._said_counts:
            self._said_counts = counts
            self.query_one("#prod-counts", Static).update(counts, layout=False)

    def _show_trouble(self) -> None:
        trouble, banner = self.state.trouble, self.query_one("#prod-trouble", Static)
        banner.display = trouble is not None
        if trouble is not None:
            banner.update(trouble_text(trouble))
        if self.job_screen is not None:
            self.job_screen.show_trouble(trouble)

    def _say(self) -> None:
        """Bring header and borders up to date."""
        state, table = self.state, self.query_one(JobsTable)
        said = updated(state, now_ms())
        self.query_one(HeaderLine).heading = Heading(
            "Prod", self._host.where, "", "", said, state.trouble is not None or state.paused
        )
        title = f"Jobs · {plain(state.filter)}" if state.filter else "Jobs"
        # Whatever is set is drawn, so what stays as it is is not set.
        if (escaped := escape(title)) != table.border_title:
            table.border_title = escaped
        if (many := how_many(state)) != table.border_subtitle:
            table.border_subtitle = many

    def _tick(self) -> None:
        """Draw ages anew; each time only once the last is done."""
        if not self.app.is_running:
            return  # as above
        if self.is_current and self.state.view is not None:
            now = now_ms()
            self.query_one(JobsTable).tick(now)
            self.query_one("#prod-workers", SideList).show(worker_lines(self.state.view, now))
        if self.is_current:
            self._take_filter(self.state.filter)
            self._say()
        self._ticking = self.set_timer(self.state.rate if self.state.away else _TICK, self._tick)

    # --------------------------------------------------------------------- looking

    @on(JobsTable.Moved)
    def _moved(self, message: JobsTable.Moved) -> None:
        view = self.state.view
        if view is not None:
            self.query_one(JobLog).show(message.job, view)
        self._look_around()
        self.refresh_what_can_be_done()

    @on(JobsTable.EndWanted)
    def _end_wanted(self, message: JobsTable.EndWanted) -> None:
        self._look_at(message.end)

    def _look_around(self) -> None:
        """Have the jobs around the cursor looked at: from the beginning if that is in sight."""
        table = self.query_one(JobsTable)
        if table.job is not None:
            view = self.state.view
            near = table.at_beginning and not (view is not None and table.misses_its_job(view))
            self._look_at("first" if near else spot_of(table.job))

    def _look_at(self, place: Place) -> None:
        reach = max(_REACH, 3 * self.query_one(JobsTable).page)
        self._take_look(replace(self._look, place=place, reach=reach))

    def _take_look(self, look: Look) -> None:
        if look != self._look:
            self._look = look
            self._host.look(look)

    @on(JobsTable.Opened)
    def _open_clicked(self, message: JobsTable.Opened) -> None:
        self.open_job(message.job.job_id)

    @on(Prompt.Answered)
    def _answer(self, answered: Prompt.Answered) -> None:
        self.query_one(JobsTable).focus()
        text = (answered.text or "").strip()
        if text and answered.asked == "job":
            self.find_job(text)

    def matching(self) -> JobFilter | None:
        """Return which jobs are shown."""
        return self._look.filter

    # -------------------------------------------------------------- which jobs are shown

    def do_filter(self) -> None:
        """Ask for a filter."""
        view = self.state.view
        self.query_one(FilterBar).ask(
            self.state.filter,
            parsers=[one.name for one in view.parsers] if view else (),
            workers=[one.worker_id for one in view.workers] if view else (),
        )

    @on(FilterBar.Answered)
    def _filter(self, message: FilterBar.Answered) -> None:
        self.query_one(JobsTable).focus()
        if message.text is not None and message.text != self.state.filter:
            self.show_those(message.text)

    @on(SideList.Wanted)
    def _filter_by(self, message: SideList.Wanted) -> None:
        field = {"prod-states": "status", "prod-parsers": "parser", "prod-workers": "worker"}
        self.show_those(toggled(self.state.filter, field[str(message.list.id)], message.key))

    def show_those(self, text: str) -> None:
        """Show the jobs that pass a filter, from the first one."""
        self._become(replace(self.state, filter=text))
        self.query_one(JobsTable).forget()
        self._take_filter(text, place="first")

    def _take_filter(self, text: str, **other: Any) -> None:
        """Have a filter looked by; what it says of times moves on by whole minutes."""
        wanted = parse_filter(text, now=now_ms() // _MINUTE * _MINUTE)
        self._take_look(replace(self._look, filter=wanted, **other))

    def do_sort(self) -> None:
        """Ask by what the jobs are to be sorted."""

        def answered(order: JobOrder | None) -> None:
            if order is not None:
                self._take_order(order)

        total = None if self.state.view is None else self.state.view.total
        self.app.push_screen(OrderScreen(self._look.order, total), answered)

    def do_reverse(self) -> None:
        """Turn the order around."""
        self._take_order(self._look.order.reversed)

    @on(JobsTable.OrderWanted)
    def _sort_by(self, message: JobsTable.OrderWanted) -> None:
        now, wanted = self._look.order, order_by(message.key)
        order = now.reversed if now.by == wanted.by else wanted
        reason = why_no_order(order, None if self.state.view is None else self.state.view.total)
        if reason:
            self.notify(reason, severity="warning", markup=False, timeout=4)
        else:
            self._take_order(order)

    def _take_order(self, order: JobOrder) -> None:
        self.query_one(JobsTable).forget()
        self._take_look(replace(self._look, order=order, place="first"))

    def why_not_mark(self) -> str:
        """There must be a job."""
        return "" if self.query_one(JobsTable).job is not None else "there is no job"

    def do_mark(self) -> None:
        """Mark the job, or not, and go to the next one."""
        table, marked = self.query_one(JobsTable), dict(self.state.marked)
        assert table.job is not None
        if marked.pop(table.job.job_id, None) is None:
            marked[table.job.job_id] = table.job
        self._become(replace(self.state, marked=marked))
        table.action_move(1)

    def why_not_clear(self) -> str:
        """There must be marks, or a filter."""
        there = self.state.marked or self.state.filter
        return "" if there else "no job is marked, and there is no filter"

    def do_clear(self) -> None:
        """Let go of the marks; if there are none, of the filter."""
        if self.state.marked:
            self._become(replace(self.state, marked={}))
        else:
            self.show_those("")
