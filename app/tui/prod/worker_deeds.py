"""Workers, started and stopped from the pane; and parsers, registered from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from casparian.app.jobs_table import shortened
from casparian.app.tui.prod.confirm import ConfirmScreen
from casparian.app.tui.prod.job_opening import source_of
from casparian.app.tui.read_only import READ_ONLY
from casparian.core.dev_session.remembered import recall
from casparian.core.safe_text import one_line
from casparian.core.words import counted
from casparian.core.worker.local_workers import why_not_stop

if TYPE_CHECKING:
    from pathlib import Path

    from casparian.app.tui.prod.host import ProdHost, WorkerTold
    from casparian.app.tui.prod.state import ProdState
    from casparian.core.stores.workers import Worker

_START: Final = (
    "A worker begins to do the jobs of this store, with the settings of where you are. It goes on "
    "when the terminal app closes; K stops it."
)
_STOP: Final = (
    "It begins no more jobs. Those that run get the time that drain_timeout says, and are given "
    "back after that."
)


class WorkerDeeds:
    """The part of the pane that has to do with workers; a mixin for its screen."""

    state: ProdState
    _host: ProdHost

    def why_not_start_worker(self) -> str:
        """The store must be there."""
        if self._host.read_only:
            return READ_ONLY
        return "" if self.state.view is not None else "the store can't be looked at"

    def do_start_worker(self) -> None:
        """Start a worker."""
        node: Any = self

        def answered(yes: bool | None) -> None:
            if yes:
                self._host.start_worker()
                node.notify("a worker is being started…", timeout=4)

        node.app.push_screen(ConfirmScreen("Start a worker", _START), answered)

    def _worker(self) -> Worker | None:
        """Return the worker that is meant: that under the cursor of its list, or the only one."""
        node: Any = self
        workers = [] if self.state.view is None else list(self.state.view.workers)
        focused = node.focused
        if focused is not None and focused.id == "prod-workers":
            return next((one for one in workers if one.worker_id == focused.key), None)
        here = [one for one in workers if not why_not_stop(one)]
        return here[0] if len(here) == 1 else None

    def why_not_stop_worker(self) -> str:
        """It must be one of this machine, and alive."""
        if self._host.read_only:
            return READ_ONLY
        worker = self._worker()
        if worker is not None:
            return why_not_stop(worker)
        if self.state.view is None or not self.state.view.workers:
            return "there is no worker"
        return "which one? go to it in the list of workers"

    def do_stop_worker(self) -> None:
        """Ask the worker to stop."""
        node: Any = self
        worker = self._worker()
        assert worker is not None

        def answered(yes: bool | None) -> None:
            if yes:
                self._host.stop_worker(worker)

        run = counted(worker.busy, "job") + (" runs" if worker.busy == 1 else " run")
        title = f"Stop the worker {shortened(one_line(worker.host), 30)} {worker.pid}: {run}"
        node.app.push_screen(ConfirmScreen(title, _STOP), answered)

    def told_of_worker(self, event: WorkerTold) -> None:
        """Say what became of it."""
        node: Any = self
        severity = "warning" if event.is_problem else "information"
        node.app.notify(event.said, severity=severity, markup=False, timeout=8)

    def why_not_register(self) -> str:
        """Nothing may be changed that is only looked at."""
        return READ_ONLY if self._host.read_only else ""

    def do_register(self) -> None:
        """Ask for a parser: that of the cursor, or the one that was worked on last."""
        from casparian.app.tui.register.screen import RegisterScreen

        node: Any = self
        name = node._parser()

        def guess() -> Path | None:
            found = None if name is None else source_of(name)
            return found or recall().parser

        node.app.push_screen(RegisterScreen(self._host.where, guess=guess))
