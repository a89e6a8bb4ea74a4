"""`JobScreen`: all of one job, live."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from rich.text import Text
from textual import on
from textual.containers import Horizontal, VerticalScroll
from textual.screen import Screen
from textual.widgets import OptionList, Static, TabbedContent, TabPane
from textual.widgets.option_list import Option

from casparian.app.ages import now_ms
from casparian.app.job_states import shown_state
from casparian.app.job_view import attempt_line
from casparian.app.tui.actions import Doing, bindings_of
from casparian.app.tui.dev.header import HeaderLine, Heading
from casparian.app.tui.prod.job_deeds import JobDeeds
from casparian.app.tui.prod.job_text import overview
from casparian.app.tui.prod.state import trouble_text
from casparian.app.tui.widgets.key_bar import KeyBar
from casparian.app.tui.widgets.log_area import LogArea
from casparian.app.tui.widgets.log_file import LogFile
from casparian.app.tui.widgets.table_area import TableArea
from casparian.app.tui.widgets.table_source import (
    MemoryTable,
    ParquetTable,
    UnreadableTableError,
)
from casparian.core.safe_text import one_line
from casparian.core.words import counted
from casparian.core.worker.job_logs import log_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from casparian.app.tui.prod.host import JobSeen, ProdHost, Trouble
    from casparian.app.tui.prod.pane import ProdScreen
    from casparian.app.tui.prod.state import ProdState
    from casparian.core.queueing.bulk import Order
    from casparian.core.queueing.job_details import JobDetails
    from casparian.core.stores.jobs import Job
    from casparian.core.stores.quarantine import QuarantinedRow


class JobScreen(JobDeeds, Doing, Screen[None]):
    """One job; ``wanted`` is the beginning of its id. What is done to it is done by the pane."""

    area = "job"
    BINDINGS = bindings_of("job")

    def __init__(
        self, pane: ProdScreen, host: ProdHost, wanted: str, *, tab: str = "overview"
    ) -> None:
        super().__init__()
        self._first = f"job-{tab}"
        self._pane = pane
        self._host = host
        self._wanted = wanted
        self.details: JobDetails | None = None
        self._rows: Sequence[QuarantinedRow] = ()
        self._log: tuple[str, int] | None = None
        self._fences: list[int] = []
        self._files: list[tuple[str, Path | None, str]] = []
        self._open: ParquetTable | None = None
        self._shown_file: Path | None = None

    @property
    def state(self) -> ProdState:  # type: ignore[override]
        """The pane's."""
        return self._pane.state

    def compose(self) -> ComposeResult:
        """A line that says which job, and its parts."""
        yield HeaderLine(id="header")
        yield Static(id="job-trouble", classes="trouble", markup=False)
        with TabbedContent(id="job-tabs", initial=self._first):
            with TabPane("Overview", id="job-overview"), VerticalScroll(id="job-scroll"):
                yield Static(id="job-facts", markup=False)
            with TabPane("Log", id="job-log"), Horizontal():
                yield OptionList(id="job-attempts", compact=True)
                yield LogArea()
            with TabPane("Quarantine", id="job-quarantine"):
                yield Static(id="job-groups", markup=False)
                yield TableArea(id="job-rows")
            with TabPane("Output", id="job-output"), Horizontal():
                yield OptionList(id="job-files", compact=True)
                yield TableArea(id="job-output-rows")
        yield KeyBar()

    def on_mount(self) -> None:
        """Ask for the job."""
        self.query_one("#job-attempts", OptionList).border_title = "Attempts"
        self.query_one("#job-files", OptionList).border_title = "Outputs"
        self._tab(self._first)
        self._say("looking for it…")
        self.show_trouble(self.state.trouble)
        self._host.look_at_job(self._wanted)

    def on_unmount(self) -> None:
        """Let go of files, and look at it no more."""
        if self._pane.job_screen in (None, self):  # and not another one that was opened from it
            self._host.look_at_job(None)
        if self._open is not None:
            self._open.close()

    def show(self, seen: JobSeen) -> None:
        """Show the job as it is now."""
        if seen.details is None:
            self.details = None
            self._say(seen.problem)
            self.query_one("#job-facts", Static).update(Text(seen.problem, "bold"))
            self.refresh_bindings()
            return
        before, self.details, self._rows = self.details, seen.details, seen.rows
        job = seen.details.job
        self._wanted = job.job_id
        self._say("")
        self.query_one("#job-facts", Static).update(overview(seen.details, now_ms()))
        self._show_attempts(seen.details)
        if before is None or before.quarantine != seen.details.quarantine:
            self._show_quarantine(seen.details)
        self._show_files(seen.details)
        self.refresh_bindings()

    def show_trouble(self, trouble: Trouble | None) -> None:
        """Say that the store can't be looked at: what is shown is how the job was then."""
        for banner in self.query("#job-trouble").results(Static):  # none before it is drawn
            banner.display = trouble is not None
            if trouble is not None:
                banner.update(trouble_text(trouble))

    def _say(self, said: str) -> None:
        job = None if self.details is None else self.details.job
        name, version = f"job {self._wanted}", ""
        if job is not None:
            name = f"job {job.job_id}  {shown_state(job.status, marks=True)}"
            version = f"  {job.parser} {job.parser_version}"
            said = Path(job.input_path).name
        heading = Heading("Prod", name, version, "", one_line(said), job is None)
        self.query_one(HeaderLine).heading = heading

    # ------------------------------------------------------------------------ log

    def _show_attempts(self, details: JobDetails) -> None:
        options, now = self.query_one("#job-attempts", OptionList), now_ms()
        fences = [attempt.fence for attempt in details.attempts]
        lines = [
            Text(attempt_line(number, attempt, now).plain.strip())
            for number, attempt in enumerate(details.attempts, 1)
        ]
        options.display = len(fences) > 1
        if fences == self._fences:
            for index, line in enumerate(lines):
                options.replace_option_prompt_at_index(index, line)
        else:
            at = options.highlighted
            if at is None or at == len(self._fences) - 1:  # the newest was looked at
                at = len(fences) - 1
            self._fences = fences
            options.clear_options()
            options.add_options([Option(line) for line in lines])
            if fences:
                options.highlighted = at
                self._follow(details.job, fences[at])

    @on(OptionList.OptionHighlighted, "#job-attempts")
    def _choose_attempt(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        if self.details is not None and event.option_index < len(self._fences):
            self._follow(self.details.job, self._fences[event.option_index])

    def _follow(self, job: Job, fence: int) -> None:
        if self._log != (job.job_id, fence):
            self._log = (job.job_id, fence)
            path = log_path(self._host.home, job, fence=fence)
            self.query_one(LogArea).log_view.follow(LogFile(path))

    # ----------------------------------------------------------------- quarantine

    def _show_quarantine(self, details: JobDetails) -> None:
        tabs, total = self.query_one(TabbedContent), details.quarantined_rows
        label = f"Quarantine {total:,}" if total else "Quarantine"
        tabs.get_tab("job-quarantine").label = label
        text = Text()
        for group in details.quarantine:
            cells = "cell" if group.cells == 1 else "cells"
            text.append(f" {group.output}.{group.column}", "bold")
            text.append(f"  {group.error_type}  {group.cells:,} {cells}: ")
            text.append(one_line(group.message) + "\n", "dim")
        self.query_one("#job-groups", Static).update(text or Text(" no row is in quarantine"))
        table = self.query_one("#job-rows", TableArea).table
        if self._rows:
            table.show(MemoryTable(_as_table(self._rows)), out_of=total)
        else:
            table.clear()

    # -------------------------------------------------------------------- outputs

    def _show_files(self, details: JobDetails) -> None:
        """List what was published; of a database only what went where."""
        published = details.published
        files: list[tuple[str, Path | None, str]] = []
        for one in () if published is None else published.outputs:
            assert published is not None
            said = counted(one.rows, "row") + (f" !{one.quarantined:,}" if one.quarantined else "")
            path = None if one.file is None else published.place / one.file
            files.append((f"{one.name}  {said}", path, one.table or ""))
        options = self.query_one("#job-files", OptionList)
        if files != self._files:
            self._files = files
            options.clear_options()
            options.add_options([Option(Text(one_line(name))) for name, _, _ in files])
            if files:
                options.highlighted = 0
            else:
                self._preview(None)
        options.border_subtitle = "" if files else "nothing is published"

    @on(OptionList.OptionHighlighted, "#job-files")
    def _choose_file(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        if event.option_index < len(self._files):
            _, path, table = self._files[event.option_index]
            said = f"in the table {table} of a database" if table else ""
            if path is not None and not path.is_file():
                said, path = "its file is there no more", None
            self.query_one("#job-files", OptionList).border_subtitle = said
            self._preview(path)

    def _preview(self, path: Path | None) -> None:
        if path == self._shown_file and self._open is not None:
            return
        table, before = self.query_one("#job-output-rows", TableArea).table, self._open
        self._shown_file, self._open = path, None
        if path is None or path.suffix != ".parquet":
            table.clear()
        else:
            try:
                self._open = ParquetTable(path)
                table.show(self._open)
            except UnreadableTableError as error:
                table.clear()
                self.notify(error.message, severity="warning", markup=False)
        if before is not None:
            before.close()

    # -------------------------------------------------------------------- actions

    def began(self, order: Order) -> None:
        """The pane tells how far it is."""
        self._pane.began(order)

    def chosen(self) -> Sequence[Job]:
        """Return the job."""
        return [] if self.details is None else [self.details.job]

    def _parser(self) -> str | None:
        return None if self.details is None else self.details.job.parser

    def do_back(self) -> None:
        """Go back to the queue."""
        self.dismiss(None)

    def why_not_try(self) -> str:
        """There must be a job, and a Dev pane."""
        node: Any = self
        there = self.details is not None
        return str(node.app.why_not_dev()) if there else "there is no such job"

    def do_try(self) -> None:
        """Try the job's input in the Dev pane."""
        assert self.details is not None
        self._pane.try_in_dev(self.details.job)

    def _tab(self, name: str) -> None:
        self.query_one(TabbedContent).active = name
        inside = self.query_one(f"#{name}", TabPane).query("*")
        wanted: Any = [node for node in inside if node.focusable]
        if wanted:
            wanted[0].focus()

    def do_tab_overview(self) -> None:
        """Show what is known of it."""
        self._tab("job-overview")

    def do_tab_log(self) -> None:
        """Show the log."""
        self._tab("job-log")

    def do_tab_quarantine(self) -> None:
        """Show the quarantined rows."""
        self._tab("job-quarantine")

    def do_tab_output(self) -> None:
        """Show what was published."""
        self._tab("job-output")


def _as_table(rows: Sequence[QuarantinedRow]) -> pa.Table:
    """Return rows with their reasons; row numbers from 1, as sentences name them."""
    return pa.table(
        {
            "row": [row.row_number + 1 for row in rows],
            "output": [row.output for row in rows],
            "column": [", ".join(reason.column for reason in row.reasons) for row in rows],
            "error": [", ".join(reason.error_type for reason in row.reasons) for row in rows],
            "why": [" · ".join(reason.message for reason in row.reasons) for row in rows],
            "would pass with": [
                " · ".join(reason.hint for reason in row.reasons if reason.hint) for row in rows
            ],
            "as it came": [row.raw for row in rows],
        }
    )
