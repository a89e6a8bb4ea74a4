"""JSON lines: one object a line, UTF-8, every column in every object.

Whole numbers, finite floats, booleans and null are JSON's own. Decimals, dates, times and
timestamps are strings, so that no reader rounds them; binary is base64; floats that JSON lacks are
``"NaN"``, ``"Infinity"``, ``"-Infinity"``.
"""

from __future__ import annotations

import json
from typing import IO, TYPE_CHECKING, Any

from casparian.core.sinks.lines import joined, small_enough
from casparian.core.sinks.text import json_text

if TYPE_CHECKING:
    from collections.abc import Iterable


def write_jsonl(tables: Iterable[Any], schema: Any, file: IO[bytes]) -> None:
    """Write all tables."""
    keys = [json.dumps(name, ensure_ascii=False) + ":" for name in schema.names]
    for table in tables:
        for piece in small_enough(table):
            pieces: list[Any] = ["{"]
            for key, column in zip(keys, piece.columns, strict=True):
                pieces += [key, json_text(column), ","]
            pieces[-1] = "}\n"
            file.write(joined(pieces))
