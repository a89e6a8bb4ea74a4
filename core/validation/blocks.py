"""Texts in blocks: so few at a time that what NumPy makes of them stays in the processor's cache.

A kernel over a whole slice would write megabytes per step, and wait for memory most of the time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from casparian.core.validation.kernel import Converted

if TYPE_CHECKING:
    from collections.abc import Callable

    Bytes = np.ndarray[Any, np.dtype[np.uint8]]
    Ends = np.ndarray[Any, np.dtype[np.int64]]
    Mask = np.ndarray[Any, np.dtype[np.bool_]]

BLOCK_ROWS: Final = 32_768
"""So few that their bytes stay in the cache, so many that threads seldom ask for Python's lock."""
_ROWS_AT_A_GLANCE: Final = 8_192
_FEW: Final = 8
"""Cells are judged one by one if they are fewer than one in so many."""


class TextBytes(NamedTuple):
    """Texts as bytes. What belongs to a null may be anything."""

    data: Bytes
    ends: Ends
    """Where each begins in ``data``, and where the last one ends."""

    @property
    def all(self) -> Bytes:
        """The bytes of these texts alone."""
        return self.data[self.ends[0] : self.ends[-1]]

    def row_of(self, positions: Ends) -> Ends:
        """Return which texts bytes of ``data`` belong to."""
        return np.searchsorted(self.ends, positions, side="right") - 1


def bytes_of(texts: pa.Array) -> TextBytes:
    """Look at the bytes of texts; nothing is copied but where they end."""
    _, offsets, data = texts.buffers()
    # NumPy gathers by wide numbers alone, and would widen these each time.
    ends = np.frombuffer(offsets, np.int32, len(texts) + 1, 4 * texts.offset).astype(np.int64)
    return TextBytes(np.frombuffer(data or b"", np.uint8), ends)


def mask_by_blocks(texts: pa.Array, look: Callable[[TextBytes], Mask]) -> Mask:
    """Return what ``look`` says of texts, which it sees block by block."""
    starts = range(0, len(texts), BLOCK_ROWS)
    parts = [look(bytes_of(texts.slice(start, BLOCK_ROWS))) for start in starts]
    return np.concatenate(parts) if parts else np.zeros(0, np.bool_)


def at_once(
    texts: pa.Array, type_: pa.DataType, clean: Callable[[TextBytes], bool]
) -> pa.Array | None:
    """Have Arrow read texts at once; None unless all of them are surely good.

    ``clean`` sees them block by block. That and the cast end at the first text that is not, so
    that a column with bad ones among its first loses little.
    """
    if texts.null_count or not len(texts):
        return None
    for start in range(0, len(texts), _ROWS_AT_A_GLANCE):
        if not clean(bytes_of(texts.slice(start, _ROWS_AT_A_GLANCE))):
            return None
    try:
        return texts.cast(type_)
    except pa.ArrowInvalid:
        return None


def valid_of(texts: pa.Array) -> Mask | None:
    """Return which texts are no nulls; None: all of them."""
    return texts.is_valid().to_numpy(zero_copy_only=False) if texts.null_count else None


def bits_of(mask: pa.Array) -> Mask:
    """Return a mask without nulls as NumPy has it. Arrow's own way goes bit by bit."""
    data, first = mask.buffers()[1], mask.offset
    end = first + len(mask)
    octets = np.frombuffer(data or b"", np.uint8, (end + 7) // 8)[first // 8 :]
    return np.unpackbits(octets, bitorder="little").view(np.bool_)[first % 8 : end - first // 8 * 8]


def bitmap(mask: Mask) -> pa.Buffer:
    """Return a mask as Arrow keeps validity."""
    return pa.py_buffer(np.packbits(mask, bitorder="little"))


def array_of(mask: Mask) -> pa.Array:
    """Return a mask as an Arrow array. Arrow's own way goes byte by byte."""
    return pa.Array.from_buffers(pa.bool_(), len(mask), [None, bitmap(mask)])


def plain_or_not(
    texts: pa.Array,
    plain: Mask,
    read: Callable[[pa.Array], Converted],
    judge: Callable[[pa.Array], Converted],
) -> Converted:
    """Read the texts that are plain; have those that are neither plain nor null judged.

    ``read`` and ``judge`` must agree on plain texts.
    """
    valid = valid_of(texts)
    if valid is not None:
        plain &= valid
    if plain.all():
        return read(texts)
    others = ~plain if valid is None else valid & ~plain
    which = np.flatnonzero(others)
    if len(which) * _FEW > len(texts):
        return judge(texts)
    ok, values = read(_only(texts, plain))
    if not len(which):
        return Converted(ok, values)
    judged = judge(texts.take(pa.array(which)))
    mask = array_of(others)
    ok = pc.replace_with_mask(ok, mask, judged.ok)
    if pc.any(judged.ok).as_py():
        values = pc.replace_with_mask(values, mask, judged.values)
    return Converted(ok, values)


def _only(texts: pa.Array, mask: Mask) -> pa.Array:
    """Return texts with nulls where the mask is false; no text is copied."""
    _, offsets, data = texts.buffers()
    start = 4 * texts.offset
    ends = offsets.slice(start, 4 * (len(texts) + 1))
    data = pa.py_buffer(b"") if data is None else data
    return pa.Array.from_buffers(texts.type, len(texts), [bitmap(mask), ends, data])
