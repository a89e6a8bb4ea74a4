"""All outputs of one run: each batch is judged, split into valid and rejected rows, and staged.

Nothing is visible before :meth:`OutputSet.publish`, and then all of it is.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from .errors import CasparianError
from .events import GuestError
from .quarantine import Summary as ReasonSummary
from .quarantine import cap_raw, quarantine_table
from .run_report import (
    REPORTED_ROWS,
    ColumnReport,
    OutputReport,
    RejectedReport,
)
from .sinks.errors import SinkError
from .sinks.run import RunSinks
from .sinks.uri import parse_sink
from .validation import (
    LimitJudge,
    OutputFailed,
    OutputValidator,
    QuarantineLimits,
    strip_tags,
)
from .version import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    from .contract.model import Contract, OutputContract
    from .events import Batch, Hello
    from .quarantine import ReasonGroup
    from .sinks.writer import OutputWriter
    from .validation import RejectedRow

#: Of a rejected row's text, a report shows this many bytes; the quarantine file has all of it.
_RAW_BYTES = 4096
#: In a Parquet file's metadata: the parser that made it.
_PARSER_KEY = "casparian.parser"


@dataclass(frozen=True, slots=True)
class Summary:
    """What a report needs of all outputs."""

    outputs: tuple[OutputReport, ...]
    rejected: tuple[RejectedReport, ...]
    groups: tuple[ReasonGroup, ...]


class UnusableRows(CasparianError):
    """Rows hold values that Arrow can carry and neither Python nor a sink can hold."""


class UnbalancedRows(CasparianError):
    """Valid and rejected rows don't add up to those received: a fault of casparian itself."""


class _Output:
    """One output while its batches come."""

    def __init__(
        self,
        name: str,
        contract: OutputContract | None,
        writer: OutputWriter,
        limits: QuarantineLimits,
    ) -> None:
        self.name = name
        self.writer = writer
        self.validator = None if contract is None else OutputValidator(contract)
        self.judge = LimitJudge(name, limits)
        self.received = 0
        self.valid = 0
        self.rejected = 0
        self.inferred: pa.Schema | None = None
        self._place: tuple[str | None, str | None, str | None] | None = None
        plan = writer.plan()
        self.uri, self.replaces = plan.uri, plan.replaces
        self.kept_quarantine: str | None = None

    def agree(self, batch: Batch) -> None:
        """See that all frames of the output go to one place.

        Raises:
            OutputFailed: this one names another sink, table or compression than the first.
        """
        place = (batch.sink, batch.sink_table, batch.compression)
        if self._place is None:
            self._place = place
        elif place != self._place:
            raise OutputFailed(
                f"the frames of the output {self.name!r} name different places: first sink, table "
                f"and compression were {self._place}, then {place}",
                error_type="unsupported_output_type",
                hint="give every Output of one name the same sink, table and compression",
            )


