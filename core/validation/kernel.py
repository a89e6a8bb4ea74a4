"""What every kernel returns, and the few Arrow idioms that they share."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Sequence


class Converted(NamedTuple):
    """A column turned into its target type.

    ``ok`` is boolean without nulls; ``values`` has the target type, and is null wherever the
    cell is null or not ok. Both are as long as the column.
    """

    ok: pa.Array
    values: pa.Array


def all_of(mask: pa.Array) -> bool:
    """Say whether a mask is true everywhere; nulls count as true."""
    return not mask.false_count


def filled(mask: pa.Array, value: bool) -> pa.Array:
    """Put a value in place of a mask's nulls; most have none, and are not copied."""
    return mask.fill_null(value) if mask.null_count else mask


def matches(texts: pa.Array, regex: str) -> pa.Array:
    """Match texts against an anchored expression; nulls match."""
    return filled(pc.match_substring_regex(texts, rf"\A(?:{regex})\z"), True)


def only(values: pa.Array, mask: pa.Array) -> pa.Array:
    """Keep values where the mask is true, null elsewhere."""
    if all_of(mask):
        return values
    return pc.if_else(mask, values, pa.scalar(None, values.type))


def every(length: int, value: bool) -> pa.Array:
    """Return a mask of one value."""
    return pa.repeat(pa.scalar(value), length)


def accepted(values: pa.Array) -> Converted:
    """All cells are good."""
    return Converted(every(len(values), True), values)


def refused(column: pa.Array, target: pa.DataType) -> Converted:
    """No cell but the nulls is good."""
    return Converted(column.is_null(), pa.nulls(len(column), target))


def masked(ok: pa.Array, values: pa.Array) -> Converted:
    """Null out what isn't good, and count nulls as good (nullability is judged elsewhere)."""
    ok = filled(ok, True)
    return Converted(ok, only(values, ok))


def both(first: pa.Array, second: pa.Array) -> pa.Array:
    """Return the conjunction of two masks, nulls in either counting as true."""
    return pc.and_(filled(first, True), filled(second, True))


def within(values: pa.Array, low: int, high: int) -> pa.Array:
    """Compare integers with bounds that may lie outside their own type; nulls are within."""
    bits = values.type.bit_width
    signed = pa.types.is_signed_integer(values.type)
    own_low = -(2 ** (bits - 1)) if signed else 0
    own_high = 2 ** (bits - 1) - 1 if signed else 2**bits - 1
    if low <= own_low and high >= own_high:
        return every(len(values), True)
    if low > own_high or high < own_low:
        return values.is_null()
    mask = pc.and_(
        pc.greater_equal(values, pa.scalar(max(low, own_low), values.type)),
        pc.less_equal(values, pa.scalar(min(high, own_high), values.type)),
    )
    return filled(mask, True)


def scatter(length: int, parts: Sequence[tuple[pa.Array, pa.Array]]) -> pa.Array:
    """Put (positions, values) parts back in order; together they cover 0 … length - 1."""
    if len(parts) == 1:
        return parts[0][1] if len(parts[0][1]) == length else _scatter(parts)
    return _scatter(parts)


def _scatter(parts: Sequence[tuple[pa.Array, pa.Array]]) -> pa.Array:
    positions = pa.concat_arrays([where for where, _ in parts])
    values = pa.concat_arrays([what for _, what in parts])
    return values.take(pc.sort_indices(positions))
