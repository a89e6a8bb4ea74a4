"""What is run from the Dev pane, and ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.screen import Screen

if TYPE_CHECKING:
    from casparian.app.tui.dev.host import DevHost
    from casparian.app.tui.dev.state import DevState

#: A preview ends the parser after so many rows.
PREVIEW_ROWS: Final = 100


class RunActions(Screen[None]):
    """The part of the pane's actions that start runs, and end them."""

    state: DevState
    _host: DevHost

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
