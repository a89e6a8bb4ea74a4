"""Columns of nothing but numbers in their type's spelling: cast at once, without a grammar.

Arrow's cast refuses most of what is no number, and stops there. What it takes all the same (zeros
in front, hexadecimal digits, nan, a point at either end) shows in a few bytes of each text. What
may hold any of these is left to the grammar, which finds the bad cells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from casparian.core.validation.kernel import all_of

if TYPE_CHECKING:
    Bytes = np.ndarray[Any, np.dtype[np.uint8]]
    Ends = np.ndarray[Any, np.dtype[np.int64]]
    Mask = np.ndarray[Any, np.dtype[np.bool_]]

_PROBE: Final = 4_096
_MINUS: Final = ord("-")
_ZERO_DIGIT: Final = np.uint8(ord("0"))
_EXPONENT, _LOWER = np.uint8(ord("e")), np.uint8(0x20)


class _Texts(NamedTuple):
    """Texts without nulls, none of them empty, as bytes."""

    data: Bytes
    ends: Ends
    """Where each begins, and where the last one ends."""
    negative: Mask

    @property
    def first(self) -> Ends:
        """Where each text's first byte after a minus is."""
        return self.ends[:-1] + self.negative

    def digits(self, at: Ends) -> Bytes:
        """Return bytes as digits; more than 9 is none."""
        return self.data[at] - _ZERO_DIGIT


def clean_integers(texts: pa.Array) -> pa.Array | None:
    """Cast to int64; None unless all are canonical integers that fit."""
    values = _cast(texts, pa.int64())
    if values is None:
        return None
    seen = _bytes_of(texts)
    first = seen.first
    digit = seen.digits(first)
    odd_zero = (digit == 0) & (seen.negative | (seen.ends[1:] - first > 1))  # 007, -0, 0x10
    return None if (digit > 9).any() or odd_zero.any() else values


def clean_floats(texts: pa.Array, target: pa.DataType) -> pa.Array | None:
    """Cast to a float type; None unless all are finite JSON numbers without an exponent."""
    values = _cast(texts, target)
    if values is None or not all_of(pc.is_finite(values)):
        return None
    seen = _bytes_of(texts)
    written = seen.data[seen.ends[0] : seen.ends[-1]]
    if ((written | _LOWER) == _EXPONENT).any():
        return None  # 1.e5
    first = seen.first
    second = np.minimum(first + 1, seen.ends[1:] - 1)
    digit, next_digit, last = (seen.digits(at) for at in (first, second, seen.ends[1:] - 1))
    odd_zero = (digit == 0) & (next_digit <= 9) & (second > first)
    if odd_zero.any() or (digit > 9).any() or (last > 9).any():
        return None
    return values


def _cast(texts: pa.Array, target: pa.DataType) -> pa.Array | None:
    if texts.null_count or not len(texts):
        return None
    try:
        texts.slice(0, _PROBE).cast(target)  # a column that isn't clean mostly shows it soon
        return texts.cast(target)
    except pa.ArrowInvalid:
        return None


def _bytes_of(texts: pa.Array) -> _Texts:
    _, offsets, data = texts.buffers()
    # NumPy gathers by wide numbers alone, and would widen these each time.
    ends = np.frombuffer(offsets, np.int32, len(texts) + 1, 4 * texts.offset).astype(np.int64)
    data = np.frombuffer(data, np.uint8)
    return _Texts(data, ends, data[ends[:-1]] == _MINUS)
