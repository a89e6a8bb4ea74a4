"""The oracle of constraints: which of a column's bounds, lists and lengths a value breaks."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from casparian.core.contract.grammar import read_duration, read_time, read_timestamp
from casparian.core.validation.explain import none_of, shown

if TYPE_CHECKING:
    from casparian.core.contract.error_types import ErrorType
    from casparian.core.contract.model import Column
    from casparian.core.validation.cells import Cell
    from casparian.core.validation.oracle_texts import Value


def comparable(bound: object, column: Column) -> Value:
    """Return a bound of the contract in the form that values have here."""
    family = column.type.family
    if family == "timestamp":
        return read_timestamp(str(bound), column.type)
    if family == "time":
        return read_time(str(bound), column.type)
    if family == "duration":
        return read_duration(str(bound), column.type)
    if family == "decimal" and not isinstance(bound, Decimal):
        return Decimal(str(bound))
    return bound  # type: ignore[return-value]  # parse.py has read it as the column's type


def broken(value: Value, cell: Cell, column: Column) -> list[tuple[ErrorType, str]]:
    """Return (error type, sentence) for every constraint that a value breaks."""
    what = shown(cell)
    reasons: list[tuple[ErrorType, str]] = []
    if column.min is not None and value < comparable(column.min, column):  # type: ignore[operator]
        reasons.append(("below_minimum", f"{what} is below the minimum {column.min}"))
    if column.max is not None and value > comparable(column.max, column):  # type: ignore[operator]
        reasons.append(("above_maximum", f"{what} is above the maximum {column.max}"))
    if column.enum is not None and value not in [comparable(e, column) for e in column.enum]:
        reasons.append(("not_in_enum", f"{what} {none_of(cell, column.enum)}"))
    # RE2 is the definition of a pattern; Python's re differs ($ before a newline, \d).
    pattern = column.pattern
    if pattern is not None and not full_match(pa.array([value], pa.string()), pattern)[0].as_py():
        reasons.append(("pattern_mismatch", f"{what} does not match {pattern}"))
    if isinstance(value, str | bytes | list):
        reasons.extend(_broken_length(len(value), what, column))
    return reasons


def _broken_length(length: int, what: str, column: Column) -> list[tuple[ErrorType, str]]:
    unit = {"binary": "bytes", "list": "items"}.get(column.type.family, "characters")
    reasons: list[tuple[ErrorType, str]] = []
    if column.min_length is not None and length < column.min_length:
        sentence = f"{what} has {length} of at least {column.min_length} {unit}"
        reasons.append(("too_short", sentence))
    if column.max_length is not None and length > column.max_length:
        sentence = f"{what} has {length} {unit}, at most {column.max_length}"
        reasons.append(("too_long", sentence))
    return reasons


def full_match(texts: pa.Array, pattern: str) -> pa.Array:
    """Match whole texts against an RE2 pattern."""
    return pc.match_substring_regex(texts, rf"\A(?:{pattern})\z")
