"""The log of the job under the cursor: its newest attempt's, followed while it grows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.containers import Vertical
from textual.widgets import Static

from casparian.app.ages import now_ms
from casparian.app.tui.prod.job_cells import note_of
from casparian.app.tui.widgets.log_area import LogArea
from casparian.app.tui.widgets.log_file import LogFile
from casparian.app.tui.widgets.plain_text import plain
from casparian.core.worker.job_logs import log_path

if TYPE_CHECKING:
    from pathlib import Path

    from textual.app import ComposeResult
    from textual.timer import Timer

    from casparian.core.queueing.queue_view import QueueView
    from casparian.core.stores.jobs import Job

#: A cursor that passes by opens no logs: it must stay so long (seconds).
_STAY: Final = 0.12


class JobLog(Vertical):
    """A log that is another one as soon as the cursor is on another job."""

    def __init__(self, home: Path, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._home = home
        self._job: Job | None = None
        self._shown: tuple[str, int] | None = None
        self._timer: Timer | None = None
        self._said = ""

    def compose(self) -> ComposeResult:
        """What is said of the job, and its log."""
        note = Static(id="prod-note", markup=False)
        note.display = False
        yield note
        yield LogArea()

    def show(self, job: Job | None, view: QueueView) -> None:
        """Show the log of a job, and what matters of it."""
        self._job = job
        note = self.query_one("#prod-note", Static)
        if job is None:
            title, said = "Log", ""
        else:
            attempt = f" · attempt {job.attempt}" if job.attempt else ""
            title = f"Log of {job.job_id[:8]}{attempt}"
            said = plain(note_of(job, view, now_ms()).text)
            if not job.fence:
                said = said or "it has not run yet, and has no log"
        if title != self.border_title:
            self.border_title = title
        if said != self._said:
            self._said = said
            note.display = bool(said)
            note.update(said, layout=False)
        key = _key(job)
        if key != self._shown:
            if self._timer is not None:
                self._timer.stop()
            self._timer = self.set_timer(_STAY, self._open)

    def _open(self) -> None:
        job, self._timer = self._job, None
        if _key(job) == self._shown or not self.app.is_running:
            return
        self._shown = _key(job)
        log = self.query_one(LogArea).log_view
        if job is None or self._shown is None:
            log.reset()
        else:
            log.follow(LogFile(log_path(self._home, job)))


def _key(job: Job | None) -> tuple[str, int] | None:
    """Tell logs apart; None if there is none."""
    return None if job is None or not job.fence else (job.job_id, job.fence)
