"""Validates the rows of one output against its contract."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from casparian.core.validation.arrow_types import target_schema
from casparian.core.validation.cells import RESERVED_PREFIX, Cell, cells_of, plain
from casparian.core.validation.constraints import breaks
from casparian.core.validation.convert import convert
from casparian.core.validation.hints import Hints
from casparian.core.validation.oracle import judge
from casparian.core.validation.raw import raw_json
from casparian.core.validation.tags import checked_kinds, split_tags
from casparian.core.validation.verdict import (
    OutputFailed,
    Reason,
    RejectedRow,
    ValidatorDisagreement,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from casparian.core.contract.model import Column, OutputContract

SLICE_ROWS: Final = 65_536
"""Rows that are validated at a time."""


class OutputValidator:
    """Holds batches of one output against its contract; only hints remember earlier batches."""

    def __init__(self, contract: OutputContract) -> None:
        self.contract = contract
        self.schema: pa.Schema = target_schema(contract)
        self._hints = {column.name: Hints(column) for column in contract.columns}

    def validate(self, batch: pa.RecordBatch | pa.Table, *, first_row: int) -> Verdict:
        """Split a batch into valid rows (target schema, order kept) and rejected ones.

        ``first_row`` is the zero-based number of the batch's first row in the whole output.
        Raises OutputFailed if the whole output violates the contract, ValidatorDisagreement
        on a bug of casparian's own.
        """
        valid: list[pa.Table] = []
        rejected: list[RejectedRow] = []
        for verdict in self.verdicts(batch, first_row=first_row):
            valid.append(verdict.valid)
            rejected.extend(verdict.rejected)
        table = pa.concat_tables(valid) if valid else self.schema.empty_table()
        return Verdict(table, rejected, batch.num_rows)

    def verdicts(self, batch: pa.RecordBatch | pa.Table, *, first_row: int) -> Iterator[Verdict]:
        """Yield a verdict per 65,536 rows, so that limits can be checked in between."""
        names, companions = split_tags(batch.schema.names)
        self._check_columns(batch.schema.names, names)
        table = pa.Table.from_batches([batch]) if isinstance(batch, pa.RecordBatch) else batch
        for start in range(0, max(table.num_rows, 1), SLICE_ROWS):
            part = table.slice(start, SLICE_ROWS)
            data = {name: plain(part.column(name)) for name in names}
            kinds = {
                name: checked_kinds(name, data[name], part.column(companion))
                for name, companion in companions.items()
            }
            yield self._judge_slice(data, kinds, part.num_rows, first_row=first_row + start)

    def _check_columns(self, present: list[str], names: list[str]) -> None:
        expected = [column.name for column in self.contract.columns]
        lists = f"expected {', '.join(expected)}; got {', '.join(names) or 'no columns'}"
        twice = [name for name, count in Counter(present).items() if count > 1]
        if twice:
            raise self._failed("duplicate_column", f"there are two columns {twice[0]!r}; {lists}")
        missing = [name for name in expected if name not in names]
        extra = [name for name in names if name not in expected]
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

    def _failed(self, error_type: str, what: str, *, hint: str = "") -> OutputFailed:
        return OutputFailed(
            f"output {self.contract.name!r}: {what}", error_type=error_type, hint=hint
        )

    def _judge_slice(
        self,
        data: dict[str, pa.Array],
        kinds: dict[str, pa.Array],
        received: int,
        *,
        first_row: int,
    ) -> Verdict:
        values: list[pa.Array] = []
        bad: dict[str, pa.Array] = {}
        any_bad: pa.Array | None = None
        for column in self.contract.columns:
            converted = convert(data[column.name], kinds.get(column.name), column)
            values.append(converted.values)
            # A value that was refused is null by now: only its refusal counts, not its nullness.
            mask = pc.or_(pc.invert(converted.ok), breaks(converted.values, column))
            if pc.any(mask).as_py():
                bad[column.name] = mask
                any_bad = mask if any_bad is None else pc.or_(any_bad, mask)
        if any_bad is None:
            return Verdict(pa.Table.from_arrays(values, schema=self.schema), [], received)
        kept = pc.invert(any_bad)
        valid = pa.Table.from_arrays([v.filter(kept) for v in values], schema=self.schema)
        rejected = self._explain(data, kinds, bad, any_bad, first_row=first_row)
        return Verdict(valid, rejected, received)

    def _explain(
        self,
        data: dict[str, pa.Array],
        kinds: dict[str, pa.Array],
        bad: dict[str, pa.Array],
        any_bad: pa.Array,
        *,
        first_row: int,
    ) -> list[RejectedRow]:
        """Let the oracle give all reasons of every bad row."""
        numbers = [first_row + i for i in pc.indices_nonzero(any_bad).to_pylist()]
        cells = {
            name: cells_of(array.filter(any_bad), _filtered(kinds.get(name), any_bad))
            for name, array in data.items()
        }
        masks = [
            (column, bad[column.name].filter(any_bad).to_pylist())
            for column in self.contract.columns
            if column.name in bad
        ]
        rejected: list[RejectedRow] = []
        for i, number in enumerate(numbers):
            reasons = [
                reason
                for column, mask in masks
                if mask[i]
                for reason in self._reasons(cells[column.name][i], column, number)
            ]
            raw = raw_json((name, column_cells[i]) for name, column_cells in cells.items())
            rejected.append(RejectedRow(number, tuple(reasons), raw))
        return rejected

    def _reasons(self, cell: Cell, column: Column, row_number: int) -> list[Reason]:
        judgement = judge(cell, column)
        if not judgement.reasons:
            raise ValidatorDisagreement(
                f"row {row_number + 1}: {column.name}: the kernels refuse {cell.text[:80]!r} "
                f"({cell.kind}) as {column.type.with_article}, the oracle takes it",
                hint="this is a bug of casparian: please report it with this message",
            )
        hint = self._hints[column.name].hint(cell)
        return [
            Reason(
                column=column.name,
                error_type=error_type,
                message=f"row {row_number + 1}: {column.name}: {sentence}",
                hint=hint,
            )
            for error_type, sentence in judgement.reasons
        ]


def _filtered(kinds: pa.Array | None, mask: pa.Array) -> pa.Array | None:
    return None if kinds is None else kinds.filter(mask)


def _listed(what: str, names: list[str]) -> str:
    return f"{what}{'s' if len(names) > 1 else ''} {', '.join(map(repr, names))}"
