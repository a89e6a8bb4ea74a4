"""Turns a column, typed or tagged, into its contract's type: picks the kernel for each source.

The table of what may become what is ``_TYPED`` (contract type x source), each entry a kernel; a
pair that isn't there is impossible.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from casparian.core.contract.model import DEFAULT_FALSE, DEFAULT_TRUE
from casparian.core.validation import numbers, times
from casparian.core.validation.arrow_types import arrow_type
from casparian.core.validation.cells import cells_of, is_text
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
from casparian.core.validation.oracle import DATED, ISO_DATE, STRINGIFIED, TRIMMED, formats_of
from casparian.core.validation.verdict import OutputFailed

if TYPE_CHECKING:
    from casparian.core.contract.model import Column


def convert(data: pa.Array, kinds: pa.Array | None, column: Column) -> Converted:
    """Convert a plain array (see ``cells.plain``); ``kinds`` says what each text was, if tagged.

    Raises OutputFailed (column_type_impossible) if the column's type can't become the declared.
    """
    if kinds is not None:
        return _convert_tagged(data, kinds, column)
    if is_text(data.type):
        return from_text(data, column)
    if data.null_count == len(data):  # nothing but nulls can become anything
        return accepted(pa.nulls(len(data), arrow_type(column.type)))
    converted = _from_typed(data, column)
    if converted is None:
        raise _impossible(data.type, column)
    return converted


def _convert_tagged(texts: pa.Array, kinds: pa.Array, column: Column) -> Converted:
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


# Texts


def from_text(texts: pa.Array, column: Column) -> Converted:
    """Read texts by the grammar of the column's type and the relaxations that it allows."""
    if column.trim:
        texts = pc.utf8_trim(texts, characters=TRIMMED)
    if column.null_tokens:
        tokens = pa.array(column.null_tokens, pa.string())
        texts = only(texts, pc.invert(pc.is_in(texts, value_set=tokens)))
    family = column.type.family
    if family == "string":
        return accepted(texts)
    if family == "bool":
        return _tokens(texts, column)
    if family == "int":
        return numbers.int_from_text(numbers.respelled(texts, column), column.type)
    if family == "float":
        return numbers.float_from_text(texts, column)
    if family == "decimal":
        return numbers.decimal_from_text(numbers.respelled(texts, column), column.type)
    if column.formats:
        target = arrow_type(column.type)
        return times.formatted(texts, formats_of(column), column.type, target=target)
    if family == "date":
        return times.date_from_text(texts, midnight_ok=column.midnight_ok)
    return times.timestamp_from_text(texts, column.type)


def _tokens(texts: pa.Array, column: Column) -> Converted:
    true = pa.array(column.true_tokens or DEFAULT_TRUE, pa.string())
    false = pa.array(column.false_tokens or DEFAULT_FALSE, pa.string())
    is_true = pc.is_in(texts, value_set=true)
    known = pc.or_(is_true, pc.is_in(texts, value_set=false))
    return masked(pc.or_(known, texts.is_null()), pc.if_else(texts.is_valid(), is_true, None))


# Typed columns


def _from_typed(data: pa.Array, column: Column) -> Converted | None:
    """Convert a typed column by the table; None if its type can never become the declared one."""
    type_ = column.type
    source = _source(data.type)
    if source == "float" and pa.types.is_float16(data.type):
        data = data.cast(pa.float32())
    if source == "decimal" and not pa.types.is_decimal256(data.type):
        data = data.cast(pa.decimal128(data.type.precision, data.type.scale))
    pair = (source, type_.family)
    if pair == ("int", "int"):
        return numbers.int_from_int(data, type_)
    if pair == ("float", "int"):
        return numbers.int_from_float(data, type_)
    if pair == ("int", "float"):
        return numbers.float_from_int(data, type_)
    if pair == ("float", "float"):
        return numbers.float_from_float(data, column)
    if pair in (("int", "decimal"), ("decimal", "decimal")):
        return numbers.decimal_from_number(data, type_)
    if pair == ("float", "decimal") and column.from_float:
        return numbers.decimal_from_number(data, type_)
    if pair == ("bool", "bool"):
        return accepted(data)
    if pair == ("date", "date"):
        return times.date_from_date(data)
    if pair == ("timestamp", "date") and column.midnight_ok and data.type.tz is None:
        return times.date_from_timestamp(data)
    if pair == ("timestamp", "timestamp") and (data.type.tz is None) == (type_.tz is None):
        return times.timestamp_from_timestamp(data, type_)
    if type_.family == "string" and column.stringify and source not in ("bytes", "other"):
        texts = [cell.text if cell.kind else None for cell in cells_of(data)]
        return _stringified(pa.array(texts, pa.string()), source in ("date", "timestamp"))
    return None


