"""Cells of a tagged column: text that a guest wrote, with what each of them was (its kind).

``KINDS`` holds a row per pair of kind and declared type; a pair that isn't there is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from casparian.core.validation import clock, dates, durations, numbers, spelled, times
from casparian.core.validation.arrow_types import arrow_type
from casparian.core.validation.kernel import (
    Converted,
    accepted,
    both,
    masked,
    matches,
    only,
    refused,
    scatter,
)
from casparian.core.validation.matrix import from_typed, spelled_of_kind
from casparian.core.validation.nested import nested_of_cells
from casparian.core.validation.oracle_values import STRINGIFIED
from casparian.core.validation.reading import from_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from casparian.core.contract.model import Column


def from_cells(texts: pa.Array, kinds: pa.Array, column: Column) -> Converted:
    """Convert the cells of each kind on their own, and put them back in order."""
    target = arrow_type(column.type)
    parts: list[tuple[pa.Array, Converted]] = []
    for kind in pc.unique(kinds).to_pylist():
        here = kinds.is_null() if kind is None else pc.equal(kinds, kind).fill_null(False)
        positions = pc.indices_nonzero(here)
        cells = texts.take(positions)
        if kind is None:
            parts.append((positions, accepted(pa.nulls(len(cells), target))))
        else:
            parts.append((positions, _from_kind(kind, cells, column)))
    if not parts:
        return accepted(pa.nulls(0, target))
    length = len(texts)
    return Converted(
        scatter(length, [(where, part.ok) for where, part in parts]),
        scatter(length, [(where, part.values) for where, part in parts]),
    )


def _from_kind(kind: str, texts: pa.Array, column: Column) -> Converted:
    """Convert the cells of one kind."""
    if kind == "str":
        return from_text(texts, column)
    family = column.type.family
    if family == "string" and column.stringify and kind in STRINGIFIED:
        return spelled_of_kind(kind, texts)
    convert = KINDS.get((kind, family))
    return refused(texts, arrow_type(column.type)) if convert is None else convert(texts, column)


def _integers(texts: pa.Array, column: Column) -> Converted:
    ok = matches(texts, "0|-?[1-9][0-9]{0,}")
    texts = only(texts, ok)
    if column.type.family == "int":
        return _also(ok, numbers.int_from_text(texts, column.type))
    if column.type.family == "decimal":
        return _also(ok, numbers.decimal_from_text(texts, column.type))
    small = both(ok, matches(texts, "-?[0-9]{1,18}"))  # what a float holds exactly has 16 at most
    integers = only(texts, small).cast(pa.int64())
    return _also(small, numbers.float_from_int(integers, column.type))


def _floats(texts: pa.Array, column: Column) -> Converted:
    if column.type.family == "decimal" and not column.from_float:
        return refused(texts, arrow_type(column.type))
    read = numbers.floats_of_cells(texts)
    return _also(read.ok, from_typed(read.values, column))


def _booleans(texts: pa.Array, _column: Column) -> Converted:
    return masked(matches(texts, "true|false"), pc.equal(texts, "true"))


def _midnights(texts: pa.Array, column: Column) -> Converted:
    if not column.midnight_ok:
        return refused(texts, pa.date32())
    ok = matches(texts, r"(?s:.{10})[T ]00:00:00(?:\.0{1,9})?")
    return _also(ok, dates.date_from_text(texts, midnight_ok=True))


def _naive(texts: pa.Array, column: Column) -> Converted:
    if column.type.tz and column.assume_tz is None:
        return refused(texts, arrow_type(column.type))
    return times.timestamp_of_cells(texts, column)


def _zoned(texts: pa.Array, column: Column) -> Converted:
    if column.type.tz is None:
        return refused(texts, arrow_type(column.type))
    return times.instants_of_cells(texts, column.type)


def _also(ok: pa.Array, converted: Converted) -> Converted:
    return masked(both(ok, converted.ok), converted.values)


KINDS: Final[dict[tuple[str, str], Callable[[pa.Array, Column], Converted]]] = {
    ("int", "int"): _integers,
    ("int", "float"): _integers,
    ("int", "decimal"): _integers,
    ("float", "int"): _floats,
    ("float", "float"): _floats,
    ("float", "decimal"): _floats,
    ("decimal", "decimal"): lambda t, column: numbers.decimal_from_spelling(t, column.type),
    ("bool", "bool"): _booleans,
    ("date", "date"): lambda texts, _: dates.date_from_text(texts),
    ("datetime", "date"): _midnights,
    ("datetime", "timestamp"): _naive,
    ("datetimetz", "timestamp"): _zoned,
    ("time", "time"): lambda texts, column: clock.time_of_cells(texts, column.type),
    ("timedelta", "duration"): lambda t, column: durations.duration_of_cells(t, column.type),
    ("bytes", "binary"): lambda texts, _: spelled.binary_from_text(texts),
    ("uuid", "uuid"): lambda texts, _: spelled.uuid_from_text(texts),
    ("set", "list"): lambda texts, column: nested_of_cells(texts, "set", column),
    ("json", "list"): lambda texts, column: nested_of_cells(texts, "json", column),
    ("json", "struct"): lambda texts, column: nested_of_cells(texts, "json", column),
    ("json", "json"): lambda texts, column: nested_of_cells(texts, "json", column),
}
