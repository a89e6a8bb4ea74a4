"""The oracle: judges one cell against one column, in plain Python that reads like the rules.

It is slow and sees only bad cells (and, in tests, every cell): the kernels must agree with it.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from casparian.core.contract.formats import Format, compile_formats, to_iso
from casparian.core.contract.grammar import (
    NotAValueError,
    narrow,
    nearest_float32,
    read_date,
    read_decimal,
    read_float,
    read_int,
    read_timestamp,
)
from casparian.core.contract.model import DEFAULT_FALSE, DEFAULT_TRUE
from casparian.core.validation.explain import error_type_of, not_a, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from casparian.core.contract.model import Column
    from casparian.core.contract.types import ColumnType
    from casparian.core.validation.cells import Cell

Value = str | bool | int | float | Decimal | date
"""A judged value; a timestamp is a count of its unit since 1970, in UTC if it has a zone."""

TRIMMED: Final = " \t\n\r\v\f\u00a0\u2007\u202f\u3000\ufeff"
"""What ``trim`` takes off both ends: ASCII white space, fixed spaces, the byte order mark."""

NAN_TOKENS: Final = ("nan", "NaN", "NAN")
INF_TOKENS: Final = ("inf", "Inf", "INF", "infinity", "Infinity", "INFINITY")

STRINGIFIED: Final = frozenset(
    {
        *("int", "float", "float32", "bool", "decimal", "date", "time", "datetime", "datetimetz"),
        *("timedelta", "uuid", "json", "enum"),
    }
)
"""Kinds that ``stringify`` may write as text. Bytes and foreign objects have no one spelling."""

DATED: Final = ("date", "datetime", "datetimetz")
"""Kinds whose text begins with a day; ISO_DATE tells one from the note of a day too far away."""

ISO_DATE: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}"

_FLOAT_TEXT: Final = re.compile(r"-?(?:[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?|inf)|nan")
_DECIMAL_TEXT: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,18})?")
_MIDNIGHT: Final = re.compile(r"(.{10})[T ]00:00:00(?:\.0{1,9})?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of a cell: its value (None for null), and (error type, sentence) per reason."""

    value: Value | None
    reasons: tuple[tuple[str, str], ...] = ()


def judge(cell: Cell, column: Column) -> Judgement:
    """Judge one cell: read it as the column's type, then hold it against every constraint."""
    try:
        value = None if cell.kind is None else _read(cell, column)
    except NotAValueError as error:
        error_type = error_type_of(cell, column, error)
        return Judgement(None, ((error_type, not_a(cell, column, error)),))
    if value is None:
        if column.nullable:
            return Judgement(None)
        return Judgement(None, (("null_not_allowed", _null_sentence(cell)),))
    reasons = tuple(_broken(value, cell, column))
    return Judgement(None if reasons else value, reasons)


def _null_sentence(cell: Cell) -> str:
    what = "null" if cell.kind is None else f"{shown(cell)} stands for null, which"
    return f"{what} is not allowed"


def _read(cell: Cell, column: Column) -> Value | None:
    if cell.kind == "str":
        return _read_text(cell.text, column)
    return _READ_TYPED[column.type.family](cell, column)


# Texts


def _read_text(text: str, column: Column) -> Value | None:
    if column.trim:
        text = text.strip(TRIMMED)
    if text in column.null_tokens:
        return None
    family = column.type.family
    if family == "string":
        return text
    if family == "bool":
        return _token(text, column)
    if family == "int":
        return read_int(_plain_number(text, column), column.type)
    if family == "decimal":
        return read_decimal(_plain_number(text, column), column.type)
    if family == "float":
        return _float_text(text, column)
    if column.formats:
        return _formatted(text, column)
    if family == "date":
        midnight = _MIDNIGHT.fullmatch(text) if column.midnight_ok else None
        return read_date(midnight[1] if midnight else text)
    return read_timestamp(text, column.type)


def _token(text: str, column: Column) -> bool:
    if text in (column.true_tokens or DEFAULT_TRUE):
        return True
    if text in (column.false_tokens or DEFAULT_FALSE):
        return False
    raise NotAValueError("type_mismatch")


def _plain_number(text: str, column: Column) -> str:
    """Undo the spellings that the column allows; what is left is judged strictly."""
    if not (column.plus or column.leading_zeros or column.thousands or column.decimal_point):
        return text
    sign, body = ("-", text[1:]) if text.startswith("-") else ("", text)
    if column.plus and text.startswith("+"):
        body = text[1:]
    exponent, point = "", ""
    fraction = ""
    if column.type.family == "float":
        shape = re.fullmatch(r"([^eE]*)([eE].*)?", body, re.DOTALL)
        body, exponent = (shape[1], shape[2] or "") if shape else (body, "")
    if column.type.family != "int":
        body, point, fraction = body.partition(column.decimal_point or ".")
    if column.thousands and column.thousands in body:
        groups = body.split(column.thousands)
        if not 1 <= len(groups[0]) <= 3 or any(len(group) != 3 for group in groups[1:]):
            raise NotAValueError("type_mismatch", "its thousands are grouped wrongly")
        body = "".join(groups)
    if not re.fullmatch("[0-9]+", body):
        raise NotAValueError("type_mismatch")
    if column.leading_zeros:
        body = body.lstrip("0") or "0"
    return f"{sign}{body}{'.' if point else ''}{fraction}{exponent}"


