"""Values of JSON as columns: typed where they are of one kind, else as text with their kinds.

The same columns that a guest makes of such values, so that they meet a contract in the same way.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from casparian.core.validation.cells import KIND_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_EXACT: Final = 2**53
"""Integers up to this size are exact as floats."""


def json_table(rows: Sequence[Mapping[str, Any]], names: Iterable[str]) -> pa.Table:
    """Make a table of objects; a name that an object doesn't have is null there."""
    columns: dict[str, pa.Array] = {}
    for name in names:
        array, kinds = json_column([row.get(name) for row in rows])
        columns[name] = array
        if kinds is not None:
            columns[f"{KIND_PREFIX}{name}"] = kinds
    return pa.Table.from_arrays(list(columns.values()), names=list(columns))


def json_column(values: Sequence[Any]) -> tuple[pa.Array, pa.Array | None]:
    """Make an array of values, and one of their kinds if they are of several."""
    types = {type(value) for value in values if value is not None}
    if types <= {int, float} and len(types) == 2 and _exact(values):
        types = {float}
    if len(types) <= 1:
        try:
            array = pa.array(values, _TYPES.get(next(iter(types), type(None))))
        except (pa.ArrowException, OverflowError, UnicodeEncodeError):
            pass  # too large an integer, mixed items, half of a surrogate pair: as text
        else:
            if not pa.types.is_nested(array.type) or _kept(array, values):
                return array, None
    cells = [_cell(value) for value in values]
    texts = pa.array([text for _, text in cells], pa.string())
    return texts, pa.array([kind for kind, _ in cells], pa.string())


_TYPES: Final = {
    type(None): pa.null(),
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    bool: pa.bool_(),
}


def _kept(array: pa.Array, values: Sequence[Any]) -> bool:
    """Whether Arrow has kept nested values as they are: it takes true for 1.0, and no fields."""
    empty = pa.types.is_struct(array.type) and not array.type.num_fields
    pairs = zip(array.to_pylist(), values, strict=True)
    return not empty and all(_same(kept, value) for kept, value in pairs)


def _same(kept: Any, value: Any) -> bool:
    if isinstance(value, dict):
        return isinstance(kept, dict) and all(_same(kept[k], value.get(k)) for k in kept)
    if isinstance(value, list):
        return len(kept) == len(value) and all(map(_same, kept, value))
    numbers = type(kept) is float and type(value) is int
    return kept == value and (numbers or type(kept) is type(value))


def _exact(values: Sequence[Any]) -> bool:
    return all(abs(value) <= _EXACT for value in values if isinstance(value, int))


def _cell(value: Any) -> tuple[str | None, str | None]:
    if value is None:
        return None, None
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return "str_invalid", value.encode("utf-8", "backslashreplace").decode()
        return "str", value
    if isinstance(value, bool):
        return "bool", "true" if value else "false"
    if isinstance(value, int):
        return "int", str(value)
    if isinstance(value, float):
        return "float", repr(value)
    text = json.dumps(value, ensure_ascii=False)
    return "json", text.encode("utf-8", "backslashreplace").decode()
