"""One output of a run while its batches come: where it goes, how it is judged, what came so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from .errors import CasparianError
from .run_report import ColumnReport, OutputReport
from .validation import LimitJudge, OutputFailed, OutputValidator, QuarantineLimits

if TYPE_CHECKING:
    from types import TracebackType

    from .events import Batch
    from .sinks.writer import OutputWriter


class UnusableRows(CasparianError):
    """Rows hold values that Arrow can carry and neither Python nor a sink can hold."""


class RunningOutput:
    """One output while its batches come."""

    def __init__(
        self,
        name: str,
        validator: OutputValidator | None,
        writer: OutputWriter,
        limits: QuarantineLimits,
    ) -> None:
        self.name = name
        self.writer = writer
        self.validator = validator
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

    def report(self, *, published: bool, whatif: bool) -> OutputReport:
        """What a report says of this output."""
        schema = self.inferred if self.validator is None else self.validator.schema
        if published and not whatif:
            schema = self.writer.settled
        quarantine_uri = self.kept_quarantine
        if published and self.rejected:
            quarantine_uri = self.writer.quarantine_uri
        return OutputReport(
            self.name,
            self.valid,
            self.rejected,
            self.uri,
            quarantine_uri,
            tuple(
                ColumnReport(field.name, str(field.type), field.nullable) for field in schema or ()
            ),
            self.replaces,
            self.validator is not None,
        )


class usable:  # noqa: N801 - used as a function is; a generator takes ten times the steps
    """Say of whom it is when valid Arrow holds what nothing else can: the year 300000, say."""

    __slots__ = ("_outputs",)

    def __init__(self, *outputs: str) -> None:
        self._outputs = outputs

    def __enter__(self) -> None:
        return

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None or isinstance(error, MemoryError):
            return  # Arrow's is an ArrowException, too, and says nothing of the values
        if isinstance(error, pa.ArrowException | ArithmeticError | ValueError):
            names = ", ".join(map(repr, self._outputs))
            raise UnusableRows(
                f"the output {names} holds values that can't be handled: {error}",
                hint="look at what the parser yields; `str` columns always work",
            ) from error
