"""Kernels for constraints: which converted values break min, max, enum, pattern or a length."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from casparian.core.validation.kernel import every
from casparian.core.validation.oracle_constraints import comparable, full_match

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        masks.append(pc.less(_lengths(values), column.min_length))
    if column.max_length is not None:
        masks.append(pc.greater(_lengths(values), column.max_length))
    return masks


def _lengths(values: pa.Array) -> pa.Array:
    if pa.types.is_list(values.type):
        return pc.list_value_length(values)
    if pa.types.is_binary(values.type):
        return pc.binary_length(values)
    return pc.utf8_length(values)


def _outside(values: pa.Array, column: Column) -> pa.Array:
    assert column.enum is not None
    listed = _listed(column.enum, values.type, column)
    if pa.types.is_floating(values.type):
        # Arrow tells -0.0 from 0.0 in sets; adding zero makes them one.
        values = pc.add(values, pa.scalar(0.0, values.type))
        listed = pc.add(listed, pa.scalar(0.0, values.type))
    known = pc.is_in(values, value_set=listed)
    return pc.and_(pc.invert(known), values.is_valid())


def _listed(bounds: Sequence[Bound], type_: pa.DataType, column: Column) -> pa.Array:
    """Return bounds of the contract as values of the column; those of times are counts."""
    values = [comparable(bound, column) for bound in bounds]
    if column.type.family not in ("time", "timestamp", "duration"):
        return pa.array(values, type_)
    narrow = pa.int32() if type_.bit_width == 32 else pa.int64()
    return pa.array(values, narrow).cast(type_)


def _scalar(bound: Bound, type_: pa.DataType, column: Column) -> pa.Scalar:
    return _listed([bound], type_, column)[0]
