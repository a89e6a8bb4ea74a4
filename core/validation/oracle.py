"""The oracle: judges one cell against one column, in plain Python that reads like the rules.

It is slow and sees only bad cells (and, in tests, every cell): the kernels must agree with it.
How texts are read stands in ``oracle_texts``, typed values in ``oracle_values``, lists, structs
and json in ``oracle_nested``, and constraints in ``oracle_constraints``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from casparian.core.contract.grammar import NotAValueError
from casparian.core.validation.explain import error_type_of, not_a, shown
from casparian.core.validation.oracle_constraints import broken
from casparian.core.validation.oracle_nested import NESTED, read_nested_text, read_nested_value
from casparian.core.validation.oracle_texts import read_text, trimmed
from casparian.core.validation.oracle_values import read_value

if TYPE_CHECKING:
    from casparian.core.contract.error_types import ErrorType
    from casparian.core.contract.model import Column
    from casparian.core.validation.cells import Cell
    from casparian.core.validation.oracle_texts import Value


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of a cell: its value (None for null), and (error type, sentence) per reason."""

    value: Value | None
    reasons: tuple[tuple[ErrorType, str], ...] = ()


def judge(cell: Cell, column: Column) -> Judgement:
    """Judge one cell: read it as the column's type, then hold it against every constraint."""
    try:
        value = None if cell.kind is None else _read(cell, column)
    except NotAValueError as error:
        error_type = error_type_of(cell, column.type, error)
        return Judgement(None, ((error_type, not_a(cell, column.type, error)),))
    if value is None:
        if column.nullable:
            return Judgement(None)
        return Judgement(None, (("null_not_allowed", _null_sentence(cell)),))
    reasons = tuple(broken(value, cell, column))
    return Judgement(None if reasons else value, reasons)


def _null_sentence(cell: Cell) -> str:
    what = "null" if cell.kind is None else f"{shown(cell)} stands for null, which"
    return f"{what} is not allowed"


def _read(cell: Cell, column: Column) -> Value | None:
    """Read a cell as the column's type; None for what stands for null. Raises NotAValueError."""
    nested = column.type.family in NESTED
    if cell.kind != "str":
        return read_nested_value(cell, column) if nested else read_value(cell, column)
    text = trimmed(cell.text, column)
    if text in column.null_tokens:
        return None
    return read_nested_text(text, column.type) if nested else read_text(text, column)
