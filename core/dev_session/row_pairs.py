"""Rows of two Parquet files paired by their content, a column at a time, in bounded memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from casparian.core.sinks.text import text
from casparian.core.validation.key_codes import Codes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from casparian.core.validation.key_codes import KeyCoder

Numbers = np.ndarray[Any, np.dtype[np.int64]]

_AT_ONCE: Final = 16_384
"""Rows that are read at a time."""


class Pairs(NamedTuple):
    """Rows that belong together: ``before[i]`` and ``after[i]``, in the order of ``after``."""

    before: Numbers
    after: Numbers


def paired(before: Codes, after: Codes) -> Pairs:
    """Pair rows of equal codes. If one is there several times, as many as both sides have, the
    earlier ones first."""
    assert before.high is not None
    assert after.high is not None
    split = len(before.low)
    low = np.concatenate([before.low, after.low])
    high = np.concatenate([before.high, after.high])
    order = np.lexsort((high, low))  # stable: equal ones stay in their order, ``before`` first
    low, high = low[order], high[order]
    is_new = np.ones(len(order), bool)
    is_new[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
    group = np.cumsum(is_new) - 1
    is_before = order < split
    groups = int(group[-1]) + 1 if len(group) else 0
    there = np.bincount(group[is_before], minlength=groups)
    here = np.bincount(group[~is_before], minlength=groups)
    both = np.minimum(there, here)
    left = _first(group[is_before], there, both)
    right = _first(group[~is_before], here, both)
    pairs = Pairs(order[is_before][left], order[~is_before][right] - split)
    by_after = np.argsort(pairs.after, kind="stable")
    return Pairs(pairs.before[by_after], pairs.after[by_after])


def _first(group: Numbers, counts: Numbers, wanted: Numbers) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which of some rows, sorted by group, are among the first ``wanted`` of their group."""
    starts = np.cumsum(counts) - counts
    rank = np.arange(len(group)) - starts[group]
    first: np.ndarray[Any, np.dtype[np.bool_]] = rank < wanted[group]
    return first


def others(rows: int, taken: Numbers) -> Numbers:
    """Return the numbers of the rows that are not among some."""
    is_left = np.ones(rows, bool)
    is_left[taken] = False
    return np.flatnonzero(is_left)


def schema_of(path: Path) -> pa.Schema:
    """Return a file's schema."""
    with path.open("rb") as source:
        return pq.read_schema(source).remove_metadata()


def rows_of(path: Path) -> int:
    """Return how many rows a file has."""
    with path.open("rb") as source:
        return int(pq.read_metadata(source).num_rows)


def codes_of(
    path: Path, columns: Sequence[str], coder: KeyCoder, *, as_text: frozenset[str] = frozenset()
) -> Codes:
    """Return a code per row, of some columns. ``as_text`` names those that are told by their text.

    Raises ValueError or an ArrowException if a value has no text.
    """
    lows, highs = [np.zeros(0, np.uint64)], [np.zeros(0, np.uint64)]
    for batch in _batches(path, columns):
        cells = [_told(batch.column(name), as_text=name in as_text) for name in columns]
        codes = coder.codes(cells)
        assert codes.high is not None
        lows.append(codes.low)
        highs.append(codes.high)
    return Codes(np.concatenate(lows), np.concatenate(highs))


def column_codes(table: pa.Table, name: str, coder: KeyCoder, *, as_text: bool) -> Codes:
    """Return a code per cell of one column."""
    column = table.column(name).combine_chunks()
    if isinstance(column, pa.ChunkedArray):
        column = pa.concat_arrays(column.chunks)
    return coder.codes([_told(column, as_text=as_text)])


def rows_at(path: Path, rows: Numbers) -> pa.Table:
    """Read some rows of a file, in the order in which they are named."""
    order = np.argsort(rows, kind="stable")
    wanted = rows[order]
    found = [pa.Table.from_batches([], schema_of(path))]
    start = 0
    for batch in _batches(path, None):
        if start > (wanted[-1] if len(wanted) else -1):
            break
        here = wanted[(wanted >= start) & (wanted < start + batch.num_rows)]
        if len(here):
            found.append(pa.Table.from_batches([batch]).take(pa.array(here - start)))
        start += batch.num_rows
    table = pa.concat_tables(found).combine_chunks()
    back = np.empty(len(order), np.int64)
    back[order] = np.arange(len(order))
    return table.take(pa.array(back))


def _batches(path: Path, columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
    with path.open("rb") as source, pq.ParquetFile(source) as file:
        yield from file.iter_batches(batch_size=_AT_ONCE, columns=columns)


def _told(column: pa.Array, *, as_text: bool) -> pa.Array:
    """A column in a form of which codes can be made."""
    kind = column.type
    types = pa.types
    if not as_text:
        plain = types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind)
        if plain or types.is_decimal128(kind) or types.is_string(kind) or types.is_binary(kind):
            return column
        if types.is_temporal(kind) and not types.is_interval(kind):
            return column
    return text(column).cast(pa.string())
