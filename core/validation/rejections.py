"""The bad rows of a slice, a column of reasons at a time: thousands cost little more than one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from casparian.core.validation.cells import cells_of
from casparian.core.validation.verdict import Reason, RejectedRow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from casparian.core.validation.cells import Cell
    from casparian.core.validation.reasons import ColumnReasons, Finding
    from casparian.core.validation.slices import BadCells, BadRows

Positions = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, slots=True, eq=False)
class Rejections(Sequence[RejectedRow]):
    """Bad rows in their order; as a sequence, they are made one by one when they are asked for.

    ``numbers`` are zero-based through the whole output. The reasons of row i are the entries
    ``starts[i]`` to ``starts[i + 1]`` of the four arrays of strings.
    """

    numbers: Positions
    raw: pa.ChunkedArray
    starts: Positions
    columns: pa.Array
    error_types: pa.Array
    messages: pa.Array
    hints: pa.Array

    @staticmethod
    @cache
    def none() -> Rejections:
        """No bad row."""
        empty = pa.array([], pa.string())
        nothing = np.zeros(0, np.int64)
        return Rejections(
            nothing, pa.chunked_array([empty]), np.zeros(1, np.int64), empty, empty, empty, empty
        )

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, index: int) -> RejectedRow: ...
    @overload
    def __getitem__(self, index: slice) -> list[RejectedRow]: ...
    def __getitem__(self, index: int | slice) -> RejectedRow | list[RejectedRow]:
        """Return a row, or a list of rows."""
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        at = range(len(self))[index]
        start, length = int(self.starts[at]), int(self.starts[at + 1] - self.starts[at])
        parts = (self.columns, self.error_types, self.messages, self.hints)
        texts = [part.slice(start, length).to_pylist() for part in parts]
        reasons = tuple(Reason(*reason) for reason in zip(*texts, strict=True))
        return RejectedRow(int(self.numbers[at]), reasons, self.raw[at].as_py())


@dataclass(frozen=True, slots=True)
class Reasons:
    """Reasons of one column or rule: which of the bad rows have them, and of each its finding."""

    name: str
    rows: Positions
    findings: Sequence[Finding]
    """What was found, once per different cell."""
    codes: Positions
    """Which of the findings each of ``rows`` has."""


def reasons_of_cells(bad: BadRows, explained: Mapping[str, ColumnReasons]) -> list[Reasons]:
    """Let the oracle explain every bad cell; the columns in the order of ``explained``."""
    found: list[Reasons] = []
    for name, column in explained.items():
        if name not in bad.cells:
            continue
        of_column = bad.cells[name]
        cells, codes = _different(of_column)
        findings: list[Finding] = []
        first: list[int] = []
        for cell in cells:
            first.append(len(findings))
            findings.extend(column.of(cell))
        first.append(len(findings))
        rows = of_column.rows
        if len(findings) > len(cells):  # a cell may break several constraints
            starts = np.array(first, np.int64)
            counts = (starts[1:] - starts[:-1])[codes]
            rows = np.repeat(rows, counts)
            within = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
            codes = np.repeat(starts[codes], counts) + within
        found.append(Reasons(name, rows, findings, codes))
    return found


def _different(bad: BadCells) -> tuple[Sequence[Cell], Positions]:
    """Return a column's different bad cells, as first met, and which of them each one is."""
    type_ = bad.cells.type
    if bad.kinds is None and (pa.types.is_string(type_) or pa.types.is_integer(type_)):
        encoded = bad.cells.dictionary_encode("encode")
        return cells_of(encoded.dictionary), encoded.indices.to_numpy().astype(np.int64)
    code_of: dict[Cell, int] = {}
    cells = cells_of(bad.cells, bad.kinds)
    codes = np.array([code_of.setdefault(cell, len(code_of)) for cell in cells], np.int64)
    return [*code_of], codes


def rejections(bad: BadRows, reasons: Sequence[Reasons], *, first_row: int) -> Rejections:
    """Bring the reasons of all columns and rules into the order of the bad rows."""
    numbers = bad.positions + first_row
    if not len(numbers):
        return Rejections.none()
    rows = np.concatenate([part.rows for part in reasons])
    order = np.argsort(rows, kind="stable")
    counts = np.bincount(rows, minlength=len(numbers))
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    offsets = np.cumsum([0, *(len(part.findings) for part in reasons)])
    codes = [part.codes + offset for part, offset in zip(reasons, offsets, strict=False)]
    which = pa.array(np.concatenate(codes)[order])
    found = [(part.name, *finding) for part in reasons for finding in part.findings]
    names, error_types, sentences, hints = (
        pa.array(texts, pa.string()).take(which) for texts in zip(*found, strict=True)
    )
    shown = pa.array(numbers[rows[order]] + 1).cast(pa.string())
    messages = pc.binary_join_element_wise("row ", shown, ": ", names, ": ", sentences, "")
    return Rejections(numbers, bad.raw, starts, names, error_types, messages, hints)


def joined(parts: Sequence[Rejections]) -> Rejections:
    """Put the bad rows of several slices after each other."""
    if len(parts) == 1:
        return parts[0]
    before = np.cumsum([0, *(int(part.starts[-1]) for part in parts)])
    starts = [part.starts[1:] + offset for part, offset in zip(parts, before, strict=False)]
    return Rejections(
        np.concatenate([part.numbers for part in parts]),
        pa.chunked_array([chunk for part in parts for chunk in part.raw.chunks], pa.string()),
        np.concatenate([np.zeros(1, np.int64), *starts]),
        pa.concat_arrays([part.columns for part in parts]),
        pa.concat_arrays([part.error_types for part in parts]),
        pa.concat_arrays([part.messages for part in parts]),
        pa.concat_arrays([part.hints for part in parts]),
    )
