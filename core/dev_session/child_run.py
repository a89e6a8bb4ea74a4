"""One run in a child: the parser's rows into the run's folder, what happens to the session."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from casparian.core.contract.errors import ContractError
from casparian.core.dev_run import dev_contract
from casparian.core.dev_runner import RunRequest, run_parser
from casparian.core.dev_session.came import CameColumns
from casparian.core.dev_session.early_rows import EarlyTeller
from casparian.core.dev_session.events import Progress, Stage
from casparian.core.dev_session.kept_sinks import KeptSinks
from casparian.core.dev_session.log_lines import LOG_NAME, LogLines
from casparian.core.dev_session.messages import Done
from casparian.core.dev_session.results import failed_report
from casparian.core.errors import CasparianError
from casparian.core.events import Batch, GuestError, Hello, Log, Modules
from casparian.core.events import Progress as Told
from casparian.core.interpreter import choose_python
from casparian.core.sinks.uri import parse_sink

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from casparian.core.cancel import CancelToken
    from casparian.core.contract.model import Contract
    from casparian.core.dev_session.events import StageName
    from casparian.core.dev_session.messages import Task
    from casparian.core.dev_session.results import OutputFiles
    from casparian.core.events import Event
    from casparian.core.guest import GuestSource
    from casparian.core.interpreter import Interpreter
    from casparian.core.sinks.sinks import Sinks

ROWS_NAME: Final = "rows"
_PROGRESS_EVERY: Final = 0.1
_STAGES: Final[tuple[StageName, ...]] = (
    "start",
    "load",
    "parse",
    "transfer",
    "validate",
    "write",
)


class ChildRun:
    """Does one task, and tells of it by ``send``."""

    def __init__(
        self,
        task: Task,
        cancel: CancelToken,
        send: Callable[[object], None],
        guests: GuestSource,
    ) -> None:
        self._task = task
        self._cancel = cancel
        self._send = send
        self._guests = guests
        self._lines = LogLines(task.run, task.folder / LOG_NAME, send)
        self._sinks: KeptSinks | None = None
        self._hello: Hello | None = None
        self._modules: tuple[Path, ...] | None = None
        self._rows = 0
        self._came = CameColumns()
        self._done: float | None = None
        self._total: float | None = None
        self._progress_at = float("-inf")
        self._is_parsing = False

    def run(self) -> Done:
        """Run to the end; whatever goes wrong is in the report."""
        task = self._task
        python: Interpreter | None = None
        self._stage("start", None)
        try:
            python = task.script_python or choose_python(task.python_of, task.explicit_python)
            report = run_parser(self._request(python), self._event)
        except CasparianError as error:
            told = GuestError(
                "environment", type(error).__name__, error.message, "start", hint=error.hint
            )
            report = failed_report(task, told, python=python)
        finally:
            self._lines.close()
        if self._rows:
            self._tell_progress()
        for name in _STAGES:
            if name in report.timings_ms:
                self._stage(name, report.timings_ms[name])
        contract = None if python is None else self._contract(python)
        files = () if self._sinks is None else self._sinks.files(contract)
        outputs = tuple(self._with_columns(output, contract) for output in files)
        report = replace(report, logs=(), lines_dropped=0)
        return Done(task.run, report, outputs, self._modules, contract, python)

    def _with_columns(self, output: OutputFiles, contract: Contract | None) -> OutputFiles:
        declared = None if contract is None else contract.output(output.name)
        definitions = () if declared is None else self._came.definitions(declared)
        return replace(output, came=self._came.of(output.name), definitions=definitions)

    def _request(self, python: Interpreter) -> RunRequest:
        task = self._task
        return RunRequest(
            parser=task.parser,
            input_path=task.sample,
            python=python,
            contract=task.contract,
            timeout=task.timeout,
            quarantine_threshold=task.quarantine_threshold,
            max_quarantine_rows=task.max_quarantine_rows,
            limit=task.first_rows,
            limited_by="a preview: r runs all of it",
            cancel=self._cancel,
            open_sinks=self._open_sinks,
            guests=self._guests,
        )

    def _open_sinks(self, hello: Hello) -> Sinks:
        folder = self._task.folder / ROWS_NAME
        if hello.sink:
            parse_sink(hello.sink, default_dir=folder)  # one that means nothing is refused here too
        early = EarlyTeller(self._task.run, self._send)
        self._sinks = KeptSinks(folder, self._task.sample, early)
        return self._sinks

    def _event(self, event: Event) -> None:
        if isinstance(event, Log):
            self._lines.add(event)
        elif isinstance(event, Batch):
            if not self._rows:
                self._stage("validate", None)
            self._rows += event.table.num_rows
            self._came.take(event.output, event.table)
            self._maybe_tell_progress()
        elif isinstance(event, Told):
            self._done, self._total = event.done, event.total
            self._maybe_tell_progress()
        elif isinstance(event, Hello):
            self._hello = event
            self._stage("parse", None)
        elif isinstance(event, Modules):
            folder = self._task.parser.parent
            self._modules = tuple(folder / file for file in event.files)

    def _stage(self, name: StageName, ms: float | None) -> None:
        self._send(Stage(self._task.run, name, ms))

    def _maybe_tell_progress(self) -> None:
        if time.monotonic() - self._progress_at > _PROGRESS_EVERY:
            self._tell_progress()

    def _tell_progress(self) -> None:
        self._progress_at = time.monotonic()
        self._send(Progress(self._task.run, self._rows, self._done, self._total))

    def _contract(self, python: Interpreter) -> Contract | None:
        if self._hello is None:
            return None
        try:
            return dev_contract(self._request(python), self._hello)
        except ContractError:
            return None  # that it is wrong is the run's error
