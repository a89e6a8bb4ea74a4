"""Proposes the contract of one output from all of its rows, a part at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from casparian.core.contract.model import OutputContract
from casparian.core.inference.choice import InferredColumn, choose
from casparian.core.inference.evidence import Evidence
from casparian.core.pipeline import Ahead
from casparian.core.validation.cells import is_text, plain
from casparian.core.validation.tags import checked_kinds, split_tags
from casparian.core.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

PART_ROWS: Final = 65_536
"""Rows that are looked at together."""
_FEW_ROWS: Final = 4_096
"""Of fewer rows, handing a column to another thread takes longer than looking at it."""


@dataclass(frozen=True, slots=True)
class InferredOutput:
    """The proposal for one output, from ``rows`` rows."""

    name: str
    columns: tuple[InferredColumn, ...]
    rows: int

    @property
    def contract(self) -> OutputContract:
        """The proposal as a contract."""
        return OutputContract(self.name, tuple(column.column for column in self.columns))

    @property
    def questions(self) -> int:
        """How many questions are open."""
        return sum(len(column.questions) for column in self.columns)

    @property
    def refused(self) -> int:
        """How many cells of the sample the proposal refuses."""
        return sum(column.refused for column in self.columns)


class _Cells:
    """A column's cells, gathered to parts of one type before they are looked at."""

    def __init__(self, name: str, rows: int) -> None:
        self.evidence = Evidence(name)
        self.absent = rows
        """Rows of batches that don't have the column."""
        self._waiting: list[tuple[pa.Array, pa.Array | None]] = []
        self._count = 0
        if rows:
            self.add(pa.nulls(rows), None)

    def add(self, array: pa.Array, kinds: pa.Array | None) -> None:
        """Take cells of a batch."""
        for start in range(0, len(array), PART_ROWS):
            cells = array.slice(start, PART_ROWS)
            tags = None if kinds is None else kinds.slice(start, PART_ROWS)
            if self._waiting and self._is_other(cells, tags):
                self.flush()
            self._waiting.append((cells, tags))
            self._count += len(cells)
            if self._count >= PART_ROWS:
                self.flush()

    def _is_other(self, cells: pa.Array, kinds: pa.Array | None) -> bool:
        before, tags = self._waiting[-1]
        same = before.type == cells.type and (tags is None) == (kinds is None)
        return not same or self._count + len(cells) > PART_ROWS

    @property
    def waiting(self) -> int:
        """How many cells are gathered, and not looked at yet."""
        return self._count

    def flush(self) -> None:
        """Look at what waits."""
        if not self._waiting:
            return
        arrays = [array for array, _ in self._waiting]
        tags = [kinds for _, kinds in self._waiting if kinds is not None]
        self._waiting.clear()
        self._count = 0
        self.evidence.add(
            arrays[0] if len(arrays) == 1 else pa.concat_arrays(arrays),
            pa.concat_arrays(tags) if tags else None,
        )


class OutputInference:
    """Infers one output's contract from batches, whose schemas may differ.

    Columns of texts are judged by elimination over all cells; typed columns keep their type. A
    companion column of kinds, as guests send it, is used and not proposed.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.rows = 0
        self._columns: dict[str, _Cells] = {}
        self._renamed: dict[str, str] = {}
        self._ahead: Ahead[None, None] = Ahead()

    def add(self, batch: pa.Table | pa.RecordBatch) -> None:
        """Take the output's next rows."""
        table = pa.Table.from_batches([batch]) if isinstance(batch, pa.RecordBatch) else batch
        names, companions = split_tags(table.column_names)
        for name in names:
            if name not in self._columns:
                self._columns[name] = _Cells(name, self.rows)
            array = plain(table.column(name))
            if pa.types.is_float16(array.type):  # Arrow can't calculate with these
                array = array.cast(pa.float32())
            if not len(array):
                self._columns[name].evidence.add(array, None)
                continue
            tags = companions.get(name)
            kinds = None if tags is None else checked_kinds(name, array, table.column(tags))
            if kinds is not None and not is_text(array.type):
                kinds = None
            self._look(partial(self._columns[name].add, array, kinds), table.num_rows)
        if table.num_rows:
            for name in self._columns.keys() - set(names):
                self._columns[name].add(pa.nulls(table.num_rows), None)
                self._columns[name].absent += table.num_rows
        self.rows += table.num_rows
        self._wait()

    def renamed(self, columns: Iterable[tuple[str, str]]) -> None:
        """Note columns whose names in the file are others, with these: the evidence tells them."""
        self._renamed.update(columns)

    def _look(self, call: Callable[[], None], rows: int) -> None:
        """Look at cells of one column; at many of them beside those of the others."""
        if rows < _FEW_ROWS:
            call()
        else:
            self._ahead.submit(None, call)

    def _wait(self) -> None:
        """Wait until all columns have been looked at; raise what went wrong."""
        for _ in self._ahead.rest():
            pass

    def result(self) -> InferredOutput:
        """Return the proposal."""
        for cells in self._columns.values():
            self._look(cells.flush, cells.waiting)
        self._wait()
        self._ahead.close()
        columns = []
        for name, cells in self._columns.items():
            column = choose(cells.evidence)
            if name in self._renamed:
                was = self._renamed[name]
                has = f"is {was!r}, as that of an earlier column" if was.strip() else "is empty"
                note = f"its name in the header {has}"
                column = replace(column, evidence=(note, *column.evidence))
            if cells.absent:
                missing = counted(cells.absent, "row")
                question = f"frames of {missing} don't have it, and one without it fails the run"
                column = replace(column, questions=(*column.questions, question))
            columns.append(column)
        return InferredOutput(self.name, tuple(columns), self.rows)


def infer_output(
    name: str,
    batches: Iterable[pa.Table | pa.RecordBatch],
    *,
    renamed: Iterable[tuple[str, str]] = (),
) -> InferredOutput:
    """Propose a contract for an output from all of its batches; see :class:`OutputInference`."""
    inference = OutputInference(name)
    inference.renamed(renamed)
    for batch in batches:
        inference.add(batch)
    return inference.result()