def _float_text(text: str, column: Column) -> float:
    if column.allow_nan and text in NAN_TOKENS:
        return math.nan
    unsigned = text.removeprefix("-")
    if column.plus and text.startswith("+"):
        unsigned = text[1:]
    if column.allow_inf and unsigned in INF_TOKENS:
        return -math.inf if text.startswith("-") else math.inf
    return read_float(_plain_number(text, column), column.type)


@lru_cache(maxsize=1024)
def formats_of(column: Column) -> tuple[Format, ...]:
    """Return the column's translated formats."""
    return compile_formats(
        column.formats,
        family=column.type.family,
        zoned=column.type.tz is not None,
        where=column.name,
    )


def _formatted(text: str, column: Column) -> Value:
    """Read by the first format under which the text is a real date or time."""
    first: NotAValueError | None = None
    for format_ in formats_of(column):
        found = re.fullmatch(format_.regex[1:-1], text)
        if found is None:
            continue
        iso = to_iso(found.groupdict(), family=column.type.family)
        try:
            return (
                read_date(iso) if column.type.family == "date" else read_timestamp(iso, column.type)
            )
        except NotAValueError as error:
            first = first or error
    if first is not None:
        raise first
    raise NotAValueError("format_mismatch", "expected " + " or ".join(column.formats))


# Typed values


def _as_string(cell: Cell, column: Column) -> str:
    if column.stringify and cell.kind in STRINGIFIED:
        if cell.kind in DATED and not re.match(ISO_DATE, cell.text):
            raise NotAValueError("out_of_range", "it is outside the years 0001 to 9999")
        return cell.text
    raise NotAValueError("type_mismatch")


def _as_bool(cell: Cell, _column: Column) -> bool:
    if cell.kind == "bool" and cell.text in ("true", "false"):
        return cell.text == "true"
    raise NotAValueError("type_mismatch")


def _as_int(cell: Cell, column: Column) -> int:
    if cell.kind == "int":
        return read_int(_digits(cell), column.type)
    value = _float_of(cell)
    if not math.isfinite(value):
        raise NotAValueError("not_finite", "it is not finite")
    if value != math.floor(value):
        raise NotAValueError("precision_loss", "it has a fraction")
    if abs(value) > 2**53:
        raise NotAValueError("precision_loss", "a float this large may have been rounded")
    return read_int(str(int(value)), column.type)


def _as_float(cell: Cell, column: Column) -> float:
    if cell.kind == "int":
        exact = 2**53 if column.type.bits == 64 else 2**24
        digits = _digits(cell)
        if len(digits) > 20 or abs(int(digits)) > exact:
            raise NotAValueError("precision_loss", f"{column.type} can't hold it exactly")
        return float(int(digits))
    value = _float_of(cell)
    if (math.isnan(value) and column.allow_nan) or (math.isinf(value) and column.allow_inf):
        return value
    if not math.isfinite(value):
        raise NotAValueError("not_finite", "it is not finite")
    if column.type.bits == 32 and narrow(value) != value:
        overflow = math.isinf(narrow(value))
        raise NotAValueError(
            "out_of_range" if overflow else "precision_loss", "float32 can't hold it exactly"
        )
    return value


def _as_decimal(cell: Cell, column: Column) -> Decimal:
    if cell.kind == "int":
        return _fitting(Decimal(_digits(cell)), column.type)
    if cell.kind == "decimal":
        if not _DECIMAL_TEXT.fullmatch(cell.text):
            finite = cell.text.lower().lstrip("-") not in ("infinity", "nan", "snan")
            raise NotAValueError("type_mismatch" if finite else "not_finite")
        return _fitting(Decimal(cell.text), column.type)
    if cell.kind == "float32" and column.from_float:  # its shortest spelling, not its exact value
        _float_of(cell)
        return _fitting_float(cell.text, column.type)
    if cell.kind == "float" and column.from_float:
        return _fitting_float(repr(_float_of(cell)), column.type)
    raise NotAValueError("type_mismatch", "floats are inexact" if _is_float(cell) else "")


def _fitting_float(text: str, type_: ColumnType) -> Decimal:
    if not math.isfinite(float(text)):
        raise NotAValueError("not_finite", "it is not finite")
    return _fitting(Decimal(text), type_)


def _fitting(number: Decimal, type_: ColumnType) -> Decimal:
    """Return the number if precision and scale hold it without rounding."""
    if number.is_zero():
        return Decimal(0)
    _, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    significant = "".join(map(str, digits)).rstrip("0")
    exponent += len(digits) - len(significant)
    if -exponent > type_.scale:
        raise NotAValueError("precision_loss", f"it has more than {type_.scale} fraction digits")
    if len(significant.lstrip("0")) + exponent > type_.precision - type_.scale:
        raise NotAValueError("out_of_range", "it has too many digits before the point")
    return number


