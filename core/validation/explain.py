"""Words for bad cells: how a value is shown, what it is not, and which error type that is."""

from __future__ import annotations

import difflib
import re
from datetime import date
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from casparian.core.contract.error_types import ErrorType
    from casparian.core.contract.grammar import NotAValueError
    from casparian.core.contract.types import ColumnType
    from casparian.core.validation.cells import Cell

SHOWN: Final = 80
"""Values, and types, are cut to this many characters in sentences."""

_LISTED: Final = 8
"""Values of an enum that a sentence lists."""

_COMPARED: Final = 200
"""Values of an enum that are looked through for one that is spelled alike."""

_LOOSE_NUMBER: Final = re.compile(
    r"[+-]?(?:0[xX][0-9a-fA-F]+|[0-9][0-9_,.' \u00a0\u202f]*(?:[eE][+-]?[0-9]+)?|\.[0-9]+)"
)
_LOOSE_INT: Final = re.compile(
    r"[+-]?(?:0[xX][0-9a-fA-F]+|[0-9]+(?:[_,' \u00a0\u202f][0-9]{3})*(?:\.0*)?|[0-9_]+"
    r"|[0-9]+[eE][+]?[0-9]+)"
)
_NOT_FINITE: Final = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)
_DAY_FIRST: Final = re.compile(r"([0-9]{1,2})([/.-])([0-9]{1,2})\2([0-9]{4})")

_INDEFINITE: Final = frozenset({"type_mismatch", "format_mismatch"})
"""What the strict grammar says when it only knows that it can't read a text."""

_PLAIN_KINDS: Final = frozenset({"int", "float", "float32", "bool", "decimal", "json"})
_KIND_WORDS: Final = {
    "datetime": "timestamp",
    "datetimetz": "timestamp",
    "timedelta": "duration",
    "str_invalid": "text",
}


def shown(cell: Cell) -> str:
    """Return a value as a sentence shows it: texts quoted, everything cut to 80 characters."""
    text = _cut(cell.text)
    if cell.kind in ("str", "str_invalid"):
        return repr(text)
    return text if cell.kind in _PLAIN_KINDS else f"{kind_word(cell)} {text}"


def kind_word(cell: Cell) -> str:
    """Return what a cell's kind is called in a sentence: ``timestamp``, ``uuid``, ``Path``."""
    return _KIND_WORDS.get(str(cell.kind), str(cell.kind).removeprefix("object:"))


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"


def not_a(cell: Cell, type_: ColumnType, error: NotAValueError) -> str:
    """Return ``'Unknown' is not an int64``, and why, where that isn't plain to see."""
    return f"{shown(cell)}{_doubtful_kind(cell, type_)} {is_not(cell, type_, error)}"


def is_not(cell: Cell, type_: ColumnType, error: NotAValueError) -> str:
    """Return ``is not an int64``, and why."""
    if error.error_type == "not_in_enum" and type_.family == "enum":
        return none_of(cell, type_.values)
    why = f": {error.why}" if error.why else ""
    if cell.kind == "str" and not cell.text:
        why = ""
    if cell.kind == "str_invalid":
        why = ": it is not valid Unicode"
    if (
        error.error_type == "format_mismatch"
        and error_type_of(cell, type_, error) == "invalid_date"
    ):
        why = ": there is no such day"
    return f"is not {_cut(type_.with_article)}{why}"


def _doubtful_kind(cell: Cell, type_: ColumnType) -> str:
    """Name the kind of a value that looks like a text of the type."""
    if cell.kind == "bool" or (cell.kind == "int" and type_.family in ("bool", "string")):
        return f" ({cell.kind})"
    return ""


def none_of(cell: Cell, values: Sequence[object]) -> str:
    """Return ``is none of 'red', 'green'``, and the one that was probably meant."""
    listed = ", ".join(repr(v) if isinstance(v, str) else str(v) for v in values[:_LISTED])
    more = ", …" if len(values) > _LISTED else ""
    return f"is none of {listed}{more}{_meant(cell, values)}"


def _meant(cell: Cell, values: Sequence[object]) -> str:
    """Suggest a value that differs in case and blanks only, or else by little."""
    if cell.kind != "str" or len(cell.text) > SHOWN:
        return ""
    texts = {_folded(value): value for value in values if isinstance(value, str)}
    folded = _folded(cell.text)
    near = [folded] if folded in texts else []
    if not near and len(texts) <= _COMPARED:
        near = difflib.get_close_matches(folded, list(texts), n=1, cutoff=0.75)
    return f"; did you mean {texts[near[0]]!r}?" if near else ""


def _folded(text: str) -> str:
    return "".join(text.split()).casefold()


def error_type_of(cell: Cell, type_: ColumnType, error: NotAValueError) -> ErrorType:
    """Return the error type of a cell that is no value."""
    if cell.kind == "str_invalid":
        return "invalid_encoding"
    if cell.kind == "str" and not cell.text:
        return "empty_value"
    if cell.kind != "str" or error.error_type not in _INDEFINITE:
        return error.error_type
    text = cell.text.strip()
    family = type_.family
    if family in ("date", "time", "timestamp", "duration"):
        return _time_error(text, error)
    if family == "bool":
        return "not_canonical" if text.lower() in ("true", "false") else "type_mismatch"
    if family not in ("int", "float", "decimal"):
        return error.error_type
    if family != "int" and _NOT_FINITE.fullmatch(text):
        return "not_finite"
    loose = _LOOSE_INT if family == "int" else _LOOSE_NUMBER
    return "not_canonical" if loose.fullmatch(text) else "type_mismatch"


def _time_error(text: str, error: NotAValueError) -> ErrorType:
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
