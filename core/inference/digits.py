"""How many digits the numbers of a column have, before and after the point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from casparian.core.contract.model import Column

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
        """Take trimmed texts, all of which are numbers in the column's spelling."""
        if not self.plain or not len(texts):
            return
        if self._column.type.family == "float" and any(_are_in(texts, "eE")):
            self.plain = False
            return
        if self._column.thousands:
            texts = pc.replace_substring(texts, self._column.thousands, "")
        point = self._column.decimal_point or "."
        lengths = pc.binary_length(texts).to_numpy().astype(np.int64)
        points = pc.find_substring(texts, point).to_numpy().astype(np.int64)
        signs = pc.starts_with(texts, "-").to_numpy(zero_copy_only=False)
        broken = points >= 0
        whole = np.where(broken, points, lengths) - signs
        fraction = np.where(broken, lengths - points - len(point.encode()), 0)
        self.whole |= set(np.flatnonzero(np.bincount(whole)).tolist())
        self.fraction |= set(np.flatnonzero(np.bincount(fraction)).tolist())
        if len(self.whole) > _MOST:
            self.whole = {min(self.whole), max(self.whole)}
        self.signed = self.signed or bool(signs.any())
        if self.only_zeros and broken.any():
            zeros = pc.match_substring_regex(texts, rf"\A[^{point}]*(?:[{point}]0*)?\z")
            self.only_zeros = bool(pc.all(zeros).as_py())

    @property
    def one_length(self) -> int | None:
        """How many digits whole numbers have, if all have equally many and none has a sign."""
        if not self.plain or self.signed or self.fraction != {0} or len(self.whole) != 1:
            return None
        return next(iter(self.whole))


def _are_in(texts: pa.Array, marks: str) -> Iterator[bool]:
    """Say of each mark whether any text has it."""
    for mark in marks:
        yield bool(pc.any(pc.match_substring(texts, mark)).as_py())
