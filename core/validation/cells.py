"""Cells: what one value was (its kind) and how it is written, for typed and tagged columns alike.

A guest sends a column of mixed kinds as text, with a companion ``_cf_kind__<column>`` that says
what each cell was. Typed Arrow columns are written the same way here, so that the oracle and the
raw JSON know one representation only.
"""

from __future__ import annotations

import base64
import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

KIND_PREFIX: Final = "_cf_kind__"
"""A companion column's name is this, and then the name of the column that it tags."""

RESERVED_PREFIX: Final = "_cf_"

_PER_SECOND: Final = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


class Cell(NamedTuple):
    """One value: ``kind`` (``str``, ``int``, ``float``, ``datetimetz``, …; None for null), text."""

    kind: str | None
    text: str


NULL: Final = Cell(None, "")


def is_text(type_: pa.DataType) -> bool:
    """Say whether an Arrow type is text: string, large_string, string_view, dictionary of them."""
    if pa.types.is_dictionary(type_):
        return is_text(type_.value_type)
    return bool(
        pa.types.is_string(type_)
        or pa.types.is_large_string(type_)
        or pa.types.is_string_view(type_)
    )


def plain(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return one contiguous array; dictionaries and extensions decoded, any text as pa.string()."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(array, pa.ChunkedArray):  # more than 2 GiB of text
        array = pa.concat_arrays([chunk.cast(pa.large_string()) for chunk in array.chunks])
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if is_text(array.type) and not pa.types.is_string(array.type):
        array = array.cast(pa.string())
    if pa.types.is_date64(array.type):
        days = array.cast(pa.int64())
        whole = pc.multiply(pc.divide(days, 86_400_000), 86_400_000)
        if pc.all(pc.equal(days, whole)).as_py() is not False:
            array = array.cast(pa.date32())
    return array


def cells_of(column: pa.Array | pa.ChunkedArray, kinds: pa.Array | None = None) -> list[Cell]:
    """Write every value of a column as a cell. Plain Python: for few rows."""
    array = plain(column)
    if kinds is not None:
        pairs = zip(kinds.to_pylist(), array.to_pylist(), strict=True)
        return [Cell(kind, text) if kind is not None else NULL for kind, text in pairs]
    type_ = array.type
    if pa.types.is_timestamp(type_):
        return [_timestamp(v, type_.unit, type_.tz) for v in array.cast(pa.int64()).to_pylist()]
    if pa.types.is_date32(type_):
        return _texts("date", array.cast(pa.string()))
    if pa.types.is_float32(type_) or pa.types.is_float16(type_):
        return _texts("float32", array.cast(pa.float32()).cast(pa.string()))
    if pa.types.is_duration(type_):
        return [_duration(v, type_.unit) for v in array.cast(pa.int64()).to_pylist()]
    if pa.types.is_time(type_):
        return _texts("time", array.cast(pa.string()))
    return [_python(value, type_) for value in array.to_pylist()]


def _texts(kind: str, texts: pa.Array) -> list[Cell]:
    return [Cell(kind, text) if text is not None else NULL for text in texts.to_pylist()]


def _python(value: Any, type_: pa.DataType) -> Cell:
    if value is None:
        return NULL
    if isinstance(value, str):
        return Cell("str", value)
    if isinstance(value, bool):
        return Cell("bool", "true" if value else "false")
    if isinstance(value, int):
        return Cell("int", str(value))
    if isinstance(value, float):
        return Cell("float", repr(value))
    if isinstance(value, Decimal):
        return Cell("decimal", str(value))
    if isinstance(value, bytes):
        return Cell("bytes", base64.b64encode(value).decode())
    if isinstance(value, list | dict):
        return Cell("json", json.dumps(value, ensure_ascii=False, default=_leaf))
    return Cell(f"object:{type_}", str(value))


def _leaf(value: object) -> object:
    """Write a leaf of a nested value that JSON doesn't know."""
    if isinstance(value, Decimal):
        return {"$decimal": str(value)}
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    if isinstance(value, datetime):
        return {"$datetime": value.isoformat()}
    if isinstance(value, date):
        return {"$date": value.isoformat()}
    return str(value)


def _timestamp(value: int | None, unit: str, tz: str | None) -> Cell:
    """Write an instant as ISO text, in UTC if it has a zone; nine digits only where needed."""
    if value is None:
        return NULL
    kind = "datetimetz" if tz else "datetime"
    seconds, rest = divmod(value, _PER_SECOND[unit])
    try:
        moment = datetime(1970, 1, 1) + timedelta(seconds=seconds)  # noqa: DTZ001 - zone is apart
    except OverflowError:
        return Cell(kind, f"{value} {unit} since 1970")
    nanoseconds = rest * (10**9 // _PER_SECOND[unit])
    fraction = f".{nanoseconds:09d}" if nanoseconds % 1000 else f".{nanoseconds // 1000:06d}"
    text = moment.isoformat() + (fraction if nanoseconds else "")
    return Cell(kind, f"{text}+00:00" if tz else text)


def _duration(value: int | None, unit: str) -> Cell:
    if value is None:
        return NULL
    scale = _PER_SECOND[unit]
    digits = len(str(scale)) - 1
    whole, rest = divmod(abs(value), scale)
    fraction = f".{rest:0{digits}d}".rstrip("0") if rest else ""
    return Cell("timedelta", f"{'-' if value < 0 else ''}PT{whole}{fraction}S")
