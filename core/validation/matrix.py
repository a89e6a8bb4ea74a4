"""The matrix of typed columns: what an Arrow type may become, and what becomes of it.

``MATRIX`` holds a row per pair of source and declared type. A pair that isn't there is
impossible: the whole output fails, since no value of the column could pass. ``source_of`` names
the sources; text is read by grammar instead (``reading``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from casparian.core.validation import clock, dates, durations, nested, numbers, spelled, times
from casparian.core.validation.arrow_types import arrow_type
from casparian.core.validation.cells import cells_of, is_text, is_uuid
from casparian.core.validation.kernel import Converted, accepted, masked, matches
from casparian.core.validation.nested import ImpossibleError
from casparian.core.validation.nesting import is_list
from casparian.core.validation.oracle_values import SPELLED
from casparian.core.validation.reading import from_text
from casparian.core.validation.zones import assuming

if TYPE_CHECKING:
    from collections.abc import Callable

    from casparian.core.contract.model import Column
    from casparian.core.contract.types import Family

_SOURCES: Final = (
    ("int", pa.types.is_integer),
    ("float", pa.types.is_floating),
    ("decimal", pa.types.is_decimal),
    ("bool", pa.types.is_boolean),
    ("date", pa.types.is_date),
    ("time", pa.types.is_time),
    ("timestamp", pa.types.is_timestamp),
    ("duration", pa.types.is_duration),
    ("uuid", is_uuid),
    ("binary", pa.types.is_binary),
    ("binary", pa.types.is_large_binary),
    ("binary", pa.types.is_fixed_size_binary),
    ("binary", pa.types.is_binary_view),
    ("list", is_list),
    ("struct", pa.types.is_struct),
    ("map", pa.types.is_map),
)


def source_of(type_: pa.DataType) -> str:
    """Return the name under which the matrix knows an Arrow type; ``other`` for the rest.

    The rest are intervals and unions. The types of one source differ in width, unit, zone or
    layout only.
    """
    return next((name for name, is_it in _SOURCES if is_it(type_)), "other")


@dataclass(frozen=True, slots=True)
class Passage:
    """How columns of one source become one declared type.

    ``if_`` says whether this column may (its options, both zones); else ``way_out`` is the hint.
    """

    convert: Callable[[pa.Array, Column], Converted]
    if_: Callable[[pa.DataType, Column], bool] = lambda _source, _column: True
    way_out: Callable[[pa.DataType, Column], str] = lambda _source, _column: ""


def from_typed(data: pa.Array, column: Column) -> Converted:
    """Convert a plain array (see ``cells.plain``) that is no text, by the matrix.

    Raises ImpossibleError if its type can never become the declared one.
    """
    if data.null_count == len(data):  # nothing but nulls can become anything
        return accepted(pa.nulls(len(data), arrow_type(column.type)))
    passage = MATRIX.get((source_of(data.type), column.type.family))
    if passage is None or not passage.if_(data.type, column):
        raise ImpossibleError(hint=_way_out(passage, data.type, column))
    return passage.convert(data, column)


def convert_item(data: pa.Array, column: Column) -> Converted:
    """Convert what lies in a list or struct: typed or text."""
    return from_text(data, column) if is_text(data.type) else from_typed(data, column)


def _way_out(passage: Passage | None, source: pa.DataType, column: Column) -> str:
    if passage is not None and column.name:  # no option reaches into a list or struct
        return passage.way_out(source, column)
    pair = (source_of(source), column.type.family)
    return _OTHER_WAYS_OUT.get(pair, "change the declared type, or convert it in the parser")


_OTHER_WAYS_OUT: Final = {
    ("binary", "string"): "decode the bytes in the parser",
    ("binary", "uuid"): "make each a uuid.UUID(bytes=…) in the parser",
    ("float", "decimal"): "make each a decimal.Decimal in the parser",
}


def _if_midnight(source: pa.DataType, _column: Column) -> str:
    if source.tz is None:
        return "midnight_ok = true, if every time of day is 00:00"
    return "say in the parser which zone's day it is, such as .dt.tz_convert(…).dt.date"


def _if_zone(_source: pa.DataType, column: Column) -> str:
    if column.type.tz is None:
        return f'declare the column as "timestamp({column.type.unit}, UTC)"'
    return f"{assuming(column.type.tz)}, or give the times theirs in the parser (tz_localize)"


def _stringified(data: pa.Array, _column: Column) -> Converted:
    """Take values' own texts; a time that has no ISO form is refused and never paraphrased."""
    cells = cells_of(data)
    texts = pa.array([cell.text if cell.kind else None for cell in cells], pa.string())
    kind = next((cell.kind for cell in cells if cell.kind), None)
    return spelled_of_kind(str(kind), texts)


