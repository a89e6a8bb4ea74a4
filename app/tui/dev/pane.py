"""The Dev pane: a screen that shows a `DevState`, and passes on what a person wants."""

from __future__ import annotations

import importlib
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on, work
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import TabbedContent, TabPane, Tabs

from casparian.app.tui.actions import Doing, bindings_of
from casparian.app.tui.dev.file_actions import FileActions
from casparian.app.tui.dev.header import HeaderLine
from casparian.app.tui.dev.labels import heading_of, tab_labels
from casparian.app.tui.dev.run_actions import RunActions
from casparian.app.tui.dev.samples_list import SamplesList
from casparian.app.tui.dev.stage_bar import StageBar
from casparian.app.tui.dev.state import (
    DevState,
    after,
    begins_a_run,
    comparing_with,
    lists_otherwise,
    sample_lines,
    showing,
    stages_of,
    stepped,
    steps,
)
from casparian.app.tui.widgets.key_bar import KeyBar
from casparian.app.tui.widgets.splitter import Splitter
from casparian.core.errors import CasparianError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from textual.app import ComposeResult
    from textual.timer import Timer

    from casparian.app.tui.dev.error_tab import ErrorTab
    from casparian.app.tui.dev.host import DevHost
    from casparian.app.tui.dev.state import Against
    from casparian.app.tui.palette import Command
    from casparian.core.dev_session.events import SessionEvent

TABS = ("output", "quarantine", "log", "error", "contract", "diff")


class SessionTold(Message):
    """Something happened in the session; posted from its threads."""


class TabsLoaded(Message):
    """What the tabs need is imported."""


class RunTab(TabPane):
    """A tab; what it shows comes once that is imported."""

    def render(self) -> str:
        """Until then it is blank: Textual has a widget without children show what it is called."""
        return ""


