"""Values as exact text: the one spelling that CSV, JSON lines, SQLite and settled columns share.

| kind | text |
|---|---|
| whole numbers | digits |
| floats | the shortest that reads back the same, with ``.0`` or an exponent |
| other floats | ``NaN``, ``Infinity``, ``-Infinity`` |
| decimals | plain digits with all their places, never an exponent |
| booleans | ``true``, ``false`` |
| dates, times | ``2024-01-31``, ``08:30:00``, with as many digits of a second as the unit has |
| timestamps | ``2024-01-31T08:30:00.000000``; zoned with ``Z`` for UTC, else ``+01:00`` |
| durations | ISO 8601 in seconds, ``PT90.000000S`` |
| binary | base64; a UUID in its usual form |
| lists, structs, maps | JSON; a map is a list of ``[key, value]`` pairs |
"""

from __future__ import annotations

import base64
import json
import math
import uuid
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

_UTC = {"UTC", "Etc/UTC", "Z", "+00:00", "utc"}
_TEXT = pa.large_string()
_PER_SECOND = {"s": 0, "ms": 3, "us": 6, "ns": 9}  # digits
_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896  # 0001-01-01 and 9999-12-31, days from 1970-01-01
_NEEDS_ESCAPE = r'["\\\x00-\x1f]'


def text(values: Any) -> Any:
    """An Arrow array as a large_string array; nulls stay null.

    Raises:
        ValueError: a date or timestamp lies outside the years 1 to 9999. ISO 8601 has no form for
            it, and Arrow counts years in 16 bits: it would write 17036 for 148108.
    """
    values = plain(values)
    kind = values.type
    types = pa.types
    if types.is_null(kind):
        return pa.nulls(len(values), _TEXT)
    if types.is_decimal(kind):
        return _decimals(values)
    if types.is_floating(kind):
        return _floats(values)
    if types.is_timestamp(kind) or types.is_date(kind):
        _check_years(values)
    if types.is_timestamp(kind):
        return _timestamps(values)
    if types.is_duration(kind):
        return _durations(values)
    if _is_binary(kind):
        return _mapped(values, lambda value: base64.b64encode(value).decode())
    if types.is_nested(kind):
        return pa.array([None if v is None else _dumps(v) for v in json_values(values)], _TEXT)
    return values.cast(_TEXT)


def _check_years(values: Any) -> None:
    kind = values.type
    if pa.types.is_date32(kind):
        numbers, per_day = values.cast(pa.int32()), 1
    else:
        unit = "ms" if pa.types.is_date64(kind) else kind.unit
        numbers, per_day = values.cast(pa.int64()), 86_400 * 10 ** _PER_SECOND[unit]
    found = pc.min_max(numbers).as_py()
    if found["min"] is None:
        return
    if found["min"] < _FIRST_DAY * per_day or found["max"] >= (_LAST_DAY + 1) * per_day:
        raise ValueError(f"a {kind} outside the years 1 to 9999 can't be written as text")


def json_text(values: Any) -> Any:
    """An Arrow array as JSON values in a large_string array; a null is ``null``.

    Whole numbers, finite floats and booleans are JSON's own; everything else is its `text`, as a
    JSON string.
    """
    values = plain(values)
    kind = values.type
    types = pa.types
    if types.is_nested(kind):
        spelled = pa.array([_dumps(v) for v in json_values(values)], _TEXT)
    elif types.is_integer(kind) or types.is_boolean(kind):
        spelled = text(values)
    elif types.is_floating(kind):
        spelled = text(values)
        finite = pc.is_finite(values.cast(pa.float64()))
        if pc.any(pc.invert(finite)).as_py():
            quoted = _quoted(spelled)
            spelled = pc.if_else(finite, spelled, quoted)
    else:
        spelled = _json_strings(text(values))
    return pc.fill_null(spelled, pa.scalar("null", _TEXT))


