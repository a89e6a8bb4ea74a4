"""Cut a table into pieces that are small enough to be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from .wire import KIND_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_SLICE_BYTES = 64 * 1024 * 1024
MAX_SLICE_ROWS = 65_536 * 16

_SMALL_CHUNK_ROWS = 4_096
_DECODED_ROWS = 65_536


def pieces(
    table: pa.Table, max_bytes: int = MAX_SLICE_BYTES, max_rows: int = MAX_SLICE_ROWS
) -> Iterator[pa.Table]:
    """Yield a table as tables of at most so many bytes and rows.

    Nothing is copied, except that small chunks are joined.  A row that is larger than `max_bytes`
    is yielded alone.  A table without rows is yielded too: its schema matters.
    """
    small = table.nbytes <= max_bytes // 2  # dictionaries count, too
    if small or sum(map(_dictionary_bytes, table.columns)) <= max_bytes // 2:
        yield from _cut(table, max_bytes, max_rows)
        return
    for start in range(0, max(table.num_rows, 1), _DECODED_ROWS):  # each slice would carry it whole
        yield from _cut(_decoded(table.slice(start, _DECODED_ROWS)), max_bytes, max_rows)


def _cut(table: pa.Table, max_bytes: int, max_rows: int) -> Iterator[pa.Table]:
    parts = max(-(-table.nbytes // max_bytes), -(-table.num_rows // max_rows), 1)
    if parts > 1 and table.num_rows > 1:
        rows = max(table.num_rows // parts, 1)
        for start in range(0, table.num_rows, rows):
            yield from _cut(table.slice(start, rows), max_bytes, max_rows)
        return
    chunks = max([column.num_chunks for column in table.columns], default=0)
    small = chunks > 1 and table.num_rows < chunks * _SMALL_CHUNK_ROWS
    yield table.combine_chunks() if small else table


def _dictionary_bytes(column: Any) -> int:
    if not pa.types.is_dictionary(column.type):
        return 0
    return max((chunk.dictionary.nbytes for chunk in column.chunks), default=0)


def _decoded(table: pa.Table) -> pa.Table:
    for place, column in enumerate(table.columns):
        field = table.schema.field(place)
        if pa.types.is_dictionary(column.type) and not field.name.startswith(KIND_PREFIX):
            plain = column.type.value_type
            table = table.set_column(place, field.with_type(plain), column.cast(plain))
    return table
