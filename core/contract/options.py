"""The options of a column: which exist, which types they make sense for, how each is checked.

An option is one row of ``OPTIONS``.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from casparian.core.contract.errors import ContractError, did_you_mean
from casparian.core.contract.grammar import (
    NotAValueError,
    narrow,
    read_date,
    read_decimal,
    read_duration,
    read_time,
    read_timestamp,
)
from casparian.core.contract.grammar_texts import read_uuid
from casparian.core.contract.type_text import zone
from casparian.core.contract.types import FAMILIES, NESTED

if TYPE_CHECKING:
    from collections.abc import Callable

    from casparian.core.contract.model import Bound
    from casparian.core.contract.types import ColumnType

Check = "Callable[[object, ColumnType, str], object]"

ALL: Final = frozenset({*FAMILIES.values(), *NESTED})
NUMBERS: Final = frozenset({"int", "float", "decimal"})
ORDERED: Final = NUMBERS | {"date", "time", "timestamp", "duration"}
TIMES: Final = frozenset({"date", "time", "timestamp"})
LISTABLE: Final = ORDERED | {"string", "uuid"}
COMPARABLE: Final = LISTABLE | {"bool", "binary", "enum"}
SIZED: Final = frozenset({"string", "binary", "list"})
STRING: Final = frozenset({"string"})


@dataclass(frozen=True, slots=True)
class Option:
    """One option: the families of types that may have it, and the check that reads its value."""

    families: frozenset[str]
    read: Callable[[object, ColumnType, str], object]
    relaxation: bool = False


def bound(value: object, type_: ColumnType, where: str) -> Bound:
    """Read a value of the column's own type, as ``min``, ``max`` and ``enum`` give it."""
    try:
        return _bound(value, type_, where)
    except NotAValueError as error:
        why = f": {error.why}" if error.why else ""
        raise ContractError(f"{where}: {value!r} is not {type_.with_article}{why}") from error


def _bound(value: object, type_: ColumnType, where: str) -> Bound:
    if type_.family == "string" and isinstance(value, str):
        return value
    if type_.family == "int" and isinstance(value, int) and not isinstance(value, bool):
        low, high = type_.int_range
        if not low <= value <= high:
            raise NotAValueError("out_of_range", f"its range is {low} to {high}")
        return value
    if type_.family == "float" and isinstance(value, int | float) and not isinstance(value, bool):
        if abs(value) > sys.float_info.max:  # float() would raise for an integer this large
            raise NotAValueError("out_of_range", "it must be finite and exact")
        number = float(value)
        if not math.isfinite(number) or number != value:
            raise NotAValueError("not_finite", "it must be finite and exact")
        return narrow(number) if type_.bits == 32 else number
    if type_.family == "decimal":
        if isinstance(value, float):
            raise ContractError(
                f"{where}: {value!r} is a float, and a decimal is never one",
                hint=f'write it as text: "{value!r}"',
            )
        if isinstance(value, Decimal) and value.is_finite():
            return read_decimal(format(value, "f"), type_)
        if isinstance(value, str | int) and not isinstance(value, bool):
            return read_decimal(str(value), type_)
    if type_.family == "date":
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        if isinstance(value, str):
            return read_date(value)
    if type_.family == "timestamp" and isinstance(value, str | datetime):
        text = value.isoformat() if isinstance(value, datetime) else value
        read_timestamp(text, type_)
        return text
    if type_.family == "time" and isinstance(value, str | time):
        text = value.isoformat() if isinstance(value, time) else value
        read_time(text, type_)
        return text
    if type_.family == "duration" and isinstance(value, str):
        read_duration(value, type_)
        return value
    if type_.family == "uuid" and isinstance(value, str):
        return read_uuid(value)
    raise NotAValueError("type_mismatch")


def _enum(value: object, type_: ColumnType, where: str) -> tuple[Bound, ...]:
    values = tuple(bound(item, type_, where) for item in _list(value, where))
    if len(set(values)) != len(values):
        raise ContractError(f"{where}: a value is listed twice")
    return values


def _list(value: object, where: str) -> list[object]:
    if not isinstance(value, list | tuple) or not value:
        raise ContractError(f"{where}: expected a list with at least one entry, not {value!r}")
    return list(value)


