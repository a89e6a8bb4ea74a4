"""Lists, structs and maps of any Arrow layout, taken apart into what lies in them."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from casparian.core.validation.verdict import OutputFailed

Numbers = np.ndarray[Any, np.dtype[np.int64]]

MAX_ITEMS: Final = 2**27
"""Items of the lists of a slice, at most: a frame of nulls could hold any number."""


class Items(NamedTuple):
    """The items of all rows, one after the other, and how many each row has (0 for a null)."""

    values: pa.Array
    lengths: Numbers

    @property
    def ends(self) -> Numbers:
        """Where each row's items begin, and where the last row's end."""
        return np.concatenate([np.zeros(1, np.int64), np.cumsum(self.lengths)])

    @property
    def rows(self) -> Numbers:
        """Which row each item is in."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)


def is_list(type_: pa.DataType) -> bool:
    """Say whether an Arrow type is a list of whatever layout."""
    return bool(
        pa.types.is_list(type_)
        or pa.types.is_large_list(type_)
        or pa.types.is_fixed_size_list(type_)
        or pa.types.is_list_view(type_)
        or pa.types.is_large_list_view(type_)
    )


def items_of(lists: pa.Array) -> Items:
    """Take lists apart, or maps, whose items are structs of ``key`` and ``value``.

    Raises OutputFailed (corrupt_batch) for more items than memory should hold.
    """
    type_ = lists.type
    if pa.types.is_map(type_):
        pair = [("key", type_.key_type), ("value", type_.item_type)]
        lists = lists.cast(pa.list_(pa.struct(pair)))
    counts = pc.list_value_length(lists).cast(pa.int64()).fill_null(0)
    if (pc.sum(counts).as_py() or 0) > MAX_ITEMS:
        raise OutputFailed(
            f"{len(lists):,} rows hold more than {MAX_ITEMS:,} items in their lists",
            error_type="corrupt_batch",
        )
    return Items(lists.flatten(), counts.to_numpy(zero_copy_only=False))


def fields_of(structs: pa.Array) -> list[tuple[str, pa.Array]]:
    """Take structs apart; a field is null wherever its struct is."""
    names = [field.name for field in structs.type]
    return list(zip(names, structs.flatten(), strict=True))
