"""Turn an Arrow column into one that any reader of Arrow knows."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from . import cells
from .arrow_types import plain_type
from .python_columns import python_column
from .tagged import Column, tagged


def arrow_column(column: Any) -> Column:
    """Convert an array or a chunked one, without a copy if its type is plain already."""
    of = column.type
    if isinstance(of, pa.BaseExtensionType):
        return _extension_column(column)
    plain = plain_type(of)
    if plain is None:
        return python_column(column.to_pylist())
    if plain is of or plain == of:
        return Column(column)
    try:
        if "list_view" in str(of):  # Arrow's cast of these gives broken offsets
            return Column(pa.array(column.to_pylist(), plain))
        return Column(column.cast(plain))
    except pa.ArrowException:
        return python_column(column.to_pylist())


def _extension_column(column: Any) -> Column:
    name = column.type.extension_name
    chunked = column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])
    storage = pa.chunked_array([c.storage for c in chunked.chunks], column.type.storage_type)
    if name == "arrow.json":
        return arrow_column(storage)
    if name == "arrow.bool8":
        return Column(storage.cast(pa.bool_()))
    if name == "arrow.uuid":
        return python_column(column.to_pylist())
    try:
        values = list(chunked.to_pandas()) if name.startswith("pandas.") else None
    except Exception:  # noqa: BLE001 - pandas isn't here, or can't read its own type
        values = None
    if values is not None:
        return tagged(*cells.tag(values))
    kinds, texts = cells.tag(storage.to_pylist())
    return tagged([None if kind is None else f"object:{name}" for kind in kinds], texts)