def _as_date(cell: Cell, column: Column) -> date:
    if cell.kind == "date":
        return _in_calendar(cell)
    if cell.kind == "datetime" and column.midnight_ok:
        midnight = _MIDNIGHT.fullmatch(cell.text)
        if midnight is None:
            raise NotAValueError("precision_loss", "it has a time of day")
        return read_date(midnight[1])
    raise NotAValueError("type_mismatch")


def _in_calendar(cell: Cell) -> date:
    try:
        return read_date(cell.text)
    except NotAValueError as error:
        raise NotAValueError("out_of_range", "it is outside the years 0001 to 9999") from error


def _as_timestamp(cell: Cell, column: Column) -> int:
    if cell.kind not in ("datetime", "datetimetz"):
        raise NotAValueError("type_mismatch")
    if cell.kind == "datetime" and column.type.tz:
        raise NotAValueError("missing_timezone", "it has no UTC offset")
    if cell.kind == "datetimetz" and not column.type.tz:
        raise NotAValueError("unexpected_timezone", "it has a UTC offset, the type has no zone")
    if cell.text.endswith("since 1970"):
        raise NotAValueError("out_of_range", "it is outside the years 0001 to 9999")
    # A typed time is an instant, not a spelling: zeros at its end are no digits to lose.
    text = cell.text
    fraction = re.fullmatch(r"(.{19})\.([0-9]+)(Z|[+-][0-9:]*)?", text, re.DOTALL)
    if fraction is not None:
        digits = fraction[2].rstrip("0")
        text = f"{fraction[1]}{'.' if digits else ''}{digits}{fraction[3] or ''}"
    return read_timestamp(text, column.type, offset_seconds=True)


def _digits(cell: Cell) -> str:
    """Return the digits of an integer cell; the guest writes enormous ones in hexadecimal."""
    if not re.fullmatch("0|-?[1-9][0-9]{0,4299}", cell.text):
        raise NotAValueError("out_of_range", "it is too large")
    return cell.text


def _is_float(cell: Cell) -> bool:
    return cell.kind in ("float", "float32")


def _float_of(cell: Cell) -> float:
    if not _is_float(cell) or not _FLOAT_TEXT.fullmatch(cell.text):
        raise NotAValueError("type_mismatch")
    return nearest_float32(cell.text) if cell.kind == "float32" else float(cell.text)


_READ_TYPED: Final[dict[str, Callable[[Cell, Column], Value]]] = {
    "string": _as_string,
    "bool": _as_bool,
    "int": _as_int,
    "float": _as_float,
    "decimal": _as_decimal,
    "date": _as_date,
    "timestamp": _as_timestamp,
}


# Constraints


def comparable(bound: object, column: Column) -> Value:
    """Return a bound of the contract in the form that values have here."""
    if column.type.family == "timestamp":
        return read_timestamp(str(bound), column.type)
    assert isinstance(bound, Value)
    return bound


def _broken(value: Value, cell: Cell, column: Column) -> list[tuple[str, str]]:
    what = shown(cell)
    broken: list[tuple[str, str]] = []
    if column.min is not None and value < comparable(column.min, column):  # type: ignore[operator]
        broken.append(("below_minimum", f"{what} is below the minimum {column.min}"))
    if column.max is not None and value > comparable(column.max, column):  # type: ignore[operator]
        broken.append(("above_maximum", f"{what} is above the maximum {column.max}"))
    if column.enum is not None and value not in [comparable(e, column) for e in column.enum]:
        listed = ", ".join(repr(e) if isinstance(e, str) else str(e) for e in column.enum[:8])
        more = ", …" if len(column.enum) > 8 else ""
        broken.append(("not_in_enum", f"{what} is none of {listed}{more}"))
    if isinstance(value, str):
        broken.extend(_broken_text(value, what, column))
    return broken


def _broken_text(value: str, what: str, column: Column) -> list[tuple[str, str]]:
    broken: list[tuple[str, str]] = []
    # RE2 is the definition of a pattern; Python's re differs ($ before a newline, \d).
    if column.pattern is not None and not full_match(pa.array([value]), column.pattern)[0].as_py():
        broken.append(("pattern_mismatch", f"{what} does not match {column.pattern}"))
    if column.min_length is not None and len(value) < column.min_length:
        broken.append(
            ("too_short", f"{what} has {len(value)} of at least {column.min_length} characters")
        )
    if column.max_length is not None and len(value) > column.max_length:
        broken.append(
            ("too_long", f"{what} has {len(value)} characters, at most {column.max_length}")
        )
    return broken


def full_match(texts: pa.Array, pattern: str) -> pa.Array:
    """Match whole texts against an RE2 pattern."""
    return pc.match_substring_regex(texts, rf"\A(?:{pattern})\z")