def json_values(values: Any) -> list[Any]:
    """An Arrow array as Python values that `json.dumps` writes without loss."""
    values = plain(values)
    kind = values.type
    types = pa.types
    if types.is_struct(kind):
        columns = [json_values(child) for child in values.flatten()]
        names = [kind.field(i).name for i in range(kind.num_fields)]
        valid = values.is_valid().to_pylist()
        return [
            {name: column[i] for name, column in zip(names, columns, strict=True)} if ok else None
            for i, ok in enumerate(valid)
        ]
    if types.is_map(kind):
        keys, items = json_values(values.keys), json_values(values.items)
        pairs = [[key, item] for key, item in zip(keys, items, strict=True)]
        return _cut(values, pairs, values.offsets)
    if types.is_fixed_size_list(kind):
        values = values.cast(pa.list_(kind.value_type))
        kind = values.type
    if types.is_list(kind) or types.is_large_list(kind):
        return _cut(values, json_values(values.values), values.offsets)
    if types.is_integer(kind) or types.is_boolean(kind) or types.is_null(kind):
        return list(values.to_pylist())
    if types.is_floating(kind):
        return [v if v is None or math.isfinite(v) else _spell(v) for v in values.to_pylist()]
    return list(text(values).to_pylist())


def plain(values: Any) -> Any:
    """One array of a plain type: no chunks, dictionaries, run lengths, views or extensions."""
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
        if isinstance(values, pa.ChunkedArray):
            values = pa.concat_arrays(values.chunks)
    kind = values.type
    if isinstance(kind, pa.BaseExtensionType):
        if kind.extension_name == "arrow.uuid":
            return _mapped(values.storage, lambda value: str(uuid.UUID(bytes=value)))
        return plain(values.storage)
    if pa.types.is_dictionary(kind):
        return plain(values.dictionary_decode())
    if pa.types.is_run_end_encoded(kind):
        return plain(pc.run_end_decode(values))
    if pa.types.is_list_view(kind):
        return values.cast(pa.list_(kind.value_type))
    if pa.types.is_large_list_view(kind):
        return values.cast(pa.large_list(kind.value_type))
    if pa.types.is_binary_view(kind):
        return values.cast(pa.large_binary())
    return values


def _decimals(values: Any) -> Any:
    spelled = values.cast(_TEXT)
    exponents = pc.match_substring(spelled, "E")
    if not pc.any(exponents).as_py():
        return spelled
    distinct = pc.unique(pc.filter(spelled, exponents)).to_pylist()
    digits = {value: format(Decimal(value), "f") for value in distinct}
    return _mapped(spelled, lambda value: digits.get(value, value))


def _floats(values: Any) -> Any:
    spelled = values.cast(_TEXT)
    spelled = pc.replace_substring_regex(spelled, pattern=r"^(-?\d+)$", replacement=r"\1.0")
    doubles = values.cast(pa.float64())
    if not pc.any(pc.invert(pc.is_finite(doubles))).as_py():
        return spelled
    return pc.if_else(
        pc.is_finite(doubles), spelled, pa.array(map(_spell, doubles.to_pylist()), _TEXT)
    )


def _spell(value: float | None) -> str | None:
    if value is None:
        return None
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def _timestamps(values: Any) -> Any:
    zone = values.type.tz
    if zone is None:
        return pc.strftime(values, format="%Y-%m-%dT%H:%M:%S").cast(_TEXT)
    if zone in _UTC:
        return pc.strftime(values, format="%Y-%m-%dT%H:%M:%SZ").cast(_TEXT)
    return pc.strftime(values, format="%Y-%m-%dT%H:%M:%S%Ez").cast(_TEXT)


def _durations(values: Any) -> Any:
    digits = _PER_SECOND[values.type.unit]

    def spell(count: int) -> str:
        seconds = format(Decimal(abs(count)).scaleb(-digits), "f")
        return f"{'-' if count < 0 else ''}PT{seconds}S"

    return _mapped(values.cast(pa.int64()), spell)


def _json_strings(spelled: Any) -> Any:
    if pc.any(pc.match_substring_regex(spelled, _NEEDS_ESCAPE)).as_py():
        return _mapped(spelled, encode_basestring)
    return _quoted(spelled)


def _quoted(spelled: Any) -> Any:
    quote, nothing = pa.scalar('"', _TEXT), pa.scalar("", _TEXT)
    return pc.binary_join_element_wise(quote, spelled, quote, nothing)


def _cut(values: Any, flat: list[Any], offsets: Any) -> list[Any]:
    bounds = offsets.to_pylist()
    valid = values.is_valid().to_pylist()
    return [flat[bounds[i] : bounds[i + 1]] if ok else None for i, ok in enumerate(valid)]


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _mapped(values: Any, function: Any) -> Any:
    return pa.array([None if v is None else function(v) for v in values.to_pylist()], _TEXT)


def _is_binary(kind: Any) -> bool:
    types = pa.types
    return bool(
        types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind)
    )
