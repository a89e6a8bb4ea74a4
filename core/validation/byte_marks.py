"""Texts seen as one row of bytes, with a bit for each: 64 bytes are looked at in one step.

The bits of a text are a field of their own in a long binary number whose lowest bit is the first
byte. What a text may hold, and where, is then arithmetic of a few operations, however many texts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from casparian.core.validation.blocks import Ends, Mask, TextBytes

    Bits = np.ndarray[Any, np.dtype[np.uint64]]

_ONE, _TOP = np.uint64(1), np.uint64(63)
_WORD = 64


class ByteMarks:
    """Marks bytes of texts. An empty text has none, and its start is its neighbour's."""

    def __init__(self, texts: TextBytes) -> None:
        self._texts = texts
        self._size = len(texts.all)
        here = np.zeros(self._size + 1, np.bool_)
        here[texts.ends - texts.ends[0]] = True
        self.starts: Bits = self._bits(here)
        """The first byte of each text, and the one behind the last text."""
        self.lasts: Bits = self.starts >> _ONE
        self.lasts[:-1] |= self.starts[1:] << _TOP

    def where(self, mask: Mask) -> Bits:
        """Return the bytes for which a mask of all of them is true."""
        return self._bits(mask)

    def _bits(self, mask: Mask) -> Bits:
        packed = np.packbits(mask, bitorder="little")
        words = np.zeros(self._size // _WORD + 1, "<u8")
        words.view(np.uint8)[: len(packed)] = packed
        return words

    def behind(self, marks: Bits) -> Bits:
        """Return the bytes that follow marked ones, in the same text or not."""
        moved: Bits = marks << _ONE
        moved[1:] |= marks[:-1] >> _TOP
        return moved

    def repeated(self, marks: Bits) -> Bits:
        """Return the marked bytes of each text but its first one.

        Of texts longer than a word some may be missing.
        """
        # Less one, a number loses its lowest bit, and gets only bits below. No field becomes
        # negative, for each has a bit in the end; so no text changes another's.
        ended = marks | self.lasts
        less = ended - self.starts
        less[1:] -= ended[:-1] < self.starts[:-1]
        return marks & less

    def texts_with(self, marks: Bits) -> Ends:
        """Return which texts have marked bytes; a text may come more than once."""
        words = np.flatnonzero(marks)
        bits = np.unpackbits(marks[words].view(np.uint8), bitorder="little")
        found, bit = np.divmod(np.flatnonzero(bits), _WORD)
        return self._texts.row_of(words[found] * _WORD + bit + self._texts.ends[0])