class OutputSet:
    """The outputs of one input's run.

    Use as a context manager: whatever was not published when it closes is discarded.
    """

    def __init__(
        self,
        *,
        input_path: Path,
        sink: str | None,
        output_dir: Path,
        whatif: bool,
        first_rows: int | None,
        limits: QuarantineLimits | None = None,
    ) -> None:
        self._input_path = input_path
        self._sink = sink
        self._output_dir = output_dir
        self._whatif = whatif
        self._first_rows = first_rows
        self._limits = limits or QuarantineLimits()
        self._contract: Contract | None = None
        self._metadata: dict[str, str] = {}
        self._sinks: RunSinks | None = None
        self._outputs: dict[str, _Output] = {}
        self._reasons = ReasonSummary()
        self._reported: list[RejectedReport] = []
        self._settled = False
        self._published = False
        self.problems: list[str] = []
        """What went wrong while a failed run was put away."""
        self.rows_received = 0
        self.rows_quarantined = 0
        self.seconds_validating = 0.0
        self.seconds_writing = 0.0

    def __enter__(self) -> OutputSet:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.discard(keep_quarantine=False)

    def begin(self, hello: Hello, contract: Contract | None) -> None:
        """The parser is known: choose sinks, and take its contract as the judge.

        Raises:
            SinkError: the sink's URI means nothing.
        """
        chosen = self._sink or hello.sink or "parquet"
        self._contract = contract
        self._metadata = {
            "casparian.version": VERSION,
            _PARSER_KEY: hello.parser,
            "casparian.parser_version": hello.version or "",
            "casparian.contract_hash": "" if contract is None else contract.hash,
        }
        self._sinks = RunSinks(
            parse_sink(chosen, default_dir=self._output_dir),
            self._input_path,
            variant="" if self._first_rows is None else f".first{self._first_rows}",
            overridden=self._sink is not None,
            default_dir=self._output_dir,
        )

    def take(self, batch: Batch) -> None:
        """Judge and stage one batch.

        Raises:
            OutputFailed: the output as a whole breaks its contract, or has too many bad rows.
            SinkError: the rows can't be written.
        """
        table = batch.table
        if self._first_rows is not None:
            table = table.slice(0, self._first_rows - self.rows_received)
        output = self._outputs.get(batch.output) or self._open(
            batch.output, sink=batch.sink, table=batch.sink_table, compression=batch.compression
        )
        output.agree(batch)
        self.rows_received += table.num_rows
        with _usable(f"the output {output.name!r} holds"):
            self._judge(output, table)

    def _judge(self, output: _Output, table: pa.Table) -> None:
        if output.validator is None:
            output.received += table.num_rows
            output.valid += table.num_rows
            with self._writing():
                plain = strip_tags(table)
                output.inferred = plain.schema
                if not self._whatif:
                    output.writer.write(plain)
            return
        # Slice by slice, so that a frame full of bad rows meets the limit before it fills memory.
        verdicts = output.validator.verdicts(table, first_row=output.received)
        while True:
            with self._validating():
                verdict = next(verdicts, None)
            if verdict is None:
                return
            output.received += verdict.received
            output.valid += verdict.valid.num_rows
            if verdict.rejected:
                self._reject(output, verdict.rejected)
            if not self._whatif:
                with self._writing():
                    output.writer.write(verdict.valid)

    def _reject(self, output: _Output, rows: list[RejectedRow]) -> None:
        output.rejected += len(rows)
        self.rows_quarantined += len(rows)
        self._reasons.add(output.name, rows)
        for row in rows[: REPORTED_ROWS - len(self._reported)]:
            raw = cap_raw(row.raw, _RAW_BYTES).text
            self._reported.append(RejectedReport(output.name, row.row_number, row.reasons, raw))
        if not self._whatif:
            with self._writing():
                output.writer.quarantine(quarantine_table(output.name, rows))
        output.judge.check_running(output.received, output.rejected)

    def _open(
        self,
        name: str,
        *,
        sink: str | None = None,
        table: str | None = None,
        compression: str | None = None,
    ) -> _Output:
        assert self._sinks is not None, "the bridge gives no batch before the hello"
        contract = None
        if self._contract is not None:
            contract = self._contract.output(name)
            if contract is None:
                declared = ", ".join(output.name for output in self._contract.outputs)
                raise OutputFailed(
                    f"the parser yields the output {name!r}, which its contract does not declare; "
                    f"it declares: {declared}",
                    error_type="output_unknown",
                    hint=f"add {name!r} to `outputs`, or rename it",
                )
        schema = None if contract is None else OutputValidator(contract).schema
        writer = self._sinks.open(
            name, schema, sink=sink, table=table, compression=compression, metadata=self._metadata
        )
        self._outputs[name] = _Output(name, contract, writer, self._limits)
        return self._outputs[name]

    def publish(self) -> None:
        """Make everything visible, if every output keeps its limits.

        Raises:
            OutputFailed: too large a share of an output's rows is bad.
            SinkError: something can't be written; nothing is visible then.
            UnusableRows: a sink has no form for a value; nothing is visible then.
        """
        if self._contract is not None and self._first_rows is None:
            for declared in self._contract.outputs:
                if declared.name not in self._outputs:
                    self._open(declared.name)  # no row came of it: it is there, and empty
        for output in self._outputs.values():
            if output.received != output.valid + output.rejected:
                raise UnbalancedRows(
                    f"{output.name}: {output.received} rows came, {output.valid} are valid and "
                    f"{output.rejected} rejected"
                )
            output.judge.check_final(output.received, output.rejected)
        if not self._whatif and self._sinks is not None:
            with self._writing(), _usable(f"one of {', '.join(self._outputs)} holds"):
                self._sinks.prepare()
                self._sinks.publish()
        self._settled = self._published = True
        if self._sinks is not None:
            self.problems += [
                f"an earlier output of this input stays, which this run did not yield: {path}"
                for path in self._sinks.left_alone(_PARSER_KEY, self._metadata[_PARSER_KEY])
            ]

    def discard(self, *, keep_quarantine: bool) -> None:
        """Leave earlier outputs as they were; of this run keep at most the rejected rows."""
        if self._settled:
            return
        self._settled = True
        if self._sinks is None or self._whatif:
            return
        left = self._sinks.abort(keep_quarantine=keep_quarantine)
        for name, path in left.kept.items():
            self._outputs[name].kept_quarantine = f"parquet://{path}"
        self.problems += [f"the quarantine is not kept: {error.message}" for error in left.problems]

    def explain(self, error: CasparianError) -> GuestError:
        """A failed output or sink as the run's error."""
        if isinstance(error, OutputFailed):
            return GuestError(
                "contract",
                "ContractViolated",
                error.message,
                "validate",
                hint=error.hint,
                error_type=error.error_type,
            )
        if isinstance(error, SinkError):
            return GuestError(
                "environment", "SinkError", error.message, "write", error.retryable, error.hint
            )
        return GuestError(
            "protocol", type(error).__name__, error.message, "validate", hint=error.hint
        )

    def summary(self) -> Summary:
        """The report's part of all outputs, in the order they came."""
        outputs = tuple(self._output_report(output) for output in self._outputs.values())
        return Summary(outputs, tuple(self._reported), self._reasons.groups())

    def _output_report(self, output: _Output) -> OutputReport:
        schema = output.inferred if output.validator is None else output.validator.schema
        if self._published and not self._whatif:
            schema = output.writer.settled
        quarantine_uri = output.kept_quarantine
        if self._published and output.rejected:
            quarantine_uri = output.writer.quarantine_uri
        return OutputReport(
            output.name,
            output.valid,
            output.rejected,
            output.uri,
            quarantine_uri,
            tuple(
                ColumnReport(field.name, str(field.type), field.nullable) for field in schema or ()
            ),
            output.replaces,
            output.validator is not None,
        )

    @contextmanager
    def _validating(self) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds_validating += time.perf_counter() - started

    @contextmanager
    def _writing(self) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds_writing += time.perf_counter() - started


@contextmanager
def _usable(whose: str) -> Iterator[None]:
    """Say of whom it is when valid Arrow holds what nothing else can: the year 300000, say."""
    try:
        yield
    except (pa.ArrowException, ArithmeticError, ValueError) as error:
        raise UnusableRows(
            f"{whose} values that can't be handled: {error}",
            hint="look at what the parser yields; `str` columns always work",
        ) from error
