"""Whether Arrow data of an untrusted origin is what it claims, down to its last byte.

Arrow's full validation looks at each text on its own, which for short texts takes as long as a
third of all that is done with them afterwards. Here the bytes of a column of texts are looked at
together: they are valid UTF-8 if the whole of them is, and no text begins within a character.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    Bytes = np.ndarray[Any, np.dtype[np.uint8]]

_OFFSETS: Final = {pa.string(): np.int32, pa.large_string(): np.int64}
_ASCII, _LEAD_BITS, _CONTINUATION = 0x7F, 0xC0, 0x80


def validate(table: pa.Table) -> None:
    """Raise what ``table.validate(full=True)`` raises (pa.ArrowInvalid), and where it does."""
    table.validate()
    for column in table.columns:
        for chunk in column.chunks:
            if not _is_plainly_text(chunk):
                chunk.validate(full=True)


def _is_plainly_text(array: pa.Array) -> bool:
    """Whether an array is valid text; False if it isn't, or if this can't tell."""
    width = _OFFSETS.get(array.type)
    if width is None or not len(array):
        return False
    _, offset_bytes, data_bytes = array.buffers()
    if offset_bytes is None or data_bytes is None:
        return False
    size = np.dtype(width).itemsize
    ends = np.frombuffer(offset_bytes, width, len(array) + 1, size * array.offset)
    if (ends[1:] < ends[:-1]).any():
        return False
    first, last = int(ends[0]), int(ends[-1])
    if first < 0 or last > data_bytes.size:
        return False
    data = np.frombuffer(data_bytes, np.uint8, last - first, first)
    if not len(data) or data.max() <= _ASCII:
        return True
    within = ends[1:-1] - first
    within = within[within < len(data)]
    if ((data[within] & _LEAD_BITS) == _CONTINUATION).any():
        return False
    return _is_utf8(data_bytes.slice(first, last - first))


def _is_utf8(data: pa.Buffer) -> bool:
    """Whether bytes are UTF-8, by Arrow's own reading of them as one text."""
    ends = pa.py_buffer(np.array([0, data.size], np.int64).tobytes())
    try:
        pa.Array.from_buffers(pa.large_string(), 1, [None, ends, data]).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True
