"""Words for bad cells: how a value is shown, what it is not, and which error type that is."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from casparian.core.contract.grammar import NotAValueError
    from casparian.core.contract.model import Column
    from casparian.core.validation.cells import Cell

SHOWN: Final = 80
"""Values are cut to this many characters in sentences."""

_LOOSE_NUMBER: Final = re.compile(
    r"[+-]?(?:0[xX][0-9a-fA-F]+|[0-9][0-9_,.' \u00a0\u202f]*(?:[eE][+-]?[0-9]+)?|\.[0-9]+)"
)
_LOOSE_INT: Final = re.compile(
    r"[+-]?(?:0[xX][0-9a-fA-F]+|[0-9]+(?:[_,' \u00a0\u202f][0-9]{3})*(?:\.0*)?|[0-9_]+"
    r"|[0-9]+[eE][+]?[0-9]+)"
)
_NOT_FINITE: Final = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)
_DAY_FIRST: Final = re.compile(r"([0-9]{1,2})([/.-])([0-9]{1,2})\2([0-9]{4})")

_DEFINITE: Final = frozenset({"type_mismatch", "format_mismatch"})
"""What the strict grammar says when it only knows that it can't read a text."""


def shown(cell: Cell) -> str:
    """Return a value as a sentence shows it: texts quoted, everything cut to 80 characters."""
    text = cell.text if len(cell.text) <= SHOWN else cell.text[:SHOWN] + "…"
    if cell.kind in ("str", "str_invalid"):
        return repr(text)
    if cell.kind in ("int", "float", "float32", "bool", "decimal", "json"):
        return text
    return f"{_KIND_WORDS.get(str(cell.kind), str(cell.kind).removeprefix('object:'))} {text}"


_KIND_WORDS: Final = {"datetime": "timestamp", "datetimetz": "timestamp"}


def not_a(cell: Cell, column: Column, error: NotAValueError) -> str:
    """Return ``'Unknown' is not an int64``, and why, where that isn't plain to see."""
    why = f": {error.why}" if error.why else ""
    if cell.kind == "str" and not cell.text:
        why = ""
    if cell.kind == "str_invalid":
        why = ": it is not valid Unicode"
    if (
        error.error_type == "format_mismatch"
        and error_type_of(cell, column, error) == "invalid_date"
    ):
        why = ": there is no such day"
    kind = ""
    if cell.kind == "bool" or (cell.kind == "int" and column.type.family in ("bool", "string")):
        kind = f" ({cell.kind})"
    return f"{shown(cell)}{kind} is not {column.type.with_article}{why}"


def error_type_of(cell: Cell, column: Column, error: NotAValueError) -> str:
    """Return the error type of a cell that is no value, from the stable vocabulary."""
    if cell.kind == "str_invalid":
        return "invalid_encoding"
    if cell.kind != "str" or error.error_type not in _DEFINITE:
        return error.error_type
    text = cell.text.strip()
    if not cell.text:
        return "empty_value"
    family = column.type.family
    if family in ("date", "timestamp"):
        return _time_error(text, error)
    if family == "bool":
        return "not_canonical" if text.lower() in ("true", "false") else "type_mismatch"
    if family in ("float", "decimal") and _NOT_FINITE.fullmatch(text):
        return "not_finite"
    loose = _LOOSE_INT if family == "int" else _LOOSE_NUMBER
    return "not_canonical" if loose.fullmatch(text) else "type_mismatch"


def _time_error(text: str, error: NotAValueError) -> str:
    if not re.search("[0-9]", text):
        return "type_mismatch"
    # 31/02/2024 is a wrong format, but whichever way round it is read there is no such day.
    numbers = _DAY_FIRST.fullmatch(text)
    if numbers is not None and not _real(numbers):
        return "invalid_date"
    return error.error_type


def _real(numbers: re.Match[str]) -> bool:

    for day, month in ((1, 3), (3, 1)):
        try:
            date(int(numbers[4]), int(numbers[month]), int(numbers[day]))
        except ValueError:
            continue
        return True
    return False
