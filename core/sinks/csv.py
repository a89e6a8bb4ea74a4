"""CSV: a header, one record a line, null an empty field, the empty text ``""``.

Read it with ``strings_can_be_null`` and quoted strings not null to get both back. A null in a table
of one column is an empty line: readers must be told not to skip those.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from casparian.core.sinks.lines import joined, small_enough
from casparian.core.sinks.text import text

if TYPE_CHECKING:
    from collections.abc import Iterable

_TEXT = pa.large_string()


def write_csv(tables: Iterable[Any], schema: Any, file: IO[bytes]) -> None:
    """Write the header and all tables."""
    header = pa.array(schema.names, _TEXT)
    file.write(",".join(_quoted(header).to_pylist()).encode() + b"\n")
    for table in tables:
        for piece in small_enough(table):
            pieces: list[Any] = []
            for column in piece.columns:
                spelled = text(column)
                if _may_need_quotes(column.type):
                    spelled = _quoted(spelled)
                pieces += [pc.fill_null(spelled, pa.scalar("", _TEXT)), ","]
            pieces[-1] = "\n"
            file.write(joined(pieces))


def _quoted(spelled: Any) -> Any:
    needs = pc.or_(
        pc.match_substring_regex(spelled, r'[",\r\n]|^\s|\s$'),
        pc.equal(pc.binary_length(spelled), 0),
    )
    if not pc.any(needs).as_py():
        return spelled
    doubled = pc.replace_substring(spelled, pattern='"', replacement='""')
    quote, nothing = pa.scalar('"', _TEXT), pa.scalar("", _TEXT)
    return pc.if_else(needs, pc.binary_join_element_wise(quote, doubled, quote, nothing), spelled)


def _may_need_quotes(kind: Any) -> bool:
    types = pa.types
    return not (
        types.is_integer(kind)
        or types.is_floating(kind)
        or types.is_boolean(kind)
        or types.is_decimal(kind)
        or types.is_temporal(kind)
        or types.is_null(kind)
    )
