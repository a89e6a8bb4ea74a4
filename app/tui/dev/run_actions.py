"""What is run from the Dev pane, and ended."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from textual.screen import Screen

from casparian.app.tui.dev.state import DevState, taking_long

if TYPE_CHECKING:
    from textual.timer import Timer

    from casparian.app.tui.dev.host import DevHost

#: A preview ends the parser after so many rows.
PREVIEW_ROWS: Final = 100


#: When it is told that a run goes on: a loop without end looks like a long one. Nothing counts.
LONG: Final = {5: "5 s", 15: "15 s", 60: "a minute", 300: "5 minutes", 1800: "half an hour"}


class RunActions(Screen[None]):
    """The part of the pane's actions that start runs, and end them."""

    state: DevState
    _host: DevHost
    _timed: tuple[int, Timer] | None = None

    def _time_run(self) -> None:
        """Tell how long the run under way takes, once it takes long."""
        running = self.state.running
        if self._timed is not None:
            run, timer = self._timed
            if running is not None and running.run == run:
                return
            timer.stop()
            self._timed = None
        if running is not None:
            self._wait(running.run, 0, [*LONG])

    def _wait(self, run: int, since: int, times: list[int]) -> None:
        if times:
            then = partial(self._tell_length, run, times)
            self._timed = run, self.set_timer(times[0] - since, then)

    def _tell_length(self, run: int, times: list[int]) -> None:
        self._become(taking_long(self.state, run, LONG[times[0]]))
        if self.state.running is not None and self.state.running.run == run:
            self._wait(run, times[0], times[1:])

    def _become(self, state: DevState) -> None:
        raise NotImplementedError

    def why_not_rerun(self) -> str:
        """Without a sample there is nothing to run."""
        if self.state.parser is None:
            return "no parser is chosen: o opens one"
        return "" if self.state.shown is not None else "there is no sample: o adds some"

    def do_rerun(self) -> None:
        """Run the sample again."""
        self._host.run(self.state.shown)

    def why_not_preview(self) -> str:
        """As for all of it."""
        return self.why_not_rerun()

    def do_preview(self) -> None:
        """Run the sample until its first rows are there."""
        self._host.run(self.state.shown, first_rows=PREVIEW_ROWS)

    def why_not_run_all(self) -> str:
        """As for one."""
        return self.why_not_rerun()

    def do_run_all(self) -> None:
        """Run every sample."""
        self._host.run_all()

    def why_not_cancel(self) -> str:
        """Only what runs can be ended."""
        return "" if self.state.running is not None else "nothing runs"

    def do_cancel(self) -> None:
        """End what runs."""
        self._host.cancel()

    def do_pause(self) -> None:
        """Stop running at each save, or go on."""
        self._host.pause_watching(not self.state.watching.paused)
