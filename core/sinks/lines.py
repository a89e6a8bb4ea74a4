"""Text files line by line, built column-wise: what CSV and JSON lines have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Iterator

_PIECE_BYTES = 8 * 2**20
_PIECE_ROWS = 65_536
_TEXT = pa.large_string()


def small_enough(table: Any) -> Iterator[Any]:
    """Slices of a table whose text fits comfortably in memory."""
    if not table.num_rows:
        return
    each = max(1, table.nbytes // table.num_rows)
    rows = max(1, min(_PIECE_ROWS, _PIECE_BYTES // each))
    for start in range(0, table.num_rows, rows):
        yield table.slice(start, rows)


def joined(pieces: list[Any]) -> memoryview:
    """The bytes of all rows: each row its ``pieces``, in order.

    A piece is a large_string array without nulls, or a constant.
    """
    columns = [pa.scalar(piece, _TEXT) if isinstance(piece, str) else piece for piece in pieces]
    rows = pc.binary_join_element_wise(*columns, pa.scalar("", _TEXT))
    if isinstance(rows, pa.ChunkedArray):
        rows = rows.combine_chunks()
    _, offsets, data = rows.buffers()
    bounds = memoryview(offsets).cast("q")
    return memoryview(data)[bounds[rows.offset] : bounds[rows.offset + len(rows)]]
