"""Which texts are numbers in their type's plainest spelling, seen by a few bytes of each.

Those Arrow's cast reads as the grammar does. All others, most of them bad, are left to the
grammar: a regular expression over all of a column would take longer than reading it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from casparian.core.validation.blocks import Bytes, Ends, Mask, TextBytes

_MINUS, _POINT, _ZERO_DIGIT = (np.uint8(ord(sign)) for sign in "-.0")
_DIGITS_OF_INT64: Final = 18
"""So many digits are an int64, whatever they are; one more if the first is not 9."""
_FEW: Final = 128
"""Texts are looked at one by one if they are fewer than one in so many."""
_DIGITS_OF_FLOAT: Final = 24
"""So many digits, or a point among them, are neither too large nor too small for a float32."""


class _Seen:
    """Texts by their first bytes and their last."""

    def __init__(self, texts: TextBytes) -> None:
        self.texts = texts
        self.starts = texts.ends[:-1]
        self.last = texts.ends[1:] - 1
        # Of an empty text this is a neighbour's byte, or the very last one: it is not plain anyway.
        head = np.minimum(self.starts, self.last)
        self.there: Mask = self.starts <= self.last
        self.negative: Mask = (texts.data[head] == _MINUS) & self.there
        self.first = np.minimum(head + self.negative, self.last)
        self.digit = self.digits(self.first)
        self.length = self.last - self.first + 1

    def digits(self, at: Ends) -> Bytes:
        """Return bytes as digits; more than 9 is none."""
        digits: Bytes = self.texts.data[at] - _ZERO_DIGIT
        return digits


def plain_integers(texts: TextBytes) -> Mask:
    """Return which texts are canonical integers that are surely an int64."""
    if not len(texts.all):
        return np.zeros(len(texts.ends) - 1, np.bool_)
    seen = _Seen(texts)
    plain: Mask = (seen.digit <= 9) & (seen.length <= _DIGITS_OF_INT64 + (seen.digit < 9))
    plain &= seen.there
    plain &= (seen.digit != 0) | ~(seen.negative | (seen.length > 1))  # 007, -0
    _strike_out(plain, seen, (texts.all - _ZERO_DIGIT) > 9)
    return plain


def plain_floats(texts: TextBytes) -> Mask:
    """Return which texts are JSON numbers of few digits without an exponent."""
    if not len(texts.all):
        return np.zeros(len(texts.ends) - 1, np.bool_)
    seen = _Seen(texts)
    plain: Mask = (seen.digit <= 9) & (seen.length <= _DIGITS_OF_FLOAT)
    plain &= seen.there
    plain &= seen.digits(seen.last) <= 9
    zeros = np.flatnonzero((seen.digit == 0) & (seen.length > 1))
    plain[zeros[seen.digits(seen.first[zeros] + 1) <= 9]] = False  # 007
    point = texts.all == _POINT
    strange = (texts.all - _ZERO_DIGIT) > 9
    strange &= ~point
    _strike_out(plain, seen, strange)
    if not _one_each(point, texts, plain):
        plain &= _counted(point, texts) <= 1  # 1.2.3
    return plain


def _strike_out(plain: Mask, seen: _Seen, strange: Mask) -> None:
    """Take away texts with strange bytes behind their first."""
    texts = seen.texts
    firsts = seen.starts if seen.there.all() else seen.starts[seen.there]
    strange[firsts - texts.ends[0]] = False
    found = np.flatnonzero(strange)
    if len(found):
        plain[texts.row_of(found + texts.ends[0])] = False


def _one_each(point: Mask, texts: TextBytes, plain: Mask) -> bool:
    """Whether each plain text has exactly one point, as floats have when they are printed.

    Others are few in most blocks; their points are struck out.
    """
    start = texts.ends[0]
    others = np.flatnonzero(~plain)
    if len(others) * _FEW > len(plain):
        return False
    for row in others:
        point[texts.ends[row] - start : texts.ends[row + 1] - start] = False
    where = np.flatnonzero(point) + start
    if len(where) != len(plain) - len(others):
        return False
    firsts, ends = texts.ends[:-1], texts.ends[1:]
    if len(others):
        firsts, ends = firsts[plain], ends[plain]
    return bool(((where >= firsts) & (where < ends)).all())


def _counted(marked: Mask, texts: TextBytes) -> Ends:
    """Count the marked bytes of each text."""
    where = np.flatnonzero(marked) + texts.ends[0]
    return np.diff(np.searchsorted(where, texts.ends))
