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
    Ends = np.ndarray[Any, np.dtype[np.signedinteger[Any]]]

_OFFSETS: Final = {pa.string(): np.int32, pa.large_string(): np.int64}
_ASCII, _LEAD_OF_TWO, _LEAD_OF_THREE = 0x7F, 0xC2, 0xE0
_LEAST_LEAD: Final = -0x40
"""Bytes below this, when they have a sign, go on with a character."""
# So many are looked at together: what is made of them stays in the processor's cache.
_STARTS, _BYTES = 8_192, 98_304


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
    if not len(data):
        return True
    top = data.max()
    if top <= _ASCII:
        return True
    if _begins_within(data, ends[1 : np.searchsorted(ends, ends[-1])] - ends[0]):
        return False
    if top < _LEAD_OF_THREE:
        return _is_utf8_of_two(data)
    return _is_utf8(data_bytes.slice(first, last - first))


def _begins_within(data: Bytes, starts: Ends) -> bool:
    """Whether any of these bytes goes on with a character that began before."""
    return any(
        bool((data[starts[at : at + _STARTS]].view(np.int8) < _LEAST_LEAD).any())
        for at in range(0, len(starts), _STARTS)
    )


def _is_utf8_of_two(data: Bytes) -> bool:
    """Whether bytes are UTF-8, if none is 0xE0 or more: characters of one byte or of two.

    As good as `_is_utf8`, in half of the time.
    """
    for at in range(0, len(data), _BYTES):
        part = data[at : at + _BYTES + 1]
        signed = part.view(np.int8)
        lead, continuation = part >= _LEAD_OF_TWO, signed < _LEAST_LEAD
        if not np.array_equal(lead[:-1], continuation[1:]):
            return False
        # 0xC0 and 0xC1 are neither: what they could lead has a shorter form.
        both = np.count_nonzero(lead) + np.count_nonzero(continuation)
        if np.count_nonzero(signed < 0) != both:
            return False
    return bool(data[0] <= _ASCII or data[0] >= _LEAD_OF_TWO) and bool(data[-1] < _LEAD_OF_TWO)


def _is_utf8(data: pa.Buffer) -> bool:
    """Whether bytes are UTF-8, by Arrow's own reading of them as one text."""
    ends = pa.py_buffer(np.array([0, data.size], np.int64).tobytes())
    try:
        pa.Array.from_buffers(pa.large_string(), 1, [None, ends, data]).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True
