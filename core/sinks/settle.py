"""One schema for frames that differ, by lossless rules only. Pure: schemas in, a schema out.

Same and same stay; null gives way to anything; whole numbers widen; whole numbers and floats become
float64 while every whole number is exact in it; a missing column is null; anything else becomes
text, exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Sequence

EXACT_IN_FLOAT64 = 2**53
"""Up to this magnitude every whole number is a float64."""

_SIGNED = (pa.int8(), pa.int16(), pa.int32(), pa.int64())


@dataclass(frozen=True, slots=True)
class Seen:
    """What one part brought; ``wide`` are its columns with whole numbers beyond 2**53."""

    schema: Any
    rows: int
    wide: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Settled:
    """The schema all parts are brought to; ``notes`` says which columns had to become text."""

    schema: Any
    notes: tuple[str, ...] = ()


def settle(parts: Sequence[Seen]) -> Settled:
    """Settle one schema. Columns keep the order in which they were first seen."""
    if all(part.schema.equals(parts[0].schema) for part in parts):
        return Settled(parts[0].schema)
    any_rows = any(part.rows for part in parts)
    fields, notes = [], []
    for name in dict.fromkeys(name for part in parts for name in part.schema.names):
        types: list[Any] = []
        wide = False
        for part in parts:
            if name not in part.schema.names:
                continue
            # A frame without rows says which columns there are, but its types are mere defaults.
            empty = any_rows and not part.rows
            kind = pa.null() if empty else part.schema.field(name).type
            wide = wide or name in part.wide
            if kind not in types:
                types.append(kind)
        # Whole numbers go last, so that the order of frames does not decide between float64 and
        # text.
        kind = pa.null()
        for other in sorted(types, key=pa.types.is_integer):
            kind = join(kind, other)
        if wide and pa.types.is_floating(kind) and any(map(pa.types.is_integer, types)):
            kind = pa.string()
        given = [str(t) for t in types if not pa.types.is_null(t)]
        if pa.types.is_string(kind) and len(given) > 1:
            notes.append(f"column {name!r} became text: frames gave {' and '.join(given)}")
        fields.append(pa.field(name, kind))
    return Settled(pa.schema(fields), tuple(notes))


def join(left: Any, right: Any) -> Any:
    """The type that holds every value of both without loss; string where only text does."""
    if left == right or pa.types.is_null(right):
        return left
    if pa.types.is_null(left):
        return right
    if pa.types.is_integer(left) and pa.types.is_integer(right):
        return _join_integers(left, right)
    if _is_number(left) and _is_number(right):
        return (
            pa.float64()
            if pa.types.is_integer(left) or pa.types.is_integer(right)
            else max(left, right, key=lambda kind: kind.bit_width)
        )
    if _is_text(left) and _is_text(right):
        return pa.large_string()
    if _is_list(left) and _is_list(right):
        # An empty list says nothing of its elements: only then do two lists agree.
        if pa.types.is_null(left.value_type):
            return right
        if pa.types.is_null(right.value_type):
            return left
    return pa.string()


def _join_integers(left: Any, right: Any) -> Any:
    if pa.types.is_signed_integer(left) == pa.types.is_signed_integer(right):
        return max(left, right, key=lambda kind: kind.bit_width)
    signed, unsigned = (left, right) if pa.types.is_signed_integer(left) else (right, left)
    bits = max(signed.bit_width, 2 * unsigned.bit_width)
    return next((kind for kind in _SIGNED if kind.bit_width >= bits), pa.string())


def _is_number(kind: Any) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _is_text(kind: Any) -> bool:
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def _is_list(kind: Any) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind))
