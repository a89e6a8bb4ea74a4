"""The oracle of texts: the type's grammar, after the spellings that a column allows."""

from __future__ import annotations

import math
import re
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from casparian.core.contract.formats import Format, compile_formats, to_iso
from casparian.core.contract.grammar import (
    NotAValueError,
    read_date,
    read_decimal,
    read_duration,
    read_float,
    read_int,
    read_time,
    read_timestamp,
)
from casparian.core.contract.grammar_texts import read_binary, read_json, read_uuid
from casparian.core.contract.model import DEFAULT_FALSE, DEFAULT_TRUE
from casparian.core.validation.zones import to_utc_of

if TYPE_CHECKING:
    from casparian.core.contract.model import Column

Value = str | bool | int | float | Decimal | date | bytes | list[Any] | dict[str, Any]
"""A judged value. A timestamp is a count of its unit since 1970, in UTC if it has a zone; a time
of day counts from midnight, and a duration is a count as well."""

TRIMMED: Final = " \t\n\r\v\f\u00a0\u2007\u202f\u3000\ufeff"
"""What ``trim`` takes off both ends: ASCII white space, fixed spaces, the byte order mark."""

NAN_TOKENS: Final = ("nan", "NaN", "NAN")
INF_TOKENS: Final = ("inf", "Inf", "INF", "infinity", "Infinity", "INFINITY")

MIDNIGHT: Final = re.compile(r"(.{10})[T ]00:00:00(?:\.0{1,9})?", re.DOTALL)


def trimmed(text: str, column: Column) -> str:
    """Take off what ``trim`` allows to."""
    return text.strip(TRIMMED) if column.trim else text


def read_text(text: str, column: Column) -> Value:
    """Read a text as a column's type, which is no list or struct. Raises NotAValueError."""
    type_ = column.type
    match type_.family:
        case "string":
            return text
        case "bool":
            return _token(text, column)
        case "int":
            return read_int(_plain_number(text, column), type_)
        case "decimal":
            return read_decimal(_plain_number(text, column), type_)
        case "float":
            return _float_text(text, column)
        case "enum":
            return _listed(text, column)
        case "uuid":
            return read_uuid(text)
        case "binary":
            return read_binary(text)
        case "json":
            read_json(text)
            return text
        case "duration":
            return read_duration(text, type_)
    if column.formats:
        return _formatted(text, column)
    if type_.family == "date" and column.midnight_ok:
        midnight = MIDNIGHT.fullmatch(text)
        return read_date(midnight[1] if midnight else text)
    return _iso(text, column)


def _iso(text: str, column: Column) -> Value:
    if column.type.family == "date":
        return read_date(text)
    if column.type.family == "time":
        return read_time(text, column.type)
    return read_timestamp(text, column.type, to_utc=to_utc_of(column))


def _token(text: str, column: Column) -> bool:
    if text in (column.true_tokens or DEFAULT_TRUE):
        return True
    if text in (column.false_tokens or DEFAULT_FALSE):
        return False
    raise NotAValueError("type_mismatch")


def _listed(text: str, column: Column) -> str:
    if text not in column.type.values:
        raise NotAValueError("not_in_enum")
    return text


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
        offset_needed=column.assume_tz is None,
        where=column.name,
    )


def _formatted(text: str, column: Column) -> Value:
    """Read by the first format under which the text is a real date or time."""
    first: NotAValueError | None = None
    for format_ in formats_of(column):
        found = re.fullmatch(format_.regex[1:-1], text)
        if found is None:
            continue
        try:
            return _iso(to_iso(found.groupdict(), family=column.type.family), column)
        except NotAValueError as error:
            first = first or error
    if first is not None:
        raise first
    raise NotAValueError("format_mismatch", "expected " + " or ".join(column.formats))