def _texts(value: object, _type: ColumnType, where: str) -> tuple[str, ...]:
    texts = _list([value] if isinstance(value, str) else value, where)
    if not all(isinstance(text, str) for text in texts):
        raise ContractError(f"{where}: expected strings, not {value!r}")
    if len(set(texts)) != len(texts):
        raise ContractError(f"{where}: a value is listed twice")
    return tuple(str(text) for text in texts)


def _flag(value: object, _type: ColumnType, where: str) -> bool:
    if not isinstance(value, bool):
        raise ContractError(f"{where}: expected true or false, not {value!r}")
    return value


def _length(value: object, _type: ColumnType, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
        raise ContractError(f"{where}: expected a number of characters, not {value!r}")
    return value


def _mark(value: object, _type: ColumnType, where: str) -> str:
    if not isinstance(value, str) or len(value) != 1 or value.isalnum() or value in "+-\\\0\n":
        raise ContractError(f"{where}: expected one mark such as ',' or '.', not {value!r}")
    return value


def _pattern(value: object, _type: ColumnType, where: str) -> str:
    if not isinstance(value, str):
        raise ContractError(f"{where}: expected a regular expression, not {value!r}")
    import pyarrow as pa  # late: only a contract with a pattern needs Arrow, whose RE2 decides
    import pyarrow.compute as pc

    try:
        pc.match_substring_regex(pa.array([""]), f"^(?:{value})$")
        pc.match_substring_regex(pa.array([""]), value)
    except pa.ArrowInvalid as error:
        raise ContractError(
            f"{where}: {value!r} is refused: {str(error).splitlines()[0]}",
            hint="patterns are RE2: no look-around, no back-references, repetition up to 1000",
        ) from error
    return value


def _assumed_zone(value: object, type_: ColumnType, where: str) -> str:
    if not isinstance(value, str):
        raise ContractError(f"{where}: expected a time zone such as 'Europe/Berlin', not {value!r}")
    if type_.tz is None:
        raise ContractError(
            f"{where}: a {type_} has no zone to bring times to",
            hint=f'type = "timestamp({type_.unit}, UTC)"',
        )
    return zone(value, where=where)


def _ambiguous(value: object, _type: ColumnType, where: str) -> str:
    if value not in ("reject", "earliest", "latest"):
        near = did_you_mean(str(value), ["reject", "earliest", "latest"])
        raise ContractError(
            f"{where}: expected 'reject', 'earliest' or 'latest', not {value!r}", hint=near
        )
    return str(value)


OPTIONS: Final[dict[str, Option]] = {
    "nullable": Option(ALL, _flag),
    "unique": Option(COMPARABLE, _flag),
    "min": Option(ORDERED, bound),
    "max": Option(ORDERED, bound),
    "enum": Option(LISTABLE, _enum),
    "pattern": Option(STRING, _pattern),
    "min_length": Option(SIZED, _length),
    "max_length": Option(SIZED, _length),
    "trim": Option(ALL, _flag, relaxation=True),
    "null_tokens": Option(ALL, _texts, relaxation=True),
    "leading_zeros": Option(NUMBERS, _flag, relaxation=True),
    "plus": Option(NUMBERS, _flag, relaxation=True),
    "thousands": Option(NUMBERS, _mark, relaxation=True),
    "decimal_point": Option(frozenset({"float", "decimal"}), _mark, relaxation=True),
    "formats": Option(TIMES, _texts, relaxation=True),
    "true_tokens": Option(frozenset({"bool"}), _texts, relaxation=True),
    "false_tokens": Option(frozenset({"bool"}), _texts, relaxation=True),
    "allow_nan": Option(frozenset({"float"}), _flag, relaxation=True),
    "allow_inf": Option(frozenset({"float"}), _flag, relaxation=True),
    "from_float": Option(frozenset({"decimal"}), _flag, relaxation=True),
    "stringify": Option(STRING, _flag, relaxation=True),
    "midnight_ok": Option(frozenset({"date"}), _flag, relaxation=True),
    "assume_tz": Option(frozenset({"timestamp"}), _assumed_zone, relaxation=True),
    "ambiguous": Option(frozenset({"timestamp"}), _ambiguous, relaxation=True),
}
