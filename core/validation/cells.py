"""Cells: what one value was (its kind) and how it is written, for typed and tagged columns alike.

A guest sends a column of mixed kinds as text, with a companion ``_cf_kind__<column>`` that says
what each cell was. Typed Arrow columns are written the same way here, so that the oracle and the
raw JSON know one representation only.
"""

from __future__ import annotations

import base64
import itertools
import json
import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from casparian.core.contract.types import UNIT_DIGITS
from casparian.core.validation.nesting import fields_of, is_list, items_of

if TYPE_CHECKING:
    from collections.abc import Callable

KIND_PREFIX: Final = "_cf_kind__"
"""A companion column's name is this, and then the name of the column that it tags."""

RESERVED_PREFIX: Final = "_cf_"

LEAF_KINDS: Final = frozenset(
    {
        *("int", "float", "decimal", "bytes", "date", "time", "datetime", "datetimetz"),
        *("timedelta", "uuid", "enum", "str_invalid"),
    }
)
"""Kinds of leaves that stand as ``{"$kind": text}`` in a JSON cell (``object:…`` as well)."""

_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - zone is apart
_DAY: Final = 86_400
_DAY_MS: Final = 86_400_000


class Cell(NamedTuple):
    """One value: ``kind`` (``str``, ``int``, ``float``, ``datetimetz``, …; None for null), text."""

    kind: str | None
    text: str


NULL: Final = Cell(None, "")


# For each column of each batch: looking at ids takes a tenth of asking `pa.types` one by one.
_STRING: Final = pa.string().id
_TEXTS: Final = frozenset({_STRING, pa.large_string().id, pa.string_view().id})
_DATE64: Final = pa.date64().id
_DICTIONARY: Final = pa.dictionary(pa.int8(), pa.null()).id
_PLAIN: Final = frozenset(
    type_.id
    for type_ in (
        *(pa.string(), pa.bool_(), pa.float32(), pa.float64(), pa.date32(), pa.timestamp("us")),
        *(pa.int8(), pa.int16(), pa.int32(), pa.int64()),
        *(pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()),
    )
)
_RUNS: Final = pa.run_end_encoded(pa.int16(), pa.null()).id


def is_text(type_: pa.DataType) -> bool:
    """Say whether an Arrow type is text: string, large_string, string_view, dictionary of them."""
    if type_.id == _DICTIONARY:
        return is_text(type_.value_type)
    return type_.id in _TEXTS


