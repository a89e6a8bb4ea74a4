"""The parser that is rehearsed: what most parsers do, with a few rows of its own."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROWS: list[dict[str, Any]] = [
    {"id": n, "name": f"name {n}", "amount": n * 0.25, "ok": n % 2 == 0, "day": f"2024-01-0{n + 1}"}
    for n in range(8)
]
_TEXT = "\n".join(",".join(map(str, line)) for line in [_ROWS[0], *(r.values() for r in _ROWS)])


class Parser:
    """Rows of the types that files mostly have."""

    name = "rehearsed"
    version = "1.0.0"
    topics = ("rehearsed",)
    outputs = {  # noqa: RUF012 - as people write it
        "id": "int64",
        "name": "string",
        "amount": "float64",
        "ok": "bool",
        "day": "date",
    }

    def parse(self, ctx: Any) -> Iterator[Any]:
        """Yield them as dicts; and as a frame, if pandas is there."""
        yield _ROWS
        pandas = sys.modules.get("pandas")
        if pandas is not None:
            yield pandas.read_csv(io.StringIO(_TEXT))
