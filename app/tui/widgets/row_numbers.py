"""The numbers of rows that came with others, which were left out: each keeps its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt


class RowNumbers:
    """Rows and their numbers, both counted from 0, and shown from 1.

    Args:
        left_out: the numbers that none of the rows has, each once.
        why: what became of those, as in "row 3 *is quarantined*".
    """

    def __init__(self, left_out: npt.ArrayLike = (), *, why: str = "was left out") -> None:
        self._left_out = np.sort(np.asarray(left_out, dtype=np.int64))
        self._rows_before = self._left_out - np.arange(len(self._left_out))
        self.why = why

    def number(self, row: int) -> int:
        """Return a row's number."""
        return row + int(np.searchsorted(self._rows_before, row, side="right"))

    def row(self, number: int) -> int | None:
        """Return the row of a number; None if it was left out."""
        before = int(np.searchsorted(self._left_out, number))
        if before < len(self._left_out) and self._left_out[before] == number:
            return None
        return number - before
