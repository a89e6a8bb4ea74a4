"""All outputs of one run: each batch is judged, split into valid and rejected rows, and staged.

Nothing is visible before :meth:`OutputSet.publish`, and then all of it is.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .capped_raw import cap_raw
from .errors import CasparianError, SpillError
from .events import GuestError
from .pipeline import Ahead, Behind
from .quarantine import Summary as ReasonSummary
from .quarantine import quarantine_table
from .run_report import REPORTED_ROWS, OutputReport, RejectedReport
from .running_output import RunningOutput, usable
from .sinks.errors import SinkError
from .validation import OutputFailed, OutputValidator, QuarantineLimits, strip_tags
from .version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    import pyarrow as pa

    from .contract.model import Contract
    from .events import Batch, Hello
    from .lineage import Lineage
    from .quarantine import ReasonGroup
    from .sinks.sinks import Sinks
    from .validation import Settled
    from .validation.rejections import Rejections

#: Batches of fewer rows are judged and written at once: handing them to threads takes longer.
_FEW_ROWS = 4_096
#: So many bytes are written at once.
_FEW_BYTES = 2**20
#: Bytes of rows that may wait to be written.
_WAITING_BYTES = 128 * 2**20
#: In a Parquet file's metadata: the parser that made it.
_PARSER_KEY = "casparian.parser"


@dataclass(frozen=True, slots=True)
class Summary:
    """What a report needs of all outputs."""

    outputs: tuple[OutputReport, ...]
    rejected: tuple[RejectedReport, ...]
    groups: tuple[ReasonGroup, ...]


class UnbalancedRows(CasparianError):
    """Valid and rejected rows don't add up to those received: a fault of casparian itself."""