def plain(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return one contiguous array; dictionaries and extensions decoded, any text as pa.string().

    Of the extensions only ``arrow.uuid`` stays: its bytes alone would be just bytes.
    """
    array = column
    if isinstance(column, pa.ChunkedArray):  # combining copies even a single chunk
        array = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    if array.type.id in _PLAIN and isinstance(array, pa.Array):
        return array  # as nearly always
    if isinstance(array, pa.ChunkedArray):  # more than 2 GiB of text
        array = pa.concat_arrays([chunk.cast(pa.large_string()) for chunk in array.chunks])
    array = _decoded(array)
    kind = array.type.id
    if kind in _TEXTS and kind != _STRING:
        array = array.cast(pa.string())
    elif kind == _DATE64:
        days = array.cast(pa.int64())
        whole = pc.multiply(pc.divide(days, _DAY_MS), _DAY_MS)
        if pc.all(pc.equal(days, whole)).as_py() is not False:
            array = array.cast(pa.date32())
    return array


def _decoded(array: pa.Array) -> pa.Array:
    while True:
        if isinstance(array.type, pa.Bool8Type):
            array = array.cast(pa.bool_())
        elif isinstance(array, pa.ExtensionArray) and not is_uuid(array.type):
            array = array.storage
        elif array.type.id == _DICTIONARY:
            array = array.dictionary_decode()
        elif array.type.id == _RUNS:
            array = pc.run_end_decode(array)
        else:
            return array


def is_uuid(type_: pa.DataType) -> bool:
    """Say whether an Arrow type is sixteen bytes that call themselves a UUID."""
    return isinstance(type_, pa.UuidType)


def cells_of(column: pa.Array | pa.ChunkedArray, kinds: pa.Array | None = None) -> list[Cell]:
    """Write every value of a column as a cell. Plain Python: for few rows."""
    array = plain(column)
    if kinds is not None:
        pairs = zip(kinds.to_pylist(), array.to_pylist(), strict=True)
        return [Cell(kind, text) if kind is not None else NULL for kind, text in pairs]
    type_ = array.type
    if pa.types.is_timestamp(type_):
        return _counted(array, lambda v: _timestamp(v, type_.unit, type_.tz))
    if pa.types.is_date32(type_):
        return _texts("date", array.cast(pa.string()))
    if pa.types.is_date64(type_):
        return _counted(array, _date64)
    if pa.types.is_float32(type_) or pa.types.is_float16(type_):
        texts = array.cast(pa.float32()).cast(pa.string())
        # Arrow writes a one as 1, which would be an int's text.
        return _texts("float32", pc.replace_substring_regex(texts, r"\A(-?[0-9]+)\z", r"\1.0"))
    if pa.types.is_duration(type_):
        return _counted(array, lambda v: _duration(v, type_.unit))
    if pa.types.is_time(type_):
        return _counted(
            array.view(pa.int32() if type_.bit_width == 32 else pa.int64()), _clock(type_)
        )
    if is_uuid(type_):
        return _texts("uuid", array)
    if is_list(type_) or pa.types.is_struct(type_) or pa.types.is_map(type_):
        valid = array.is_valid().to_pylist()
        return [Cell("json", t) if v else NULL for t, v in zip(_json(array), valid, strict=True)]
    return [_python(value, type_) for value in array.to_pylist()]


def _texts(kind: str, texts: pa.Array) -> list[Cell]:
    return [Cell(kind, str(text)) if text is not None else NULL for text in texts.to_pylist()]


def _counted(array: pa.Array, write: Callable[[int], Cell]) -> list[Cell]:
    counts = array.cast(pa.int64()).to_pylist()
    return [write(count) if count is not None else NULL for count in counts]


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
    if isinstance(value, uuid.UUID):
        return Cell("uuid", str(value))
    return Cell(f"object:{type_}", str(value))


# Times: nine digits only where needed


def _timestamp(value: int, unit: str, tz: str | None) -> Cell:
    """Write an instant as ISO text, in UTC if it has a zone."""
    kind = "datetimetz" if tz else "datetime"
    seconds, rest = divmod(value, 10 ** UNIT_DIGITS[unit])
    try:
        moment = _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return Cell(kind, f"{value} {unit} since 1970")
    return Cell(kind, f"{moment.isoformat()}{_fraction(rest, unit)}{'+00:00' if tz else ''}")


def _fraction(rest: int, unit: str) -> str:
    nanoseconds = rest * 10 ** (9 - UNIT_DIGITS[unit])
    if not nanoseconds:
        return ""
    return f".{nanoseconds:09d}" if nanoseconds % 1000 else f".{nanoseconds // 1000:06d}"


def _date64(milliseconds: int) -> Cell:
    """Write milliseconds since 1970 as a date, or, if they are no whole days, as what they are."""
    cell = _timestamp(milliseconds, "ms", None)
    if milliseconds % _DAY_MS or cell.text.endswith("since 1970"):
        return cell
    return Cell("date", cell.text[:10])


def _clock(type_: pa.DataType) -> Callable[[int], Cell]:
    unit = type_.unit

    def write(value: int) -> Cell:
        seconds, rest = divmod(value, 10 ** UNIT_DIGITS[unit])
        if not 0 <= seconds < _DAY:
            return Cell("time", f"{value} {unit} since midnight")
        clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
        return Cell("time", clock + _fraction(rest, unit))

    return write


def _duration(value: int, unit: str) -> Cell:
    digits = UNIT_DIGITS[unit]
    whole, rest = divmod(abs(value), 10**digits)
    fraction = f".{rest:0{digits}d}".rstrip("0") if rest else ""
    return Cell("timedelta", f"{'-' if value < 0 else ''}PT{whole}{fraction}S")


# Nested values: JSON, in which each leaf keeps its kind


def _json(array: pa.Array) -> list[str]:
    """Write every value as JSON; a leaf that JSON doesn't know becomes ``{"$kind": text}``."""
    array = plain(array)
    type_ = array.type
    valid = array.is_valid().to_pylist()
    if pa.types.is_struct(type_):
        columns = [[f"{json_text(name)}: {t}" for t in _json(v)] for name, v in fields_of(array)]
        rows = zip(*columns, strict=True) if columns else [()] * len(array)
        texts = ["{" + ", ".join(row) + "}" for row in rows]
        if type_.num_fields == 1 and type_[0].name.startswith("$"):
            name = json_text(type_[0].name)
            texts = [_json_map([name], [text]) for text in _json(array.flatten()[0])]
    elif is_list(type_) or pa.types.is_map(type_):
        texts = _json_lists(array)
    else:
        wide = pa.types.is_float16(type_) or pa.types.is_float32(type_)
        texts = [_leaf(cell) for cell in cells_of(array.cast(pa.float64()) if wide else array)]
    return [text if here else "null" for text, here in zip(texts, valid, strict=True)]


def _json_lists(array: pa.Array) -> list[str]:
    items = items_of(array)
    ends = items.ends.tolist()
    spans = list(itertools.pairwise(ends))
    if not pa.types.is_map(array.type):
        texts = _json(items.values)
        return [f"[{', '.join(texts[start:end])}]" for start, end in spans]
    (_, keys), (_, values) = fields_of(items.values)
    names, texts = _json(keys), _json(values)
    return [_json_map(names[start:end], texts[start:end]) for start, end in spans]


def _json_map(names: list[str], texts: list[str]) -> str:
    """Write an object; as pairs if its keys can't be names, or it would look like a leaf."""
    pairs = list(zip(names, texts, strict=True))
    like_a_leaf = len(names) == 1 and names[0].startswith('"$')
    known = all(name.startswith('"') for name in names) and len(set(names)) == len(names)
    if known and not like_a_leaf:
        return "{" + ", ".join(f"{name}: {text}" for name, text in pairs) + "}"
    return '{"$items": [' + ", ".join(f"[{name}, {text}]" for name, text in pairs) + "]}"


def _leaf(cell: Cell) -> str:
    kind, text = cell
    if kind is None:
        return "null"
    if kind == "str":
        return json_text(text)
    if kind in ("int", "bool") or (kind == "float" and text not in ("nan", "inf", "-inf")):
        return text
    return f"{{{json_text('$' + kind)}: {json_text(text)}}}"


json_text: Final[Callable[[str], str]] = json.JSONEncoder(ensure_ascii=False).encode
"""Writes a text as JSON."""
