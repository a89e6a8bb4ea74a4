"""Which rows of a table are shown, and in which order. It may take seconds: for threads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from casparian.app.tui.widgets.table_filter import Filter, FilterError, contains
from casparian.app.tui.widgets.table_source import PIECE_ROWS
from casparian.core.errors import CasparianError
from casparian.core.sinks.text import plain as plain_array

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from casparian.app.tui.widgets.table_source import TableSource

    Rows = npt.NDArray[np.int64]

#: The first rows that are searched: what is found at once is shown at once.
_FIRST_SEARCHED = 2_048


class StaleError(Exception):
    """Somebody asked for something else meanwhile: the answer is not wanted any more."""


class SortError(CasparianError):
    """A column that has no order."""


@dataclass(frozen=True, slots=True)
class Sort:
    """By which column, and how."""

    column: int
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """The rows that are shown, in their order. ``rows`` is None for all of them as they came."""

    count: int
    rows: Rows | None = None

    def at(self, start: int, stop: int) -> Rows:
        """Return the source's rows that stand at these places."""
        stop = min(stop, self.count)
        if self.rows is None:
            return np.arange(start, max(start, stop), dtype=np.int64)
        return self.rows[start:stop]

    def place_of(self, row: int) -> int | None:
        """Return where one of the source's rows stands; None if it is not shown."""
        if self.rows is None:
            return row if 0 <= row < self.count else None
        found = np.flatnonzero(self.rows == row)
        return int(found[0]) if len(found) else None


@dataclass(frozen=True, slots=True)
class Found:
    """A cell that was searched for, by its place; ``wrapped``: beyond the table's end."""

    place: int
    column: int
    wrapped: bool


def arranged(
    source: TableSource, keep: Filter | None, sort: Sort | None, stale: Callable[[], bool]
) -> Shown:
    """Return what a filter keeps, sorted; rows that are equal keep their order, nulls are last.

    Raises:
        FilterError: the filter doesn't fit these values.
        SortError: the column has no order.
        UnreadableTableError: the source can't be read.
        StaleError: ``stale`` became true.
    """
    rows = None if keep is None else _kept(source, keep, stale)
    if sort is not None:
        rows = _sorted(source, rows, sort)
    if stale():
        raise StaleError
    return Shown(source.num_rows if rows is None else len(rows), rows)


def _kept(source: TableSource, keep: Filter, stale: Callable[[], bool]) -> Rows:
    columns = keep.columns(source.schema)
    found, start = [], 0
    for piece in source.pieces(columns):
        if stale():
            raise StaleError
        try:
            mask = keep.mask(dict(zip(columns, piece, strict=True)))
        except (ValueError, pa.ArrowException) as error:
            raise FilterError(f"the filter doesn't fit: {error}") from error
        found.append(np.flatnonzero(_as_numpy(mask)) + start)
        start += len(piece[0])
    return np.concatenate(found) if found else np.empty(0, dtype=np.int64)


def _sorted(source: TableSource, rows: Rows | None, sort: Sort) -> Rows:
    field = source.schema.field(sort.column)
    values = source.whole(sort.column) if rows is None else source.take(sort.column, rows)
    order = "descending" if sort.descending else "ascending"
    try:
        indices = pc.sort_indices(_sortable(values), sort_keys=[("", order)])
    except (pa.ArrowException, TypeError) as error:
        raise SortError(
            f"{field.name} can't be sorted: {field.type} has no order",
            hint="sort by another column",
        ) from error
    order_of = np.asarray(indices).astype(np.int64, copy=False)
    return order_of if rows is None else rows[order_of]


def _sortable(values: Any) -> Any:
    kinds = pa.types
    type_ = values.type
    if kinds.is_dictionary(type_) or isinstance(type_, pa.BaseExtensionType):
        values = plain_array(values)
        type_ = values.type
    if kinds.is_string_view(type_):
        return values.cast(pa.large_string())
    if kinds.is_binary_view(type_):
        return values.cast(pa.large_binary())
    if kinds.is_float16(type_):
        return values.cast(pa.float32())
    if kinds.is_decimal32(type_) or kinds.is_decimal64(type_):
        return values.cast(pa.decimal128(38, type_.scale))
    if kinds.is_nested(type_):
        raise TypeError
    return values


def find(
    source: TableSource,
    shown: Shown,
    text: str,
    *,
    place: int,
    column: int,
    backwards: bool,
    stale: Callable[[], bool],
) -> Found | None:
    """Search for a text, whatever its case, from the cell after (or before) one, and once around.

    Raises as `arranged`.
    """
    if not text or not shown.count:
        return None
    bounds = _pieces(shown.count, place, backwards)
    columns = len(source.schema)
    for visit, (start, stop) in enumerate(bounds):
        if stale():
            raise StaleError
        rows = shown.at(start, stop)
        hits = np.column_stack(
            [_as_numpy(contains(source.take(each, rows), text)) for each in range(columns)]
        ).ravel()
        at = np.flatnonzero(hits) + start * columns
        here = place * columns + column
        if visit == 0:
            at = at[at < here] if backwards else at[at > here]
        if len(at):
            flat = int(at[-1] if backwards else at[0])
            wrapped = flat >= here if backwards else flat <= here
            return Found(flat // columns, flat % columns, wrapped)
    return None


def _pieces(count: int, place: int, backwards: bool) -> list[tuple[int, int]]:
    """The places to search, piece by piece; the first has the cell we start from, the last too."""
    size = _FIRST_SEARCHED
    pieces: list[tuple[int, int]] = []
    if backwards:
        stop = place + 1
        while stop > 0:
            pieces.append((max(0, stop - size), stop))
            stop, size = stop - size, PIECE_ROWS
        after = [(at, min(count, at + PIECE_ROWS)) for at in range(place, count, PIECE_ROWS)]
        return pieces + after[::-1]
    start = place
    while start < count:
        pieces.append((start, min(count, start + size)))
        start, size = start + size, PIECE_ROWS
    return pieces + [
        (at, min(place + 1, at + PIECE_ROWS)) for at in range(0, place + 1, PIECE_ROWS)
    ]


def _as_numpy(mask: Any) -> Any:
    if isinstance(mask, pa.ChunkedArray):
        return np.asarray(mask.to_numpy())
    return mask.to_numpy(zero_copy_only=False)
