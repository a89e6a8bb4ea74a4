"""The words for bad cells, found once per different cell: the oracle's sentence, and its hint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from casparian.core.validation.hints import Hints
from casparian.core.validation.oracle import judge
from casparian.core.validation.verdict import ValidatorDisagreement

if TYPE_CHECKING:
    from casparian.core.contract.error_types import ErrorType
    from casparian.core.contract.model import Column
    from casparian.core.validation.cells import Cell

_REMEMBERED: Final = 4_096
_LONGEST: Final = 200
"""Cells are remembered up to this length: what repeats is short."""


class Finding(NamedTuple):
    """What is wrong with a cell, whatever row it is in."""

    error_type: ErrorType
    sentence: str
    hint: str


class ColumnReasons:
    """Explains the bad cells of one column."""

    def __init__(self, column: Column) -> None:
        self.column = column
        self._hints = Hints(column)
        self._known: dict[Cell, tuple[Finding, ...]] = {}

    def of(self, cell: Cell) -> tuple[Finding, ...]:
        """Return all that is wrong with a cell, one at least.

        Raises ValidatorDisagreement if the oracle finds nothing wrong with it.
        """
        known = self._known.get(cell)
        if known is not None:
            return known
        found = self._find(cell)
        if len(cell.text) <= _LONGEST:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[cell] = found
        return found

    def _find(self, cell: Cell) -> tuple[Finding, ...]:
        reasons = judge(cell, self.column).reasons
        if not reasons:
            raise ValidatorDisagreement(
                f"{self.column.name}: the kernels refuse {cell.text[:80]!r} ({cell.kind}) as "
                f"{self.column.type.with_article}, the oracle takes it",
                hint="this is a bug of casparian: please report it with this message",
            )
        hint = self._hints.hint(cell)
        return tuple(Finding(error_type, sentence, hint) for error_type, sentence in reasons)
