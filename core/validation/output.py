"""Validates the rows of one output against its contract."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from casparian.core.validation.arrow_types import target_schema
from casparian.core.validation.cells import RESERVED_PREFIX
from casparian.core.validation.reasons import ColumnReasons
from casparian.core.validation.rejections import joined, reasons_of_cells, rejections
from casparian.core.validation.repetitions import reasons_of_repetitions, with_repetitions
from casparian.core.validation.slices import BadRows, Judged, judge_cells, split
from casparian.core.validation.tags import split_tags
from casparian.core.validation.uniqueness import Uniqueness, key_rules
from casparian.core.validation.verdict import OutputFailed, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from casparian.core.contract.error_types import OutputErrorType
    from casparian.core.contract.model import OutputContract

SLICE_ROWS: Final = 262_144
"""Rows that are validated at a time, at most: each slice costs milliseconds of its own."""
_SLICE_BYTES: Final = 32 * 2**20
"""What the rows of a slice may take, if they are more than a few."""
_FEW_ROWS: Final = 4_096

Settled = tuple[Judged, pa.Table, BadRows]
"""A slice whose cells are judged, and what that makes of its rows."""


class OutputValidator:
    """Holds batches of one output against its contract.

    Each slice is judged in two steps. The first (``slices``) looks at cells only, may run on any
    thread and for several slices at once; the second (``settle``) gives numbers, reasons and
    hints, and wants the slices in their order. ``validate`` and ``verdicts`` do both.
    """

    def __init__(self, contract: OutputContract) -> None:
        self.contract = contract
        self.schema: pa.Schema = target_schema(contract)
        self._reasons = {column.name: ColumnReasons(column) for column in contract.columns}
        self._uniqueness = Uniqueness(key_rules(contract))

    def validate(self, batch: pa.RecordBatch | pa.Table, *, first_row: int) -> Verdict:
        """Split a batch into valid rows (target schema, order kept) and rejected ones.

        ``first_row`` is the zero-based number of the batch's first row in the whole output.
        Raises OutputFailed if the whole output violates the contract, ValidatorDisagreement
        on a bug of casparian's own.
        """
        verdicts = list(self.verdicts(batch, first_row=first_row))
        valid = pa.concat_tables([verdict.valid for verdict in verdicts])
        return Verdict(valid, joined([v.rejected for v in verdicts]), batch.num_rows)

    def verdicts(self, batch: pa.RecordBatch | pa.Table, *, first_row: int) -> Iterator[Verdict]:
        """Yield a verdict per slice of rows, so that limits can be checked in between."""
        for judge in self.slices(batch):
            verdict = self.settle(judge(), first_row=first_row)
            first_row += verdict.received
            yield verdict

    def slices(self, batch: pa.RecordBatch | pa.Table) -> Iterator[Callable[[], Settled]]:
        """Yield a call per slice of rows that judges their cells, on whatever thread it is made.

        Raises OutputFailed if columns are missing, unexpected or there twice; the calls raise it
        for columns that can't become what they are declared as.
        """
        names, companions = split_tags(batch.schema.names)
        self._check_columns(batch.schema.names, names)
        table = pa.Table.from_batches([batch]) if isinstance(batch, pa.RecordBatch) else batch

        def judging(part: pa.Table) -> Callable[[], Settled]:
            def judge() -> Settled:
                judged = judge_cells(part, names, companions, self.contract)
                return judged, *split(judged, judged.bad, self.schema)

            return judge

        size = _rows_of_slices(table)
        for start in range(0, max(table.num_rows, 1), size):
            yield judging(table.slice(start, size))

    def settle(self, settled: Settled, *, first_row: int) -> Verdict:
        """Give the bad rows of a judged slice their numbers, reasons and hints.

        Rows that repeat a key of an earlier row are found here. Raises SpillError if there is no
        room for the keys.
        """
        judged, valid, bad = settled
        repeated = self._uniqueness.judge(
            judged.values, judged.read, judged.bad, first_row=first_row
        )
        if repeated:
            valid, bad = split(judged, with_repetitions(judged, repeated), self.schema)
        reasons = reasons_of_cells(bad, self._reasons)
        reasons += reasons_of_repetitions(judged, bad, repeated)
        return Verdict(valid, rejections(bad, reasons, first_row=first_row), judged.received)

    def close(self) -> None:
        """Give back the memory and the files that keys take."""
        self._uniqueness.close()

    def _check_columns(self, present: list[str], names: list[str]) -> None:
        expected = [column.name for column in self.contract.columns]
        if present == expected:
            return
        lists = f"expected {', '.join(expected)}; got {', '.join(names) or 'no columns'}"
        twice = [name for name, count in Counter(present).items() if count > 1]
        if twice:
            raise self._failed("duplicate_column", f"there are two columns {twice[0]!r}; {lists}")
        there, declared = set(names), set(expected)  # lists would take seconds per frame
        missing = [name for name in expected if name not in there]
        extra = [name for name in names if name not in declared]
        reserved = [name for name in extra if name.startswith(RESERVED_PREFIX)]
        if missing:
            what = _listed("missing column", missing)
            also = f" and {_listed('unexpected column', extra)}" if extra else ""
            raise self._failed("missing_column", f"{what}{also}; {lists}")
        if reserved:
            what = _listed("reserved column", reserved)
            raise self._failed("extra_column", f"{what}: names in _cf_ are casparian's; {lists}")
        if extra and self.contract.extra_columns == "fail":
            raise self._failed(
                "extra_column",
                f"{_listed('unexpected column', extra)}; {lists}",
                hint='declare them, or set extra_columns = "drop"',
            )

    def _failed(self, error_type: OutputErrorType, what: str, *, hint: str = "") -> OutputFailed:
        return OutputFailed(
            f"output {self.contract.name!r}: {what}", error_type=error_type, hint=hint
        )


def _rows_of_slices(table: pa.Table) -> int:
    """Return how many rows a slice has: fewer if they are large."""
    if table.num_rows <= _FEW_ROWS:
        return SLICE_ROWS
    fitting = _SLICE_BYTES * table.num_rows // max(table.nbytes, 1)
    return min(SLICE_ROWS, max(_FEW_ROWS, int(fitting)))


def _listed(what: str, names: list[str]) -> str:
    return f"{what}{'s' if len(names) > 1 else ''} {', '.join(map(repr, names))}"
