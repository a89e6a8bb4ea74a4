"""The dev runner: one parser over one input, stateless, from guest to published output.

It starts the guest before it imports what is heavy, so that both load at the same time.
"""

from __future__ import annotations

import time
from collections import deque
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from .bridge import BridgeConfig, execute_bridge
from .errors import CasparianError
from .events import Batch, Ended, GuestError, Hello, Log, Metrics
from .guest import GuestSpec
from .logs import Callback, LogDestination
from .run_report import REPORTED_LINES, RunReport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .cancel import CancelToken
    from .contract.model import Contract
    from .events import BridgeResult, Event
    from .interpreter import Interpreter
    from .outputs import OutputSet


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What ``casparian run`` was asked to do, for one input."""

    parser: Path
    input_path: Path
    python: Interpreter
    sink: str | None = None
    """The URI of ``--sink``; None: the parser's own, or Parquet in ``output_dir``."""
    output_dir: Path = field(default_factory=lambda: Path("output"))
    contract: Path | None = None
    whatif: bool = False
    limit: int | None = None
    timeout: float | None = None
    logs: LogDestination = field(default_factory=lambda: Callback(lambda _: None))
    terminal: bool = False
    cancel: CancelToken | None = None


class DevRunner:
    """Runs one request.

    Args:
        request: what to do.
        on_event: is told of each log line, of progress and of batches, as they come.
    """

    def __init__(
        self, request: RunRequest, on_event: Callable[[Event], None] = lambda _: None
    ) -> None:
        self._request = request
        self._on_event = on_event
        self._hello: Hello | None = None
        self._metrics: dict[str, float] = {}
        self._logs: deque[Log] = deque(maxlen=REPORTED_LINES)
        self._lines = 0
        self._notices: list[str] = []
        self._limited = False

    def run(self) -> RunReport:
        """Run to the end. A run that fails is a report too, with its error in it.

        Raises:
            CasparianError: the request itself can't be met (a bad sink, an unreadable contract).
            OSError: the interpreter can't be started.
            KeyboardInterrupt: Ctrl-C reached this process; nothing is left half-written.
        """
        started = time.perf_counter()
        request = self._request
        spec = GuestSpec(
            python=request.python.path,
            input_path=request.input_path,
            parser_path=request.parser,
            terminal=request.terminal,
        )
        config = BridgeConfig(spec, request.logs, timeout=request.timeout, cancel=request.cancel)
        with closing(execute_bridge(config)) as events:
            from .lean_arrow import keep_pandas_out

            keep_pandas_out()
            from .outputs import OutputSet

            with OutputSet(
                input_path=request.input_path,
                sink=request.sink,
                output_dir=request.output_dir,
                whatif=request.whatif,
                first_rows=request.limit,
            ) as outputs:
                error, status = self._follow(events, outputs)
                if error is None and status == "completed":
                    error = self._finish(outputs)
                if error is not None:
                    status = "failed"
                elif status == "completed" and outputs.rows_quarantined:
                    status = "completed_with_warnings"
                return self._report(outputs, status, error, started)

    def _follow(self, events: Iterator[Event], outputs: OutputSet) -> tuple[GuestError | None, str]:
        """Take every event; returns the run's error and status so far."""
        from .contract.errors import ContractError

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
                return _failure("contract", "ContractError", broken, "load"), "failed"
            except CasparianError as broken:
                return outputs.explain(broken), "failed"
        raise RuntimeError("the bridge ended without a result")

    def _greet(self, hello: Hello, outputs: OutputSet) -> None:
        self._hello = hello
        if hello.level != "parser":
            what = "def parse(path)" if hello.level == "function" else "class Handler"
            self._notices.append(
                f"{self._request.parser.name} is an ad-hoc parser ({what}): it runs here but "
                "cannot be registered; give it a `class Parser` with a name and a version for that"
            )
        outputs.begin(hello, self._contract(hello))

    def _contract(self, hello: Hello) -> Contract | None:
        from .contract.files import find_contract_file, resolve_contract

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
        self._limited = True
        self._notices.append(f"stopped after the first {limit:,} rows (--limit)")
        return True

    def _ended(self, result: BridgeResult) -> tuple[GuestError | None, str]:
        self._metrics.update({f"bridge_{k}": v for k, v in result.timings_ms.items()})
        status = "interrupted" if result.status == "cancelled" else result.status
        error = result.error
        if error is not None and error.type == "PyarrowMissing":
            error = replace(error, hint=self._install_hint())
        return error, status

    def _install_hint(self) -> str:
        python = self._request.python
        if "PEP 723" in python.reason:
            return f"uv add --script {self._request.parser} pyarrow"
        return f"uv pip install --python {python.path} pyarrow"

    def _finish(self, outputs: OutputSet) -> GuestError | None:
        try:
            outputs.publish()
        except CasparianError as broken:
            return outputs.explain(broken)
        return None

    def _report(
        self, outputs: OutputSet, status: str, error: GuestError | None, started: float
    ) -> RunReport:
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
            timings_ms=self._timings(outputs, started),
            notices=(*self._notices, *outputs.problems),
            whatif=request.whatif,
        )

    def _timings(self, outputs: OutputSet, started: float) -> dict[str, float]:
        guest = self._metrics
        timings: dict[str, float] = {}
        if "bridge_hello" in guest:
            timings["start"] = max(guest["bridge_hello"] - guest.get("load_ms", 0.0), 0.0)
        for stage in ("load", "parse"):
            if f"{stage}_ms" in guest:
                timings[stage] = guest[f"{stage}_ms"]
        if "convert_ms" in guest:
            timings["transfer"] = guest["convert_ms"] + guest["send_ms"]
        timings["validate"] = 1000 * outputs.seconds_validating
        timings["write"] = 1000 * outputs.seconds_writing
        timings["total"] = 1000 * (time.perf_counter() - started)
        return timings


def _failure(kind: str, name: str, error: CasparianError, phase: str) -> GuestError:
    return GuestError(kind, name, error.message, phase, hint=error.hint)  # type: ignore[arg-type]
