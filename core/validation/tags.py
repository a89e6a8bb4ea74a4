"""Companion columns of kinds: found, checked, taken off."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from casparian.core.validation.cells import KIND_PREFIX, is_text, plain
from casparian.core.validation.verdict import OutputFailed


def split_tags(names: list[str]) -> tuple[list[str], dict[str, str]]:
    """Part column names into those of data, and {column: its companion}.

    A companion whose column isn't there counts as data, and so is reported as unexpected.
    """
    present = set(names)
    companions = {
        name.removeprefix(KIND_PREFIX): name
        for name in names
        if name.startswith(KIND_PREFIX) and name.removeprefix(KIND_PREFIX) in present
    }
    taken = set(companions.values())
    return [name for name in names if name not in taken], companions


def checked_kinds(column: str, data: pa.Array, companion: pa.Array) -> pa.Array:
    """Return the kinds as plain strings; OutputFailed (corrupt_batch) unless they fit the data."""
    kinds = plain(companion)
    if not is_text(data.type) or not (is_text(kinds.type) or pa.types.is_null(kinds.type)):
        raise OutputFailed(
            f"column {column!r} is tagged, but it or its tags are not text",
            error_type="corrupt_batch",
        )
    if not pc.all(pc.equal(data.is_null(), kinds.is_null())).as_py() and len(data):
        raise OutputFailed(
            f"column {column!r} and its tags disagree on which cells are null",
            error_type="corrupt_batch",
        )
    return kinds.cast(pa.string())


def strip_tags(table: pa.Table) -> pa.Table:
    """Drop companion columns, and the mark of tagging; the tagged columns stay text.

    For outputs without a contract, where nothing is judged.
    """
    names, companions = split_tags(table.column_names)
    if len(set(table.column_names)) < len(table.column_names) or not companions:
        return table
    kept = table.select(names)
    fields = [
        f.remove_metadata() if f.name in companions and f.metadata is not None else f
        for f in kept.schema
    ]
    return kept.cast(pa.schema(fields, metadata=kept.schema.metadata))
