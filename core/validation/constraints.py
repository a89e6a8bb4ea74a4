"""Kernels for constraints: which converted values break min, max, enum, pattern or a length."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from casparian.core.validation.kernel import every
from casparian.core.validation.oracle import comparable, full_match

if TYPE_CHECKING:
    from casparian.core.contract.model import Bound, Column


def breaks(values: pa.Array, column: Column) -> pa.Array:
    """Return a mask, without nulls, of the values that break a constraint or may not be null."""
    broken = every(len(values), False) if column.nullable else values.is_null()
    for mask in _masks(values, column):
        broken = pc.or_(broken, mask.fill_null(False))
    return broken


def _masks(values: pa.Array, column: Column) -> list[pa.Array]:
    masks: list[pa.Array] = []
    if column.min is not None:
        masks.append(pc.less(values, _scalar(column.min, values.type, column)))
    if column.max is not None:
        masks.append(pc.greater(values, _scalar(column.max, values.type, column)))
    if column.enum is not None:
        masks.append(_outside(values, column))
    if column.pattern is not None:
        masks.append(pc.invert(full_match(values, column.pattern)))
    if column.min_length is not None:
        masks.append(pc.less(pc.utf8_length(values), column.min_length))
    if column.max_length is not None:
        masks.append(pc.greater(pc.utf8_length(values), column.max_length))
    return masks


def _outside(values: pa.Array, column: Column) -> pa.Array:
    assert column.enum is not None
    listed = pa.array([_scalar(item, values.type, column).as_py() for item in column.enum])
    if pa.types.is_timestamp(values.type):
        numbers = [comparable(item, column) for item in column.enum]
        listed = pa.array(numbers, pa.int64()).cast(values.type)
    elif pa.types.is_floating(values.type):
        # Arrow tells -0.0 from 0.0 in sets; adding zero makes them one.
        values = pc.add(values, pa.scalar(0.0, values.type))
        listed = pc.add(listed.cast(values.type), pa.scalar(0.0, values.type))
    known = pc.is_in(values, value_set=listed.cast(values.type))
    return pc.and_(pc.invert(known), values.is_valid())


def _scalar(bound: Bound, type_: pa.DataType, column: Column) -> pa.Scalar:
    value = comparable(bound, column)
    if pa.types.is_timestamp(type_):
        return pa.scalar(value, pa.int64()).cast(type_)
    return pa.scalar(value, type_)
