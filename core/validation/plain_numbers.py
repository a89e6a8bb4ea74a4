"""Which texts are numbers in their type's plainest spelling, seen by what each of their bytes is.

Those Arrow's cast reads as the grammar does. All others, most of them bad, are left to the
grammar: a regular expression over all of a column would take longer than reading it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from casparian.core.validation.byte_marks import ByteMarks

if TYPE_CHECKING:
    from casparian.core.validation.blocks import Bytes, Ends, Mask, TextBytes
    from casparian.core.validation.byte_marks import Bits

_MINUS, _POINT, _ZERO, _NINE = (np.uint8(ord(sign)) for sign in "-.09")
_DIGITS_OF_INT64: Final = 18
"""So many digits are an int64, whatever they are; one more if the first is not 9."""
_BYTES_OF_FLOAT: Final = 24
"""So many digits, or a point among them, are neither too large nor too small for a float32."""


def clean_integers(texts: TextBytes) -> bool:
    """Say whether texts are canonical integers, if Arrow reads them all as integers."""
    if not _bare(texts):
        return False
    lead = _Lead(texts)
    zero = texts.data[lead.digit] == _ZERO
    return not (zero & (lead.more | lead.negative)).any()  # 007, -0


def clean_floats(texts: TextBytes) -> bool:
    """Say whether texts are plain as for ``plain_floats``, if Arrow reads them all as floats."""
    if not _bare(texts) or (texts.data[texts.ends[1:] - 1] == _POINT).any():
        return False
    if np.diff(texts.ends).max() > _BYTES_OF_FLOAT:
        return False
    lead = _Lead(texts)
    first = texts.data[lead.digit]
    padded = (first == _ZERO) & lead.more
    padded[padded] = texts.data[lead.digit[padded] + 1] != _POINT  # 007
    return not (padded | (first == _POINT)).any()


def _bare(texts: TextBytes) -> bool:
    """Say whether no text is empty, and none has signs, letters or blanks of other spellings."""
    found = texts.all
    if not len(found) or found.min() < _MINUS or found.max() > _NINE:
        return False
    return bool((texts.ends[1:] > texts.ends[:-1]).all())


class _Lead:
    """The texts that begin with a minus, a point or a zero: where their digits begin."""

    def __init__(self, texts: TextBytes) -> None:
        starts = texts.ends[:-1]
        byte = texts.data[starts]
        rows = np.flatnonzero(byte <= _ZERO)
        self.negative: Mask = byte[rows] == _MINUS
        last = texts.ends[rows + 1] - 1
        self.digit: Ends = np.minimum(starts[rows] + self.negative, last)
        self.more: Mask = self.digit < last
        """Whether something follows the first digit."""


class _Number:
    """What the bytes of texts are to a number."""

    def __init__(self, texts: TextBytes) -> None:
        self.marks = ByteMarks(texts)
        self.bytes: Bytes = texts.all
        self.digits: Bytes = self.bytes - _ZERO
        """The bytes as digits; more than 9 is none."""
        self.strange: Bits = self.marks.where(self.digits > 9)
        """All but digits."""
        self.zero: Bits = self.marks.where(self.digits == 0)
        starts = self.marks.starts
        self.minus: Bits = starts & self.strange
        if self.minus.any():
            self.minus &= self.marks.where(self.bytes == _MINUS)
        self.behind_minus: Bits = self.marks.behind(self.minus) & ~starts
        self.first: Bits = (starts & ~self.minus) | self.behind_minus
        """Where the digits of each text begin, if it is a number."""


def plain_integers(texts: TextBytes) -> Mask:
    """Return which texts are canonical integers that are surely an int64."""
    seen = _Number(texts)
    starts, lasts = seen.marks.starts, seen.marks.lasts
    bad = seen.strange & ~seen.minus
    bad |= seen.minus & lasts
    bad |= seen.zero & ((starts & ~lasts) | seen.behind_minus)  # 007, -0
    lengths = np.diff(texts.ends)
    plain = _unmarked(seen, bad, lengths > 0)
    long = np.flatnonzero(lengths > _DIGITS_OF_INT64)
    if len(long):
        starts_of_long = texts.ends[:-1][long]
        negative = texts.data[starts_of_long] == _MINUS
        digits = lengths[long] - negative
        most = _DIGITS_OF_INT64 + (texts.data[starts_of_long + negative] < _NINE)
        plain[long[digits > most]] = False
    return plain


def plain_floats(texts: TextBytes) -> Mask:
    """Return which texts are JSON numbers of few digits without an exponent."""
    seen = _Number(texts)
    starts, lasts = seen.marks.starts, seen.marks.lasts
    point = seen.marks.where(seen.bytes == _POINT)
    bad = seen.strange & ~seen.minus & ~point
    bad |= seen.minus & lasts
    bad |= point & (seen.first | lasts)
    bad |= seen.marks.behind(seen.zero & seen.first) & ~(seen.strange | starts)  # 007
    bad |= seen.marks.repeated(point)  # 1.2.3
    lengths = np.diff(texts.ends)
    return _unmarked(seen, bad, (lengths > 0) & (lengths <= _BYTES_OF_FLOAT))


def _unmarked(seen: _Number, bad: Bits, plain: Mask) -> Mask:
    """Take away texts with bad bytes."""
    if bad.any():
        plain[seen.marks.texts_with(bad)] = False
    return plain
