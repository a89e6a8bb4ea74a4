"""What an `ArrowTable` shows: the rows of a source in an order, marks, and what is said of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Literal

import pyarrow as pa

from casparian.app.tui.widgets.arranging import Shown, Sort
from casparian.app.tui.widgets.row_numbers import RowNumbers
from casparian.app.tui.widgets.table_source import MemoryTable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from casparian.app.tui.widgets.table_source import TableSource

Mark = Literal["bad", "added", "removed", "changed"]
#: A mark is seen without colours too.
MARK_GLYPHS: Final[Mapping[Mark, str]] = {"bad": "✗", "added": "+", "removed": "−", "changed": "~"}


@dataclass(frozen=True)
class Marks:
    """What stands out in a table, by the source's rows and columns, counted from 0."""

    rows: Mapping[int, Mark] = field(default_factory=dict)
    cells: Mapping[tuple[int, int], Mark] = field(default_factory=dict)
    _of_rows: dict[int, Mark] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        for (row, _), mark in self.cells.items():
            self._of_rows.setdefault(row, mark)

    def of_row(self, row: int) -> Mark | None:
        """Return a row's own mark, or that of a cell in it."""
        return self.rows.get(row) or self._of_rows.get(row)

    def marked_rows(self) -> list[int]:
        """Return every row with a mark, in order."""
        return sorted({*self.rows, *self._of_rows})


@dataclass(frozen=True, slots=True)
class TableView:
    """A source and how it is shown. ``out_of``: rows there are in all, if the source is a part.

    ``coming``: rows that came until now, if more are still coming; None: these are all.
    ``numbers``: what its rows are called, if others came between them.
    """

    source: TableSource
    shown: Shown
    filter: str = ""
    sort: Sort | None = None
    marks: Marks = field(default_factory=Marks)
    out_of: int | None = None
    coming: int | None = None
    numbers: RowNumbers = field(default_factory=RowNumbers)

    @classmethod
    def plain(
        cls,
        source: TableSource,
        *,
        marks: Marks | None = None,
        out_of: int | None = None,
        coming: int | None = None,
        numbers: RowNumbers | None = None,
    ) -> TableView:
        """Show all rows as they came."""
        return cls(
            source,
            Shown(source.num_rows),
            marks=marks or Marks(),
            out_of=out_of,
            coming=coming,
            numbers=numbers or RowNumbers(),
        )

    @classmethod
    def empty(cls) -> TableView:
        """Show nothing."""
        return cls.plain(MemoryTable(pa.table({})))

    def plainly(self) -> TableView:
        """Return it without filter and order."""
        return replace(self, shown=Shown(self.source.num_rows), filter="", sort=None)

    @property
    def last_number(self) -> int:
        """The number of the source's last row, counted from 0; -1 if it has none."""
        return self.numbers.number(self.source.num_rows - 1) if self.source.num_rows else -1

    def counted(self) -> str:
        """Say how many rows are shown, and of how many."""
        total, shown = self.source.num_rows, self.shown.count
        if self.coming is not None and self.coming < total:
            kept = f"{shown:,} kept by the filter, of " if self.filter else ""
            return f"▷ still coming: {kept}the first {_rows(total)}"
        if self.coming is not None:
            first = f"the first {total:,} of " if self.coming > total else ""
            kept = f"{shown:,} kept by the filter, of " if self.filter else ""
            return f"▷ still coming: {kept}{first}{_rows(max(total, self.coming))} so far"
        part = self.out_of is not None and self.out_of != total
        if not self.filter:
            return f"{total:,} of {self.out_of:,} rows" if part else _rows(total)
        of = f"the first {total:,} of {self.out_of:,} rows" if part else _rows(total)
        return f"{shown:,} of {of} (filtered)"


@dataclass(frozen=True, slots=True)
class TableStatus:
    """What is said below a table. ``place`` and ``column`` are the cursor's, counted from 0."""

    counts: str
    place: int | None = None
    column: str = ""
    type: str = ""
    filter: str = ""
    sorted_by: str = ""
    selected: str = ""
    busy: str = ""
    note: str = ""
    problem: str = ""


def _rows(count: int) -> str:
    return "no rows" if not count else f"{count:,} row{'s' * (count != 1)}"
