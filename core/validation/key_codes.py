"""Keys as numbers: one 64-bit code that is the key itself, or 128 bits of a keyed hash of it.

A key of one column of at most 64 bits is its own code. Any other is hashed with the multilinear
family: the sum of its 32-bit words, each times a random 64-bit number, of which the upper 32 bits
are kept (Lemire and Kaser, "Strongly universal string hashing is fast", 2014). Two different keys
agree in one such lane with a chance of at most 2^-32, whatever they are, for the random numbers are
drawn anew for each run. Four lanes, and at most three hashes over each other, make 3 x 2^-128 per
pair of keys: among 10^10 keys less than 1 in 10^18.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Sequence

Words = np.ndarray[Any, np.dtype[np.uint64]]
"""Unsigned 64-bit numbers; where they are a hash's input, each holds 32 bits."""

_LANES: Final = 4
_LONGEST: Final = 256
"""Bytes of a text that are hashed as they are; a longer one by its BLAKE2b digest."""
_MOST_WORDS: Final = _LONGEST // 4 + 2
_LOW: Final = np.uint64(0xFFFF_FFFF)
_HALF: Final = np.uint64(32)


class Codes(NamedTuple):
    """A code per row: ``low`` alone if that is the whole key, else both halves of its hash."""

    low: Words
    high: Words | None

    def take(self, rows: np.ndarray[Any, Any]) -> Codes:
        """Return the codes of some rows, by position or mask."""
        return Codes(self.low[rows], None if self.high is None else self.high[rows])


class KeyCoder:
    """Codes the keys of one rule; the same key always has the same code."""

    def __init__(self, *, nulls_equal: bool) -> None:
        self._nulls_equal = nulls_equal
        self._random = np.frombuffer(secrets.token_bytes(8 * _LANES * (_MOST_WORDS + 1)), np.uint64)
        self._random = self._random.reshape(_LANES, _MOST_WORDS + 1)
        self._salt = secrets.token_bytes(16)

    def codes(self, columns: Sequence[pa.Array]) -> Codes:
        """Return a code per row of columns of equal length and unchanging types."""
        if len(columns) == 1 and not self._nulls_equal:
            numbers = _number(columns[0])
            if numbers is not None:
                return Codes(numbers, None)
        words: list[Words] = []
        for column in columns:
            words.extend(self._words(column))
            words.append(column.is_null().to_numpy(zero_copy_only=False).astype(np.uint64))
        return self._hash(words, len(columns[0]))

    def _words(self, column: pa.Array) -> list[Words]:
        """Return a column's values as 32-bit words; nulls as zeros."""
        numbers = _number(column)
        if numbers is not None:
            return [numbers & _LOW, numbers >> _HALF]
        if pa.types.is_decimal(column.type):
            halves = _decimal_halves(column)
            return [part for half in halves for part in (half & _LOW, half >> _HALF)]
        low, high = self._texts(column)
        return [low & _LOW, low >> _HALF, high & _LOW, high >> _HALF]

    def _hash(self, words: Sequence[Words], rows: int) -> Codes:
        if len(words) > _MOST_WORDS:  # a key of many columns: hash it piece by piece
            low, high = self._hash(words[:_MOST_WORDS], rows)
            assert high is not None
            halves = [part for half in (low, high) for part in (half & _LOW, half >> _HALF)]
            return self._hash([*halves, *words[_MOST_WORDS:]], rows)
        lanes = []
        for random in self._random:
            total = np.full(rows, random[-1], np.uint64)
            for word, factor in zip(words, random, strict=False):
                total += word * factor
            lanes.append(total >> _HALF)
        return Codes(lanes[0] | (lanes[1] << _HALF), lanes[2] | (lanes[3] << _HALF))

    def _texts(self, column: pa.Array) -> tuple[Words, Words]:
        """Hash texts or bytes, those of one length at a time; nulls as the empty text."""
        rows = len(column)
        low, high = np.zeros(rows, np.uint64), np.zeros(rows, np.uint64)
        if not rows:
            return low, high
        filled = column.fill_null(b"" if pa.types.is_binary(column.type) else "")
        _, offsets, data = filled.buffers()
        ends = np.frombuffer(offsets, np.int32, rows + 1, 4 * filled.offset).astype(np.int64)
        starts, lengths = ends[:-1], np.diff(ends)
        content = np.frombuffer(data or b"", np.uint8)
        for length in np.unique(lengths):
            which = np.flatnonzero(lengths == length)
            if length > _LONGEST:
                words = self._digests(content, starts[which], int(length))
            else:
                words = _words_of(content, starts[which], int(length))
            words.append(np.full(len(which), length, np.uint64))
            hashed = self._hash(words, len(which))
            assert hashed.high is not None
            low[which], high[which] = hashed.low, hashed.high
        return low, high

    def _digests(self, content: Any, starts: Any, length: int) -> list[Words]:
        texts = (content[at : at + length].tobytes() for at in starts.tolist())
        digests = b"".join(
            hashlib.blake2b(text, digest_size=16, key=self._salt).digest() for text in texts
        )
        return _columns(np.frombuffer(digests, np.uint32).reshape(len(starts), 4))


def _words_of(content: Any, starts: Any, length: int) -> list[Words]:
    """Return texts of one length as 32-bit words, zeros at the end."""
    padded = -(-length // 4) * 4
    matrix = np.zeros((len(starts), padded), np.uint8)
    matrix[:, :length] = content[starts[:, None] + np.arange(length)]
    return _columns(matrix.view(np.uint32))


def _columns(matrix: Any) -> list[Words]:
    return [matrix[:, i].astype(np.uint64) for i in range(matrix.shape[1])]


def _number(column: pa.Array) -> Words | None:
    """Return each value as 64 bits that no other value of the type has; None if it needs more.

    Nulls come as zeros. -0.0 is 0.0, and all NaN are one.
    """
    type_ = column.type
    if pa.types.is_floating(type_):
        numbers = column.cast(pa.float64()).fill_null(0.0).to_numpy(zero_copy_only=False) + 0.0
        return _bits(np.where(np.isnan(numbers), np.nan, numbers))
    if pa.types.is_decimal(type_):
        return _decimal_halves(column)[0] if type_.precision <= 18 else None
    if pa.types.is_boolean(type_) or pa.types.is_unsigned_integer(type_):
        column = column.cast(pa.uint64())
        return _bits(column.fill_null(0).to_numpy(zero_copy_only=False).astype(np.uint64))
    if pa.types.is_integer(type_):
        column = column.cast(pa.int64())
    elif pa.types.is_temporal(type_):
        narrow = pa.types.is_date32(type_) or pa.types.is_time32(type_)
        column = (column.cast(pa.int32()) if narrow else column).cast(pa.int64())
    else:
        return None
    return _bits(column.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64))


def _bits(numbers: Any) -> Words:
    bits: Words = numbers.view(np.uint64)
    return bits


def _decimal_halves(column: pa.Array) -> tuple[Words, Words]:
    """Return the lower and upper 64 bits of decimal128 values."""
    _, data = column.buffers()
    halves = np.frombuffer(data, np.uint64, 2 * len(column), 16 * column.offset).reshape(-1, 2)
    valid = column.is_valid().to_numpy(zero_copy_only=False).astype(np.uint64)
    return halves[:, 0] * valid, halves[:, 1] * valid
