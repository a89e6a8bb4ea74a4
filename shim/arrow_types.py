"""Which Arrow types are sent as they are, and what stands for the others."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa

#: Exact types of cells, and the Arrow type of a column of nothing but these.  Told that type, Arrow
#: takes them as they are, and needs no look at all of them to infer it.  (Inference also imports
#: pandas where it is installed: a third of a second, of no use to a parser without pandas.)
PLAIN: dict[type, Any] = {
    bool: pa.bool_(),
    bytes: pa.binary(),
    dt.date: pa.date32(),
    dt.timedelta: pa.duration("us"),
    float: pa.float64(),
    int: pa.int64(),
    str: pa.string(),
}


#: The types that most columns have, by the numbers that Arrow gives them: all are plain.
_PLAIN_IDS = {
    of.id
    for of in (
        *PLAIN.values(),
        *(pa.int8(), pa.int16(), pa.int32(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()),
        *(pa.float32(), pa.large_string(), pa.timestamp("us")),
    )
}


def plain_type(of: Any) -> Any:
    """Return the type that stands for this one in what is sent; None if there is none."""
    if of.id in _PLAIN_IDS:
        return of
    is_type = pa.types
    if isinstance(of, pa.BaseExtensionType) or is_type.is_union(of):
        return None
    if is_type.is_float16(of):
        return pa.float32()
    if str(of) in ("string_view", "binary_view"):
        return pa.large_string() if str(of) == "string_view" else pa.large_binary()
    if str(of).startswith("run_end_encoded"):
        return of.value_type
    if is_type.is_struct(of):
        members = [of.field(i) for i in range(of.num_fields)]
        plains = [plain_type(member.type) for member in members]
        if None in plains:
            return None
        if plains == [member.type for member in members]:
            return of
        return pa.struct([m.with_type(p) for m, p in zip(members, plains)])  # noqa: B905
    if hasattr(of, "value_field") and not is_type.is_map(of):
        plain = plain_type(of.value_type)
        if plain is None or (plain == of.value_type and "view" not in str(of)):
            return None if plain is None else of
        if is_type.is_fixed_size_list(of):
            return pa.list_(plain, of.list_size)
        return pa.large_list(plain) if str(of).startswith("large") else pa.list_(plain)
    return of
