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
from .contract.errors import ContractError
from .contract.files import find_contract_file, resolve_contract
from .errors import CasparianError
from .events import Batch, Ended, GuestError, Hello, Log, Metrics
from .guest import StartedGuest
from .outputs import OutputSet
from .run_report import REPORTED_LINES, RunReport
from .sinks.run import RunSinks
from .sinks.uri import parse_sink
from .validation import QuarantineLimits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .contract.model import Contract
    from .dev_runner import RunRequest
    from .events import BridgeResult, Event
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
        self._config = BridgeConfig(
            spec,
            request.logs,
            source=StartedGuest(guest),
            timeout=request.timeout,
            cancel=request.cancel,
        )
        self._on_event = on_event
        self._hello: Hello | None = None
        self._metrics: dict[str, float] = {}
        self._logs: deque[Log] = deque(maxlen=REPORTED_LINES)
        self._lines = 0
        self._notices: list[str] = []

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
            error, status = self._follow(events, outputs)
            if error is None and status == "completed":
                error = self._finish(outputs)
            if error is not None:
                status = "failed"
            elif status == "completed" and outputs.rows_quarantined:
                status = "completed_with_warnings"
            return self._report(outputs, status, error)

    def _follow(self, events: Iterator[Event], outputs: OutputSet) -> tuple[GuestError | None, str]:
        """Take every event; returns the run's error and status so far."""
        for event in events:
            self._on_event(event)
            try:
                if isinstance(event, Hello):
                    self._greet(event, outputs)
                elif isinstance(event, Batch):
                    outputs.take(event)
                    if self._reached_limit(outputs):
                        return None, "completed"
                elif isinstance(event, Log):
                    self._lines += 1
                    self._logs.append(event)
                elif isinstance(event, Metrics):
                    self._metrics.update(event.values)
                elif isinstance(event, Ended):
                    return self._ended(event.result)
            except ContractError as broken:
                if not isinstance(event, Hello):
                    raise
                return _failure("contract", "ContractError", broken, "load"), "failed"
            except CasparianError as broken:
                return outputs.explain(broken), "failed"
        raise RuntimeError("the bridge ended without a result")

    def _greet(self, hello: Hello, outputs: OutputSet) -> None:
        self._hello = hello
        if hello.level != "parser":
            what = "def parse(path)" if hello.level == "function" else "class Handler"
            command = f"casparian scaffold {shlex.quote(os.path.relpath(self._request.parser))}"
            self._notices.append(
                f"{self._request.parser.name} is an ad-hoc parser ({what}): it runs here but "
                f"cannot be registered; `{command}` gives it a name and a version"
            )
        outputs.begin(hello, self._contract(hello))

    def _open_sinks(self, hello: Hello) -> Sinks:
        request = self._request
        return RunSinks(
            parse_sink(request.sink or hello.sink or "parquet", default_dir=request.output_dir),
            request.input_path,
            variant="" if request.limit is None else f".first{request.limit}",
            overridden=request.sink is not None,
            default_dir=request.output_dir,
        )

    def _contract(self, hello: Hello) -> Contract | None:
        request = self._request
        if request.contract is not None:
            return resolve_contract(None, request.contract, parser_name=hello.parser)
        return resolve_contract(
            hello.outputs, find_contract_file(request.parser), parser_name=hello.parser
        )

    def _reached_limit(self, outputs: OutputSet) -> bool:
        limit = self._request.limit
        if limit is None or outputs.rows_received < limit:
            return False
        rows = "row" if limit == 1 else f"{limit:,} rows"
        self._notices.append(f"stopped after the first {rows} (--limit)")
        return True

    def _ended(self, result: BridgeResult) -> tuple[GuestError | None, str]:
        self._metrics.update({f"bridge_{k}": v for k, v in result.timings_ms.items()})
        status = "interrupted" if result.status == "cancelled" else result.status
        error = result.error
        if error is not None and error.hint.startswith("uv pip install "):
            error = replace(error, hint=self._install_hint(error.hint.rpartition(" ")[2]))
        return error, status

    def _install_hint(self, package: str) -> str:
        """The command that installs a package where this parser's Python finds it."""
        python = self._request.python
        if python.is_script:
            return f"uv add --script {self._request.parser} {package}"
        return f"uv pip install --python {python.path} {package}"

    def _finish(self, outputs: OutputSet) -> GuestError | None:
        try:
            outputs.publish()
        except CasparianError as broken:
            return outputs.explain(broken)
        return None

    def _report(self, outputs: OutputSet, status: str, error: GuestError | None) -> RunReport:
        hello, request = self._hello, self._request
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
            timings_ms=self._timings(outputs),
            notices=(*self._notices, *outputs.problems),
            whatif=request.whatif,
        )

    def _timings(self, outputs: OutputSet) -> dict[str, float]:
        guest = self._metrics
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


def _failure(kind: str, name: str, error: CasparianError, phase: str) -> GuestError:
    return GuestError(kind, name, error.message, phase, hint=error.hint)  # type: ignore[arg-type]
