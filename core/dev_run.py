"""One dev run after its guest was started: events in, outputs and a report out."""

from __future__ import annotations

import os
import shlex
import time
from collections import deque
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from .bridge import BridgeConfig, execute_bridge
from .contract.files import find_contract_file, resolve_contract
from .events import Hello, Log
from .execution import Execution
from .guest import StartedGuest
from .outputs import OutputSet
from .run_report import REPORTED_LINES, RunReport
from .sinks.run import RunSinks
from .sinks.uri import parse_sink
from .validation import QuarantineLimits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .contract.model import Contract
    from .dev_runner import RunRequest
    from .events import Event, GuestError
    from .guest import Guest, GuestSpec
    from .sinks.sinks import Sinks


class DevRun:
    """Follows one guest to the end of its run."""

    def __init__(
        self,
        request: RunRequest,
        spec: GuestSpec,
        guest: Guest,
        on_event: Callable[[Event], None],
    ) -> None:
        self._request = request
        self._started = guest.started
        self._is_warm = guest.is_warm
        self._config = BridgeConfig(
            spec,
            request.logs,
            source=StartedGuest(guest),
            timeout=request.timeout,
            cancel=request.cancel,
        )
        self._on_event = on_event
        self._logs: deque[Log] = deque(maxlen=REPORTED_LINES)
        self._lines = 0
        self._notices: list[str] = []
        self._stopped_after: int | None = None

    def run(self) -> RunReport:
        """Run to the end; see :func:`casparian.core.dev_runner.run_parser`."""
        request = self._request
        with (
            closing(execute_bridge(self._config)) as events,
            OutputSet(
                open_sinks=self._open_sinks,
                whatif=request.whatif,
                first_rows=request.limit,
                limits=QuarantineLimits(request.quarantine_threshold, request.max_quarantine_rows),
            ) as outputs,
        ):
            execution = Execution(
                outputs,
                lambda hello: dev_contract(request, hello),
                on_event=self._take,
                enough=lambda: self._reached_limit(outputs),
            )
            error, status = execution.run(events)
            self._tell_of_limit(outputs)
            if error is not None and error.hint.startswith("uv pip install "):
                error = replace(error, hint=self._install_hint(error.hint.rpartition(" ")[2]))
            if status == "cancelled":
                status = "interrupted"
            elif status == "completed" and outputs.rows_quarantined:
                status = "completed_with_warnings"
            return self._report(outputs, execution, status, error)

    def _take(self, event: Event) -> None:
        self._on_event(event)
        if isinstance(event, Log):
            self._lines += 1
            self._logs.append(event)
        elif isinstance(event, Hello) and event.level != "parser":
            what = "def parse(path)" if event.level == "function" else "class Handler"
            command = f"casparian scaffold {shlex.quote(os.path.relpath(self._request.parser))}"
            self._notices.append(
                f"{self._request.parser.name} is an ad-hoc parser ({what}): it runs here but "
                f"cannot be registered; `{command}` gives it a name and a version"
            )

    def _open_sinks(self, hello: Hello) -> Sinks:
        request = self._request
        if request.open_sinks is not None:
            return request.open_sinks(hello)
        return RunSinks(
            parse_sink(request.sink or hello.sink or "parquet", default_dir=request.output_dir),
            request.input_path,
            variant="" if request.limit is None else f".first{request.limit}",
            overridden=request.sink is not None,
            default_dir=request.output_dir,
        )

    def _reached_limit(self, outputs: OutputSet) -> bool:
        limit = self._request.limit
        return limit is not None and outputs.rows_received >= limit

    def _tell_of_limit(self, outputs: OutputSet) -> None:
        limit = self._request.limit
        if limit is not None and self._reached_limit(outputs):
            self._stopped_after = limit
            rows = "row" if limit == 1 else f"{limit:,} rows"
            self._notices.append(f"stopped after the first {rows} ({self._request.limited_by})")

    def _install_hint(self, package: str) -> str:
        """The command that installs a package where this parser's Python finds it."""
        python = self._request.python
        if python.is_script:
            return f"uv add --script {self._request.parser} {package}"
        return f"uv pip install --python {python.path} {package}"

    def _report(
        self, outputs: OutputSet, execution: Execution, status: str, error: GuestError | None
    ) -> RunReport:
        hello, request = execution.hello, self._request
        if status in ("failed", "interrupted"):
            outputs.discard(keep_quarantine=status == "failed")
        summary = outputs.summary()
        return RunReport(
            status=status,  # type: ignore[arg-type]
            parser_name=hello.parser if hello is not None else request.parser.stem,
            parser_version=hello.version if hello is not None else None,
            parser_path=request.parser,
            input_path=request.input_path,
            python=request.python.path,
            outputs=summary.outputs,
            quarantine=summary.rejected,
            quarantine_total=outputs.rows_quarantined,
            groups=summary.groups,
            logs=tuple(self._logs),
            lines_dropped=self._lines - len(self._logs),
            error=error,
            timings_ms=self._timings(outputs, execution.metrics),
            notices=(*self._notices, *outputs.problems),
            whatif=request.whatif,
            is_warm=self._is_warm,
            stopped_after=self._stopped_after,
        )

    def _timings(self, outputs: OutputSet, guest: Mapping[str, float]) -> dict[str, float]:
        timings: dict[str, float] = {}
        if "bridge_hello" in guest:
            timings["start"] = max(guest["bridge_hello"] - guest.get("load_ms", 0.0), 0.0)
        for stage in ("load", "parse"):
            if f"{stage}_ms" in guest:
                timings[stage] = guest[f"{stage}_ms"]
        if "convert_ms" in guest:
            # While the host judges and writes, the guest waits for it to take the next frame.
            busy = 1000 * (outputs.seconds_validating + outputs.seconds_writing)
            sending = max(guest.get("send_ms", 0.0) - busy, 0.0)
            timings["transfer"] = guest["convert_ms"] + sending
        timings["validate"] = 1000 * outputs.seconds_validating
        timings["write"] = 1000 * outputs.seconds_writing
        timings["total"] = 1000 * (time.monotonic() - self._started)
        return timings


def dev_contract(request: RunRequest, hello: Hello) -> Contract | None:
    """The contract that a parser is held to, once it has said hello. Raises ContractError."""
    if request.contract is not None:
        return resolve_contract(None, request.contract, parser_name=hello.parser)
    return resolve_contract(
        hello.outputs, find_contract_file(request.parser), parser_name=hello.parser
    )
