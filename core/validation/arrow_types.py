"""Contract types as Arrow types: the schema that an output's valid rows have."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import pyarrow as pa

if TYPE_CHECKING:
    from casparian.core.contract.model import OutputContract
    from casparian.core.contract.types import ColumnType

_TEXTS: Final = frozenset({"string", "uuid", "json", "enum"})
"""Families whose values are Arrow strings."""


def arrow_type(type_: ColumnType) -> pa.DataType:
    """Return the Arrow type of a column: decimal128, date32, timestamp[unit, tz], list, …"""
    family = type_.family
    if family in _TEXTS:
        return pa.string()
    if family == "decimal":
        return pa.decimal128(type_.precision, type_.scale)
    if family == "date":
        return pa.date32()
    if family == "timestamp":
        return pa.timestamp(type_.unit, type_.tz)
    if family == "time":
        return pa.time32(type_.unit) if type_.unit in ("s", "ms") else pa.time64(type_.unit)
    if family == "duration":
        return pa.duration(type_.unit)
    if family == "list":
        assert type_.item is not None
        return pa.list_(pa.field("item", arrow_type(type_.item), nullable=type_.item_nullable))
    if family == "struct":
        return pa.struct(
            [pa.field(f.name, arrow_type(f.type), nullable=f.nullable) for f in type_.fields]
        )
    return pa.type_for_alias(type_.name)


@lru_cache(maxsize=64)
def target_schema(contract: OutputContract) -> pa.Schema:
    """Return the schema of valid rows, in the contract's order, nullability included."""
    return pa.schema(
        [pa.field(c.name, arrow_type(c.type), nullable=c.nullable) for c in contract.columns]
    )
