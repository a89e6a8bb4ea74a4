"""The oracle of typed values: what a cell that was no text may become without loss."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from casparian.core.contract.grammar import (
    NotAValueError,
    narrow,
    nearest_float32,
    read_date,
    read_duration,
    read_int,
    read_time,
    read_timestamp,
)
from casparian.core.contract.grammar_texts import read_binary, read_uuid
from casparian.core.validation.oracle_texts import MIDNIGHT
from casparian.core.validation.tagged_json import written_json
from casparian.core.validation.zones import to_utc_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from casparian.core.contract.model import Column
    from casparian.core.contract.types import ColumnType
    from casparian.core.validation.cells import Cell
    from casparian.core.validation.oracle_texts import Value

STRINGIFIED: Final = frozenset(
    {
        *("int", "float", "float32", "bool", "decimal", "date", "time", "datetime", "datetimetz"),
        *("timedelta", "uuid", "json", "enum"),
    }
)
"""Kinds that ``stringify`` may write as text. Bytes and foreign objects have no one spelling."""

SPELLED: Final = {
    **dict.fromkeys(("date", "datetime", "datetimetz"), "[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    "time": "[0-9]{2}:[0-9]{2}:[0-9]{2}",
}
"""How texts of these kinds begin, which tells a time from the note of one that is out of range."""

_FLOAT_TEXT: Final = re.compile(r"-?(?:[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?|inf)|nan")
_DECIMAL_TEXT: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,18})?")
_FRACTION: Final = re.compile(r"(.*[0-9])\.([0-9]+)(Z|S|[+-][0-9:]*)?", re.DOTALL)


def read_value(cell: Cell, column: Column) -> Value:
    """Read a cell that is no text as a column's type. Raises NotAValueError."""
    reader = _READERS.get(column.type.family)
    if reader is None:
        raise NotAValueError("type_mismatch")
    return reader(cell, column)


def _as_string(cell: Cell, column: Column) -> str:
    if column.stringify and cell.kind in STRINGIFIED:
        if not re.match(SPELLED.get(cell.kind, ""), cell.text):
            raise _out_of_range(cell)
        return written_json(cell.text) if cell.kind == "json" else cell.text
    raise NotAValueError("type_mismatch")


def _out_of_range(cell: Cell) -> NotAValueError:
    what = "a day" if cell.kind == "time" else "the years 0001 to 9999"
    return NotAValueError("out_of_range", f"it is outside {what}")


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
        if cell.text.endswith("since 1970"):
            raise _out_of_range(cell)
        midnight = MIDNIGHT.fullmatch(cell.text)
        if midnight is None:
            raise NotAValueError("precision_loss", "it has a time of day")
        return read_date(midnight[1])
    raise NotAValueError("type_mismatch")


def _in_calendar(cell: Cell) -> date:
    try:
        return read_date(cell.text)
    except NotAValueError as error:
        raise _out_of_range(cell) from error


def _as_timestamp(cell: Cell, column: Column) -> int:
    if cell.kind not in ("datetime", "datetimetz"):
        raise NotAValueError("type_mismatch")
    to_utc = to_utc_of(column)
    if cell.kind == "datetime" and column.type.tz and to_utc is None:
        raise NotAValueError("missing_timezone", "it has no UTC offset")
    if cell.kind == "datetimetz" and not column.type.tz:
        raise NotAValueError("unexpected_timezone", "it has a UTC offset, the type has no zone")
    if cell.text.endswith("since 1970"):
        raise _out_of_range(cell)
    return read_timestamp(
        _exact(cell.text),
        column.type,
        offset_seconds=True,
        to_utc=to_utc if cell.kind == "datetime" else None,
    )


def _as_time(cell: Cell, column: Column) -> int:
    if cell.kind != "time":
        raise NotAValueError("type_mismatch")
    if cell.text.endswith("since midnight"):
        raise _out_of_range(cell)
    if re.search("[0-9][+-]", cell.text):
        raise NotAValueError("unexpected_timezone", "it has a UTC offset")
    if cell.text.endswith("]"):
        raise NotAValueError("unexpected_timezone", "it has a time zone")
    return read_time(_exact(cell.text), column.type)


def _as_duration(cell: Cell, column: Column) -> int:
    if cell.kind != "timedelta":
        raise NotAValueError("type_mismatch")
    return read_duration(_exact(cell.text), column.type)


def _exact(text: str) -> str:
    """Take zeros off the end of a fraction: a typed time is an instant, not a spelling."""
    found = _FRACTION.fullmatch(text)
    if found is None:
        return text
    digits = found[2].rstrip("0")
    return f"{found[1]}{'.' if digits else ''}{digits}{found[3] or ''}"


def _as_binary(cell: Cell, _column: Column) -> bytes:
    if cell.kind != "bytes":
        raise NotAValueError("type_mismatch")
    return read_binary(cell.text)


def _as_uuid(cell: Cell, _column: Column) -> str:
    if cell.kind != "uuid":
        raise NotAValueError("type_mismatch")
    return read_uuid(cell.text)


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


_READERS: Final[dict[str, Callable[[Cell, Column], Value]]] = {
    "string": _as_string,
    "bool": _as_bool,
    "int": _as_int,
    "float": _as_float,
    "decimal": _as_decimal,
    "date": _as_date,
    "time": _as_time,
    "timestamp": _as_timestamp,
    "duration": _as_duration,
    "binary": _as_binary,
    "uuid": _as_uuid,
}
"""Family -> its reader. Of enums there are texts only; json and nested types: ``oracle_nested``."""
