"""Kernels for constraints: which converted values break min, max, enum, pattern or a length."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from casparian.core.validation.kernel import every, filled
from casparian.core.validation.oracle_constraints import comparable, full_match

if TYPE_CHECKING:
    from collections.abc import Sequence

    from casparian.core.contract.model import Bound, Column

_MOST_BYTES: Final = 4
"""Bytes of a character in UTF-8, at most."""


def breaks(values: pa.Array, column: Column) -> pa.Array:
    """Return a mask, without nulls, of the values that break a constraint or may not be null."""
    may_be_so = column.nullable or not values.null_count
    broken = every(len(values), False) if may_be_so else values.is_null()
    for mask in _masks(values, column):
        broken = pc.or_(broken, filled(mask, False))
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
    if column.min_length is not None or column.max_length is not None:
        masks.append(_ill_sized(values, column.min_length or 0, column.max_length))
    return masks


def _ill_sized(values: pa.Array, least: int, most: int | None) -> pa.Array:
    """Return a mask of values that are shorter or longer than they may be."""
    if pa.types.is_list(values.type):
        return _outside_of(pc.list_value_length(values), least, most)
    size = pc.binary_length(values)
    if pa.types.is_binary(values.type):
        return _outside_of(size, least, most)
    # A text has at most as many characters as bytes, and at least a quarter: few need a count.
    unsure = _outside_of(size, _MOST_BYTES * least, most)
    if not pc.any(unsure).as_py():
        return unsure
    counted = _outside_of(pc.utf8_length(values.filter(unsure)), least, most)
    return pc.replace_with_mask(unsure, filled(unsure, False), counted)


def _outside_of(sizes: pa.Array, least: int, most: int | None) -> pa.Array:
    short = pc.less(sizes, least)
    return short if most is None else pc.or_(short, pc.greater(sizes, most))


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
