"""Values that lie under a null struct: nobody sees them, but Parquet's writer looks at them.

It refuses a null in a field that may be none even where the struct around it is null, and Arrow's
own kernels leave exactly that behind. So an empty value (0, "", []) is put there.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc


def may_hide_nulls(type_: Any) -> bool:
    """Tell whether a type has a struct in it with a field that may not be null."""
    if pa.types.is_struct(type_):
        return any(not field.nullable or may_hide_nulls(field.type) for field in type_)
    return _is_list(type_) and may_hide_nulls(type_.value_type)


def without_hidden_nulls(table: Any) -> Any:
    """Return a table that is the same to any reader, and that Parquet's writer takes."""
    for place in _hiding(table.schema):
        field = table.schema.field(place)
        chunks = [_filled(chunk) for chunk in table.column(place).chunks]
        table = table.set_column(place, field, pa.chunked_array(chunks, field.type))
    return table


@lru_cache(maxsize=64)
def _hiding(schema: Any) -> list[int]:
    return [place for place, field in enumerate(schema) if may_hide_nulls(field.type)]


def _filled(array: Any) -> Any:
    type_ = array.type
    if not may_hide_nulls(type_) or not len(array):
        return array
    missing = array.is_null() if array.null_count else None
    if pa.types.is_struct(type_):
        fields = [_field(array.field(i), type_.field(i), missing) for i in range(type_.num_fields)]
        return pa.StructArray.from_arrays(fields, fields=list(type_), mask=missing)
    lengths = pc.list_value_length(array)
    ends = pa.concat_arrays([pa.array([0], lengths.type), pc.cumulative_sum(lengths.fill_null(0))])
    lists = pa.LargeListArray if pa.types.is_large_list(type_) else pa.ListArray
    return lists.from_arrays(ends, _filled(array.flatten()), type=type_, mask=missing)


def _field(values: Any, field: Any, missing: Any) -> Any:
    """Fill what lies under a struct's nulls; a null in a struct that is there stays, to be told."""
    if missing is not None and not field.nullable and values.null_count:
        hidden = pc.and_(missing, values.is_null())
        places = pc.if_else(hidden, len(values), pa.array(range(len(values))))
        values = pa.concat_arrays([values, _empty(field)]).take(places)
    return _filled(values)


def _empty(field: Any) -> Any:
    """Return one value of a field's type: what Arrow itself puts under a null."""
    return pa.array([None], pa.struct([field])).field(0)


def _is_list(type_: Any) -> bool:
    return bool(pa.types.is_list(type_) or pa.types.is_large_list(type_))