def _stringified(texts: pa.Array, dated: bool) -> Converted:
    """Take values' own texts; a day that has no ISO form is refused and never paraphrased."""
    if not dated:
        return accepted(texts)
    return masked(pc.match_substring_regex(texts, rf"\A{ISO_DATE}"), texts)


_SOURCES: Final = (
    ("int", pa.types.is_integer),
    ("float", pa.types.is_floating),
    ("decimal", pa.types.is_decimal),
    ("bool", pa.types.is_boolean),
    ("date", pa.types.is_date32),
    ("timestamp", pa.types.is_timestamp),
    ("time", pa.types.is_time),
    ("timedelta", pa.types.is_duration),
    ("json", pa.types.is_nested),
    ("bytes", pa.types.is_binary),
    ("bytes", pa.types.is_large_binary),
    ("bytes", pa.types.is_fixed_size_binary),
    ("bytes", pa.types.is_binary_view),
)


def _source(type_: pa.DataType) -> str:
    return next((name for name, is_it in _SOURCES if is_it(type_)), "other")


# Cells of a tagged column


def _from_kind(kind: str, texts: pa.Array, column: Column) -> Converted:
    """Convert the cells of one kind, which the guest wrote as text."""
    if kind == "str":
        return from_text(texts, column)
    family = column.type.family
    target = arrow_type(column.type)
    if family == "string":
        if column.stringify and kind in STRINGIFIED:
            return _stringified(texts, kind in DATED)
        return refused(texts, target)
    if kind == "int" and family in ("int", "float", "decimal"):
        return _integer_cells(texts, column)
    if kind == "float" and (
        family in ("int", "float") or (family == "decimal" and column.from_float)
    ):
        return _chained(numbers.floats_of_cells(texts), column)
    if kind == "decimal" and family == "decimal":
        return numbers.decimal_from_spelling(texts, column.type)
    if kind == "bool" and family == "bool":
        ok = matches(texts, "true|false")
        return masked(ok, pc.equal(texts, "true"))
    if kind == "date" and family == "date":
        return times.date_from_text(texts)
    if kind == "datetime" and family == "date" and column.midnight_ok:
        ok = matches(texts, r"(?s:.{10})[T ]00:00:00(?:\.0{1,9})?")
        return _also(ok, times.date_from_text(texts, midnight_ok=True))
    if kind == ("datetimetz" if column.type.tz else "datetime") and family == "timestamp":
        return times.timestamp_of_cells(texts, column.type)
    return refused(texts, target)


def _integer_cells(texts: pa.Array, column: Column) -> Converted:
    ok = matches(texts, "0|-?[1-9][0-9]{0,}")
    texts = only(texts, ok)
    if column.type.family == "int":
        return _also(ok, numbers.int_from_text(texts, column.type))
    if column.type.family == "decimal":
        return _also(ok, numbers.decimal_from_text(texts, column.type))
    small = both(ok, matches(texts, "-?[0-9]{1,18}"))  # what a float holds exactly has 16 at most
    integers = only(texts, small).cast(pa.int64())
    return _also(small, numbers.float_from_int(integers, column.type))


def _chained(first: Converted, column: Column) -> Converted:
    """Convert on from an intermediate type, keeping what was refused on the way there."""
    second = _from_typed(first.values, column)
    assert second is not None
    return _also(first.ok, second)


def _also(ok: pa.Array, converted: Converted) -> Converted:
    return masked(both(ok, converted.ok), converted.values)


# Whole columns


def _impossible(source: pa.DataType, column: Column) -> OutputFailed:
    return OutputFailed(
        f"column {column.name!r} is {source}, which can't become {column.type.with_article} "
        "without guessing",
        error_type="column_type_impossible",
        hint=_way_out(source, column),
    )


def _way_out(source: pa.DataType, column: Column) -> str:
    kind, family = _source(source), column.type.family
    if kind == "float" and family == "decimal":
        return "from_float = true, or keep the column as text in the parser (dtype=str)"
    if family == "string" and kind not in ("bytes", "other"):
        return f"stringify = true, or declare {column.name!r} as what it is"
    if kind == "timestamp" and family == "date" and source.tz is None:
        return "midnight_ok = true, if every time of day is 00:00"
    if kind == "timestamp" and family == "timestamp":
        if column.type.tz is None:
            return f'declare the column as "timestamp({column.type.unit}, UTC)"'
        return "give the times their zone in the parser (tz_localize), or declare none"
    if kind == "bytes" and family == "string":
        return "decode the bytes in the parser"
    return "change the declared type, or convert the column in the parser"
