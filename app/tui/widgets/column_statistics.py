"""What is in a column of a table, as it is shown. It may take seconds: for threads.

Whatever the number of rows, little is held: some thousands of rows at a time, and the values that
differ up to a limit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from casparian.app.tui.widgets.arranging import StaleError
from casparian.app.tui.widgets.cells import is_number, is_text, spelled_array, type_text
from casparian.app.tui.widgets.table_source import PIECE_ROWS
from casparian.core.sinks.text import plain as plain_array

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from casparian.app.tui.widgets.table_view import TableView

#: Values that differ are counted up to this many, and so many bytes of them.
MOST_DISTINCT: Final = 100_000
_MOST_BYTES: Final = 64 * 2**20
TOP: Final = 8
BARS: Final = 48


@dataclass(frozen=True, slots=True)
class Lengths:
    """Of texts in characters, of binary in bytes, of lists in items."""

    of: str
    least: int
    greatest: int
    mean: float


@dataclass(frozen=True, slots=True)
class Often:
    """How often a value comes; ``text`` is its spelling, cut if it is long."""

    text: str
    count: int


@dataclass(frozen=True, slots=True)
class ColumnStatistics:
    """What is in a column. ``rows`` are those that are shown, ``of_rows`` all there are."""

    name: str
    type: str
    rows: int
    of_rows: int
    nulls: int = 0
    distinct: int | None = None
    """Values that differ; None for a type whose values aren't compared."""
    counted: int = 0
    """Rows in which values were compared: fewer than all when too many differ."""
    top: tuple[Often, ...] = ()
    least: str | None = None
    greatest: str | None = None
    mean: float | None = None
    nans: int = 0
    infinite: int = 0
    lengths: Lengths | None = None
    bars: tuple[int, ...] = ()
    """How many values lie in each of equal parts between the least and the greatest."""


def column_statistics(
    view: TableView,
    column: int,
    stale: Callable[[], bool],
    told: Callable[[int], object] = lambda _: None,
) -> ColumnStatistics:
    """Look through a column of the rows that are shown.

    Args:
        view: the table.
        column: which one, counted from 0.
        stale: whether nobody wants to know any more.
        told: hears how many rows were looked at; they may be looked through twice.

    Raises:
        StaleError: ``stale`` became true.
        UnreadableTableError: the source can't be read.
    """
    field = view.source.schema.field(column)
    summary = _Summary(plain_array(pa.array([], field.type)).type)
    done = 0
    for piece in _pieces(view, column, stale):
        summary.add(piece)
        done += len(piece)
        told(done)
    bars: tuple[int, ...] = ()
    spread = summary.spread()
    if spread is not None:
        counts = np.zeros(spread.bars, dtype=np.int64)
        for piece in _pieces(view, column, stale):
            counts += spread.counted(piece)
            done += len(piece)
            told(done)
        bars = tuple(int(count) for count in counts)
    return summary.finished(
        field.name, type_text(field), view.shown.count, view.source.num_rows, bars
    )


def _pieces(view: TableView, column: int, stale: Callable[[], bool]) -> Iterator[Any]:
    if view.shown.rows is None:
        arrays: Iterator[Any] = (piece[0] for piece in view.source.pieces([column]))
    else:
        arrays = (
            view.source.take(column, view.shown.at(start, start + PIECE_ROWS))
            for start in range(0, view.shown.count, PIECE_ROWS)
        )
    for array in arrays:
        if stale():
            raise StaleError
        yield _plainly(array)


def _plainly(values: Any) -> Any:
    """Values of a type that can be counted and compared."""
    values = plain_array(values)
    kinds = pa.types
    if is_text(values.type):
        return spelled_array(values)
    if kinds.is_float16(values.type):
        return values.cast(pa.float32())
    if kinds.is_binary_view(values.type):
        return values.cast(pa.large_binary())
    if kinds.is_decimal32(values.type) or kinds.is_decimal64(values.type):
        return values.cast(pa.decimal128(38, values.type.scale))
    return values


