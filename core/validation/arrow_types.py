"""Contract types as Arrow types: the schema that an output's valid rows have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from casparian.core.contract.model import OutputContract
    from casparian.core.contract.types import ColumnType


def arrow_type(type_: ColumnType) -> pa.DataType:
    """Return the Arrow type of a column: decimal128, date32, timestamp[unit, tz], …"""
    if type_.family == "decimal":
        return pa.decimal128(type_.precision, type_.scale)
    if type_.family == "date":
        return pa.date32()
    if type_.family == "timestamp":
        return pa.timestamp(type_.unit, type_.tz)
    return pa.type_for_alias(type_.name)


def target_schema(contract: OutputContract) -> pa.Schema:
    """Return the schema of valid rows, in the contract's order, nullability included."""
    return pa.schema(
        [pa.field(c.name, arrow_type(c.type), nullable=c.nullable) for c in contract.columns]
    )