def spelled_of_kind(kind: str, texts: pa.Array) -> Converted:
    """Pass the texts of one kind of values, if they are spelled as that kind is."""
    if kind == "json":
        return nested.json_texts(texts)
    if kind not in SPELLED:
        return accepted(texts)
    return masked(matches(texts, rf"{SPELLED[kind]}(?s:.*)"), texts)


def _dates(data: pa.Array, _column: Column) -> Converted:
    if pa.types.is_date64(data.type):  # some are no whole days, else they were date32 by now
        return dates.date_from_timestamp(data.cast(pa.int64()).cast(pa.timestamp("ms")))
    return dates.date_from_date(data)


def _same_zoning(source: pa.DataType, column: Column) -> bool:
    return (source.tz is None) == (column.type.tz is None)


_STRING: Final = Passage(
    _stringified,
    if_=lambda _, column: column.stringify,
    way_out=lambda _, column: f"stringify = true, or declare {column.name!r} as what it is",
)
_DECIMAL: Final = Passage(lambda data, column: numbers.decimal_from_number(data, column.type))

MATRIX: Final[dict[tuple[str, Family], Passage]] = {
    # A number may become another if it stays the same number.
    ("int", "int"): Passage(lambda data, column: numbers.int_from_int(data, column.type)),
    ("float", "int"): Passage(lambda data, column: numbers.int_from_float(data, column.type)),
    ("int", "float"): Passage(lambda data, column: numbers.float_from_int(data, column.type)),
    ("float", "float"): Passage(lambda data, column: numbers.float_from_float(data, column)),
    ("int", "decimal"): _DECIMAL,
    ("decimal", "decimal"): _DECIMAL,
    ("float", "decimal"): Passage(
        _DECIMAL.convert,
        if_=lambda _, column: column.from_float,
        way_out=lambda *_: (
            "from_float = true, or keep the column as text in the parser (dtype=str)"
        ),
    ),
    ("bool", "bool"): Passage(lambda data, _: accepted(data)),
    # A time may change its unit if nothing is cut off, and its zone if the instant stays.
    ("date", "date"): Passage(_dates),
    ("timestamp", "date"): Passage(
        lambda data, _: dates.date_from_timestamp(data),
        if_=lambda source, column: column.midnight_ok and source.tz is None,
        way_out=_if_midnight,
    ),
    ("time", "time"): Passage(lambda data, column: clock.time_from_time(data, column.type)),
    ("timestamp", "timestamp"): Passage(
        lambda data, column: times.timestamp_from_timestamp(data, column),
        if_=lambda source, column: (
            _same_zoning(source, column) or (source.tz is None and column.assume_tz is not None)
        ),
        way_out=_if_zone,
    ),
    ("duration", "duration"): Passage(
        lambda data, column: durations.duration_from_duration(data, column.type)
    ),
    # Bytes are bytes; sixteen of them are a UUID only if they say so.
    ("binary", "binary"): Passage(lambda data, _: spelled.binary_from_binary(data)),
    ("uuid", "uuid"): Passage(lambda data, _: spelled.uuid_from_uuid(data)),
    # Nested values go item by item, and become json if JSON knows all that is in them.
    ("list", "list"): Passage(
        lambda data, column: nested.list_from_list(data, column.type, convert_item)
    ),
    ("struct", "struct"): Passage(
        lambda data, column: nested.struct_from_struct(data, column.type, convert_item)
    ),
    **dict.fromkeys(
        [("list", "json"), ("struct", "json"), ("map", "json")],
        Passage(lambda data, column: nested.json_from_nested(data, column.type)),
    ),
    # Anything with a spelling of its own becomes a string, if the column says so.
    **{
        (source, "string"): _STRING
        for source in (
            *("int", "float", "decimal", "bool", "date", "time", "timestamp", "duration", "uuid"),
            *("list", "struct", "map"),
        )
    },
}