class _Summary:
    """Grows by pieces of a column."""

    def __init__(self, type_: Any) -> None:
        kinds = pa.types
        self.type = _plainly(pa.array([], type_)).type
        self._is_float = bool(kinds.is_floating(self.type))
        self._is_number = is_number(self.type)
        self._is_time = bool(kinds.is_temporal(self.type))
        self._is_nested = bool(kinds.is_nested(self.type))
        self._has_order = (
            self._is_number
            or is_text(self.type)
            or (self._is_time and not kinds.is_interval(self.type))
        )
        self._values = 0
        self._nulls = self._nans = self._infinite = 0
        self._sum = 0.0
        self._ends: Any = None
        self._sizes: tuple[int, int] | None = None
        self._size_sum = 0
        self._often = _Counter(self.type)

    def add(self, values: Any) -> None:
        """Take some more values."""
        self._nulls += values.null_count
        values = values.drop_null()
        if self._is_float:
            nan = pc.is_nan(values)
            self._nans += pc.sum(nan).as_py() or 0
            values = values.filter(pc.invert(nan))
            self._infinite += pc.sum(pc.is_inf(values)).as_py() or 0
        if not len(values):
            return
        self._values += len(values)
        if self._has_order:
            self._widen(values)
        if self._is_number:
            self._sum += float(pc.sum(values.cast(pa.float64(), safe=False)).as_py())
        sizes = _sizes(values)
        if sizes is not None:
            found = pc.min_max(sizes).as_py()
            least, greatest = self._sizes or (found["min"], found["max"])
            self._sizes = min(least, found["min"]), max(greatest, found["max"])
            self._size_sum += pc.sum(sizes).as_py()
        if not self._is_nested:
            self._often.add(values)

    def _widen(self, values: Any) -> None:
        compared = values.cast(pa.int64()) if pa.types.is_duration(self.type) else values
        ends = _ends(compared)
        self._ends = ends if self._ends is None else _ends(pa.concat_arrays([self._ends, ends]))

    def spread(self) -> _Spread | None:
        """Return how to count what lies between the ends; None if there is nothing to show."""
        if self._ends is None or self._infinite or not (self._is_number or self._is_time):
            return None
        least, greatest = _as_numbers(self._ends)
        if not greatest > least:
            return None
        is_whole = not (self._is_float or pa.types.is_decimal(self.type))
        few = is_whole and greatest - least < BARS
        return _Spread(least, greatest, int(greatest - least) + 1 if few else BARS, is_each=few)

    def finished(
        self, name: str, type_: str, rows: int, of_rows: int, bars: tuple[int, ...]
    ) -> ColumnStatistics:
        """Return what was found."""
        least = greatest = None
        if self._ends is not None:
            ends = self._ends.cast(self.type) if pa.types.is_duration(self.type) else self._ends
            least, greatest = spelled_array(ends).to_pylist()
        lengths = None
        if self._sizes is not None:
            of = "characters" if is_text(self.type) else "bytes"
            of = "items" if self._is_nested else of
            lengths = Lengths(of, *self._sizes, self._size_sum / self._values)
        return ColumnStatistics(
            name,
            type_,
            rows,
            of_rows,
            nulls=self._nulls,
            distinct=None if self._is_nested else self._often.distinct,
            counted=self._often.rows,
            top=self._often.top(),
            least=least,
            greatest=greatest,
            mean=self._sum / self._values if self._is_number and self._values else None,
            nans=self._nans,
            infinite=self._infinite,
            lengths=lengths,
            bars=bars,
        )


@dataclass(frozen=True, slots=True)
class _Spread:
    """Equal parts between two numbers; ``is_each``: every whole number is one."""

    least: float
    greatest: float
    bars: int
    is_each: bool

    def counted(self, values: Any) -> Any:
        """Return how many of some values lie in each part."""
        values = values.drop_null()
        numbers = _as_numbers(values)
        numbers = numbers[np.isfinite(numbers)]
        half = 0.5 if self.is_each else 0.0
        span = (self.least - half, self.greatest + half)
        return np.histogram(numbers, bins=self.bars, range=span)[0]


def _ends(values: Any) -> Any:
    """Return the least value and the greatest; not by way of Python, which knows no nanoseconds."""
    found = pc.min_max(values)
    return pa.array([found["min"], found["max"]], values.type)


def _as_numbers(values: Any) -> Any:
    """Values as floats: near enough to be drawn."""
    if pa.types.is_temporal(values.type):
        if pa.types.is_date32(values.type) or pa.types.is_time32(values.type):
            values = values.cast(pa.int32())
        values = values.cast(pa.int64())
    return values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)


def _sizes(values: Any) -> Any:
    kinds = pa.types
    type_ = values.type
    if is_text(type_):
        return pc.utf8_length(values)
    if kinds.is_binary(type_) or kinds.is_large_binary(type_):
        return pc.binary_length(values)
    if kinds.is_list(type_) or kinds.is_large_list(type_):
        return pc.list_value_length(values)
    return None


class _Counter:
    """How often each value comes, as long as not too many differ."""

    def __init__(self, type_: Any) -> None:
        self._schema = pa.schema([("value", type_), ("count", pa.int64())])
        self._kept = self._schema.empty_table()
        self._new: list[Any] = []
        self._new_rows = 0
        self._is_full = False
        self.rows = 0

    def add(self, values: Any) -> None:
        """Take some more values, none of them null."""
        if self._is_full:
            return
        found = values.value_counts()
        self._new.append(
            pa.table([found.field("values"), found.field("counts")], schema=self._schema)
        )
        self._new_rows += len(found)
        self.rows += len(values)
        if self._new_rows > MOST_DISTINCT // 2:
            self._merge()
            self._is_full = len(self._kept) > MOST_DISTINCT or self._kept.nbytes > _MOST_BYTES

    def _merge(self) -> None:
        if self._new:
            grouped = pa.concat_tables([self._kept, *self._new]).group_by("value")
            merged = grouped.aggregate([("count", "sum")])
            self._kept = merged.select(["value", "count_sum"]).rename_columns(["value", "count"])
            self._new, self._new_rows = [], 0

    @property
    def distinct(self) -> int:
        """How many differ, in the rows that were counted."""
        self._merge()
        return int(self._kept.num_rows)

    def top(self) -> tuple[Often, ...]:
        """Return those that come most often, and more than once; equal ones by their spelling."""
        self._merge()
        several = self._kept.filter(pc.greater(self._kept["count"], 1))
        found = several.take(pc.select_k_unstable(several, TOP, [("count", "descending")]))
        values = found["value"].combine_chunks()
        texts = spelled_array(values).to_pylist()
        counts = found["count"].to_pylist()
        often = [Often(text[:200], count) for text, count in zip(texts, counts, strict=True)]
        return tuple(sorted(often, key=lambda one: (-one.count, one.text)))
