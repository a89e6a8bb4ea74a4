"""How many digits the numbers of a column have, before and after the point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from casparian.core.validation.numbers import respelled

if TYPE_CHECKING:
    from casparian.core.contract.model import Column

_NUMBER: Final = r"\A(?P<sign>-?)(?P<whole>[0-9]+)(?:\.(?P<fraction>[0-9]+))?\z"
_MOST: Final = 20


class Digits:
    """The digits of the texts that a candidate takes, over all batches."""

    def __init__(self, column: Column) -> None:
        self._column = column
        self.plain = True
        """Whether all are plain digits: none has an exponent, and none came typed."""
        self.whole: set[int] = set()
        """Numbers of digits before the point; its extremes are right, even if there are many."""
        self.fraction: set[int] = set()
        """Numbers of digits after the point."""
        self.only_zeros = True
        """Whether nothing but zeros comes after points."""
        self.signed = False

    def add(self, texts: pa.Array) -> None:
        """Take trimmed texts that are numbers in the column's spelling."""
        if not self.plain or not len(texts):
            return
        parts = pc.extract_regex(respelled(texts, self._column), _NUMBER)
        if parts.null_count:
            self.plain = False
            return
        self.whole |= set(pc.unique(pc.utf8_length(parts.field("whole"))).to_pylist())
        self.fraction |= set(pc.unique(pc.utf8_length(parts.field("fraction"))).to_pylist())
        if len(self.whole) > _MOST:
            self.whole = {min(self.whole), max(self.whole)}
        if self.only_zeros:
            zeros = pc.match_substring_regex(parts.field("fraction"), r"\A0*\z")
            self.only_zeros = bool(pc.all(zeros).as_py())
        self.signed = self.signed or bool(pc.any(pc.equal(parts.field("sign"), "-")).as_py())

    @property
    def one_length(self) -> int | None:
        """How many digits whole numbers have, if all have equally many and none has a sign."""
        if not self.plain or self.signed or self.fraction != {0} or len(self.whole) != 1:
            return None
        return next(iter(self.whole))