class DevScreen(Doing, RunActions, FileActions):
    """The pane. All it shows is made from ``state``; what was drawn is a moment older."""

    SOON: ClassVar[float] = 0.2
    """Seconds that a run takes before keys are drawn that are of use while one goes on."""
    QUICK: ClassVar[float] = 0.1
    """Seconds that a run takes before it is drawn that one goes on: most are over by then."""
    LATER: ClassVar[float] = 0.05
    """Seconds until the tabs that aren't in view are made: first what is seen is painted."""

    area = "dev"
    BINDINGS = bindings_of("dev")

    def __init__(self, host: DevHost) -> None:
        super().__init__()
        self._host = host
        self._has_begun = False
        self._heard: SimpleQueue[SessionEvent] = SimpleQueue()
        self._tabbed: TabbedContent | None = None
        self._wanted: tuple[Path, Path] | None = None
        self.state = DevState()
        self._drawn = self.state
        self._soon: Timer | None = None

    def commands(self) -> Sequence[Command]:
        """Return what the palette has of the parsers of before."""
        from casparian.app.tui.dev.parser_commands import parser_commands

        return parser_commands(self._host, self.state.parser)

    def compose(self) -> ComposeResult:
        """Header, samples at the left, the run at the right, the keys below."""
        yield HeaderLine(id="header")
        with Horizontal(id="dev"):
            yield SamplesList(id="samples")
            yield Splitter("samples", "left")
            with Vertical(id="run"):
                yield StageBar(id="stages")

    def on_mount(self) -> None:
        """Begin to listen."""
        self.query_one(SamplesList).focus()
        # What takes long to import, or to lay out, comes after the first paint; and before the app
        # itself is ready nothing is painted.
        self.app.call_later(self.call_after_refresh, self._begin)

    async def _begin(self) -> None:
        if not self.is_attached:
            return  # somebody is leaving
        self._host.start(self._hear)
        self._has_begun = True
        if self._wanted is not None:
            self.take(*self._wanted)
        self._load_tabs()
        tabs = TabbedContent(initial="output", id="tabs")
        for name in TABS:
            tabs.compose_add_child(RunTab(name.capitalize(), id=name))
        self._tabbed = tabs
        with self.app.batch_update():
            await self.query_one("#run").mount(tabs)
            await self.mount(KeyBar())

    def take(self, parser: Path, sample: Path) -> None:
        """Take another parser, and a file to try it on, as soon as the session has begun."""
        self._wanted = (parser, sample)
        if self._has_begun:
            self._host.choose(parser, (sample,))

    @work(thread=True)
    def _load_tabs(self) -> None:
        importlib.import_module("casparian.app.tui.dev.tabs").get_ready()
        self.post_message(TabsLoaded())

    @on(TabsLoaded)
    async def _fill_tabs(self) -> None:
        from casparian.app.tui.dev.tabs import RunTabs

        tabs = RunTabs()
        for name, widget in tabs.by_name():
            pane = self.query_one(f"#{name}", TabPane)
            if not pane.is_attached:
                return  # as above
            await pane.mount(widget)
            if not widget.is_mounted:
                return
        self.tabs = tabs
        tabs.show(self.state)
        self.refresh_bindings()

    def on_unmount(self) -> None:
        """End what runs."""
        self._host.close()

    def _hear(self, event: SessionEvent) -> None:
        """Take an event from one of the session's threads."""
        self._heard.put(event)
        self.post_message(SessionTold())

    @on(SessionTold)
    def _told(self) -> None:
        if not self.app.is_running:
            return  # it ends, and what would show it goes part by part
        # A quick run tells ten things in as many milliseconds: what came until now is shown at once
        # and not one after the other, which would take longer than the run.
        state = self.state
        while not self._heard.empty():
            state = after(state, self._heard.get())
        if state is self.state:
            return
        self.state = state
        if not begins_a_run(self._drawn, state):
            self._draw()
        elif self._soon is None:
            # To draw it takes as long as a quick run, whose rows would have to wait for that.
            self._soon = self.set_timer(self.QUICK, self._draw)

    @on(SamplesList.Chosen)
    def _choose(self, message: SamplesList.Chosen) -> None:
        if message.path != self.state.shown:
            self._become(showing(self.state, message.path))
            self._host.show(message.path)

    def on_error_tab_wanted(self, message: ErrorTab.Wanted) -> None:
        """Open the editor at a line of the traceback."""
        self._outside.edit(message.file, message.line)

    def _become(self, state: DevState) -> None:
        self.state = state
        self._draw()

    def _draw(self) -> None:
        """Draw what is not drawn yet."""
        if not self.app.is_running:
            return  # as above
        if self._soon is not None:
            self._soon.stop()
            self._soon = None
        state = self.state
        before, self._drawn = self._drawn, state
        if lists_otherwise(before, state):
            self.query_one(SamplesList).show(sample_lines(state), state.shown)
        self.query_one(StageBar).stages = stages_of(state)
        self.query_one(HeaderLine).heading = heading_of(state)
        self._draw_tabs(self.tab)
        self.set_timer(self.LATER, self._draw_tabs)
        result = state.result
        if result is not before.result:
            self._label_tabs()
        if self.tab == "diff":
            self._ask_for_comparison()
        self.look_at_level()
        self._time_run()
        if state.running is None or result is not before.result:
            self.refresh_what_can_be_done()
        elif state.running is not before.running:
            # A run that is over in no time changes no key.
            self.set_timer(self.SOON, self.refresh_what_can_be_done)

    def _draw_tabs(self, tab: str = "") -> None:
        """Draw what is in a tab, or in all of them that show something older."""
        if self.tabs is not None and self.app.is_running:
            self.tabs.show(self._drawn, only=tab)

    def _label_tabs(self) -> None:
        """Say on the tabs what is behind them."""
        tabs = self.query_one(TabbedContent)
        for name, label in tab_labels(self.state.result).items():
            tab = tabs.get_tab(name)
            if tab.label_text != label:  # another label lays all tabs out anew
                tab.label = label

    @property
    def store(self) -> str:
        """Where parsers are registered."""
        return self._host.store

    @property
    def tab(self) -> str:
        """The name of the tab in view."""
        return "" if self._tabbed is None else self._tabbed.active

    # -------------------------------------------------------------------- looking

    def do_older(self) -> None:
        """Show the run before."""
        self._become(stepped(self.state, -1))

    def why_not_older(self) -> str:
        """There must be one."""
        return "" if steps(self.state)[0] > 0 else "there is no earlier run of this sample"

    def do_newer(self) -> None:
        """Show the run after."""
        self._become(stepped(self.state, 1))

    def why_not_newer(self) -> str:
        """There must be one."""
        return "" if self.state.stepped is not None else "this is the newest run"

    def do_next_sample(self) -> None:
        """Go to the next sample."""
        self.query_one(SamplesList).action_move(1)

    def do_previous_sample(self) -> None:
        """Go to the sample before."""
        self.query_one(SamplesList).action_move(-1)

    def do_next_error(self) -> None:
        """Go to what is wrong, then from bad row to bad row."""
        self._go_to_problem(1)

    def do_previous_error(self) -> None:
        """The same, backwards."""
        self._go_to_problem(-1)

    def why_not_next_error(self) -> str:
        """There must be something wrong."""
        result = self.state.result
        if result is None or (result.report.error is None and not result.report.quarantine_total):
            return "nothing is wrong with this run"
        return ""

    def why_not_previous_error(self) -> str:
        """There must be something wrong."""
        return self.why_not_next_error()

    def _go_to_problem(self, by: int) -> None:
        result = self.state.result
        assert result is not None
        if not result.report.quarantine_total:
            self._open_tab("error")
        elif self.tab == "quarantine" and self.tabs is not None:
            self.tabs.quarantine.next_row(by)
        else:
            self._open_tab("quarantine")

    def _open_tab(self, name: str) -> None:
        self.query_one(TabbedContent).active = name
        pane = self.query_one(f"#{name}", TabPane)
        parts = (node for node in pane.query("*") if node.focusable and node.display)
        first = next((node for node in parts if not isinstance(node, Tabs)), None)
        if first is not None:
            first.focus()

    def do_tab_output(self) -> None:
        """Show the output; if that is where one is, the next one of several."""
        output = None if self.tabs is None else self.tabs.output
        is_there = self.focused is not None and output in self.focused.ancestors_with_self
        if not (is_there and output is not None and output.show_next()):
            self._open_tab("output")

    def do_tab_quarantine(self) -> None:
        """Show the quarantine."""
        self._open_tab("quarantine")

    def do_tab_log(self) -> None:
        """Show the log."""
        self._open_tab("log")

    def do_tab_error(self) -> None:
        """Show the error."""
        self._open_tab("error")

    def do_tab_contract(self) -> None:
        """Show the contract."""
        self._open_tab("contract")

    def do_tab_diff(self) -> None:
        """Show what changed."""
        self._open_tab("diff")

    @on(TabbedContent.TabActivated)
    def _tab_opened(self, event: Any) -> None:
        self._draw_tabs(self.tab)
        self.refresh_what_can_be_done()
        if self.tab == "diff":
            self._ask_for_comparison()

    def _ask_for_comparison(self) -> None:
        state = self.state
        before = None if self.tabs is None else self.tabs.diff.wanted(state)
        if before is not None and state.result is not None:
            self._host.compare(before, state.result.run)
        elif state.lacks_registered:
            self._run_registered()

    def why_not_against(self) -> str:
        """Only what has run and may be registered can be compared."""
        if self.state.result is None:
            return "there is no run yet"
        return "a bare function can't be registered" if self._is_bare() else ""

    def do_against(self) -> None:
        """Compare with the registered version, or with the run before."""
        other: Against = "before" if self.state.against == "registered" else "registered"
        self._become(comparing_with(self.state, other))
        self._open_tab("diff")

    @work(thread=True, exclusive=True, group="registered")
    def _run_registered(self) -> None:
        result = self.state.result
        assert result is not None
        try:
            self._host.run_registered(result.report.parser_name, result.sample)
        except (CasparianError, OSError) as error:
            self.app.call_from_thread(self._not_registered, error)

    def _not_registered(self, error: Exception) -> None:
        self._become(comparing_with(self.state, "before"))
        self.notify(str(error), severity="warning", markup=False)

    # -------------------------------------------------------------------- choosing

    def do_open(self) -> None:
        """Choose a parser and samples."""
        from casparian.app.tui.dev.chooser import Choice, ChooserScreen

        def chosen(choice: Choice | None) -> None:
            if choice is not None:
                self.work_on(choice.parser, choice.samples)

        self.app.push_screen(
            ChooserScreen(self.state.parser, self.state.samples, self.store), chosen
        )