class OutputSet:
    """The outputs of one input's run.

    ``open_sinks`` gives the places that rows go to, once the parser is known; ``lineage`` adds to
    each valid row where it comes from; ``on_rejected`` is told of bad rows, by output.

    Large batches are judged on several threads and written on another, while the next is read; what
    a person sees is as if all were done in order. Use as a context manager: whatever was not
    published when it closes is discarded.
    """

    def __init__(
        self,
        *,
        open_sinks: Callable[[Hello], Sinks],
        whatif: bool = False,
        first_rows: int | None = None,
        limits: QuarantineLimits | None = None,
        lineage: Lineage | None = None,
        on_rejected: Callable[[str, Rejections], None] | None = None,
    ) -> None:
        self._open_sinks = open_sinks
        self._lineage = lineage
        self._on_rejected = on_rejected
        self._whatif = whatif
        self._first_rows = first_rows
        self._limits = limits or QuarantineLimits()
        self._contract: Contract | None = None
        self._metadata: dict[str, str] = {}
        self._sinks: Sinks | None = None
        self._outputs: dict[str, RunningOutput] = {}
        self._reasons = ReasonSummary()
        self._reported: list[RejectedReport] = []
        # Reading and writing take a processor as well.
        self._ahead: Ahead[RunningOutput, tuple[Settled, float]] = Ahead(spare=0 if whatif else 1)
        self._behind = Behind(_WAITING_BYTES)
        self._settled = False
        self._explained = False
        self._published = False
        self.problems: list[str] = []
        """What went wrong while a failed run was put away."""
        self.rows_received = 0
        self.rows_quarantined = 0
        self._validating, self._writing = _Clock(), _Clock()

    def __enter__(self) -> OutputSet:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.discard(keep_quarantine=False)
        self._ahead.close()
        self._behind.close()
        for output in self._outputs.values():
            if output.validator is not None:
                output.validator.close()

    def begin(self, hello: Hello, contract: Contract | None) -> None:
        """The parser is known: choose sinks, and take its contract as the judge.

        Raises:
            SinkError: the sink's URI means nothing.
        """
        self._contract = contract
        self._metadata = {
            "casparian.version": VERSION,
            _PARSER_KEY: hello.parser,
            "casparian.parser_version": hello.version or "",
            "casparian.contract_hash": "" if contract is None else contract.hash,
        }
        if self._lineage is not None:
            self._metadata |= self._lineage.metadata
        self._sinks = self._open_sinks(hello)

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
        try:
            self._judge(output, table)
        except OutputFailed:
            self._settle_rest()  # if an earlier slice fails as well, that is the run's error
            raise

    def _judge(self, output: RunningOutput, table: pa.Table) -> None:
        if output.validator is None:
            with usable(output.name):
                plain = strip_tags(table)
            output.inferred = plain.schema
            self._write(output, plain, first_row=output.received)
            output.received += table.num_rows
            output.valid += table.num_rows
            return
        # Slice by slice, so that a frame full of bad rows meets the limit before it fills memory.
        for judge in output.validator.slices(table):
            call = _timed(judge, output.name)
            if table.num_rows < _FEW_ROWS and not len(self._ahead):
                self._settle(output, *call())
                continue
            self._ahead.submit(output, call)
            for earlier, (judged, seconds) in self._ahead.ready():
                self._settle(earlier, judged, seconds)

    def _settle_rest(self) -> None:
        """Take in everything that is still being judged."""
        for output, (judged, seconds) in self._ahead.rest():
            self._settle(output, judged, seconds)

    def _settle(self, output: RunningOutput, judged: Settled, seconds: float) -> None:
        """Count a judged slice, explain its bad rows, and stage all of it."""
        assert output.validator is not None
        self._validating.seconds += seconds
        with self._validating, usable(output.name):
            verdict = output.validator.settle(judged, first_row=output.received)
        first_row = output.received
        output.received += verdict.received
        output.valid += verdict.valid.num_rows
        if verdict.rejected:
            self._reject(output, verdict.rejected)
        self._write(output, verdict.valid, first_row=first_row, rejected=verdict.rejected)

    def _reject(self, output: RunningOutput, rows: Rejections) -> None:
        output.rejected += len(rows)
        self.rows_quarantined += len(rows)
        self._reasons.add(output.name, rows)
        for row in rows[: REPORTED_ROWS - len(self._reported)]:
            raw = cap_raw(row.raw)
            self._reported.append(RejectedReport(output.name, row.row_number, row.reasons, raw))
        if self._on_rejected is not None:
            self._on_rejected(output.name, rows)
        if not self._whatif:
            table = quarantine_table(output.name, rows)
            self._stage(table.nbytes, output.name, lambda: output.writer.quarantine(table))
        output.judge.check_running(output.received, output.rejected)

    def _write(
        self,
        output: RunningOutput,
        table: pa.Table,
        *,
        first_row: int,
        rejected: Rejections | None = None,
    ) -> None:
        if not self._whatif:
            if self._lineage is not None:
                bad = None if rejected is None else rejected.numbers
                table = self._lineage.added(table, first_row=first_row, rejected=bad)
            self._stage(table.nbytes, output.name, lambda: output.writer.write(table))

    def _stage(self, size: int, name: str, write: Callable[[], None]) -> None:
        """Write rows; large ones behind the reader's back."""

        def timed() -> None:
            with self._writing, usable(name):
                write()

        if size < _FEW_BYTES and self._behind.idle:
            timed()
        else:
            self._behind.put(size, timed)

    def _open(
        self,
        name: str,
        *,
        sink: str | None = None,
        table: str | None = None,
        compression: str | None = None,
    ) -> RunningOutput:
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
        validator = None if contract is None else OutputValidator(contract)
        schema = None if validator is None else validator.schema
        if schema is not None and self._lineage is not None:
            schema = self._lineage.schema(schema)
        writer = self._sinks.open(
            name, schema, sink=sink, table=table, compression=compression, metadata=self._metadata
        )
        self._outputs[name] = RunningOutput(name, validator, writer, self._limits)
        return self._outputs[name]

    def publish(self) -> None:
        """Make everything visible, if every output keeps its limits.

        Raises:
            OutputFailed: too large a share of an output's rows is bad.
            SinkError: something can't be written; nothing is visible then.
            UnusableRows: a sink has no form for a value; nothing is visible then.
        """
        self._settle_rest()
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
        self._behind.drain()
        if not self._whatif and self._sinks is not None:
            with self._writing, usable(*self._outputs):
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
        if keep_quarantine:
            self._keep_what_is_under_way()
        self._ahead.close()
        self._behind.close()
        if self._sinks is None or self._whatif:
            return
        left = self._sinks.abort(keep_quarantine=keep_quarantine)
        for name, path in left.kept.items():
            self._outputs[name].kept_quarantine = f"parquet://{path}"
        self.problems += [f"the quarantine is not kept: {error.message}" for error in left.problems]

    def _keep_what_is_under_way(self) -> None:
        """The run has failed; rows that came before are still shown, with their reasons."""
        try:
            self._settle_rest()
            self._behind.drain()
        except CasparianError as error:
            if not self._explained:
                self.problems.append(error.message)

    def explain(self, error: CasparianError) -> GuestError:
        """A failed output or sink as the run's error."""
        self._explained = True
        if isinstance(error, OutputFailed):
            return GuestError(
                "contract",
                "ContractViolated",
                error.message,
                "validate",
                hint=error.hint,
                error_type=error.error_type,
                about=error.about,
            )
        if isinstance(error, SinkError):
            return GuestError(
                "environment", "SinkError", error.message, "write", error.retryable, error.hint
            )
        if isinstance(error, SpillError):
            return GuestError(
                "environment", "SpillError", error.message, "validate", True, error.hint
            )
        return GuestError(
            "protocol", type(error).__name__, error.message, "validate", hint=error.hint
        )

    def counts(self) -> list[tuple[str, int, int]]:
        """Each output's name, and how many of its rows are valid and rejected, as they came."""
        return [(one.name, one.valid, one.rejected) for one in self._outputs.values()]

    def summary(self) -> Summary:
        """The report's part of all outputs, in the order they came."""
        outputs = tuple(
            output.report(published=self._published, whatif=self._whatif)
            for output in self._outputs.values()
        )
        return Summary(outputs, tuple(self._reported), self._reasons.groups())

    @property
    def seconds_validating(self) -> float:
        """How long rows have been judged, on all threads."""
        return self._validating.seconds

    @property
    def seconds_writing(self) -> float:
        """How long rows have been written."""
        return self._writing.seconds


class _Clock:
    """Adds up how long what is done in its context takes; one thing at a time."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._started = 0.0

    def __enter__(self) -> None:
        self._started = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self.seconds += time.perf_counter() - self._started


def _timed(judge: Callable[[], Settled], output: str) -> Callable[[], tuple[Settled, float]]:
    def call() -> tuple[Settled, float]:
        started = time.perf_counter()
        with usable(output):
            settled = judge()
        return settled, time.perf_counter() - started

    return call
