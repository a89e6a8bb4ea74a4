"""One statement for many rows: ``WITH given (a, b) AS (VALUES :rows) …``, its marker filled in.

A statement that SQLite runs once for sixteen rows costs less than half of sixteen runs: what it
sets up, and what the table's checks need, is made once. Few sizes are used, so that each text stays
prepared.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

_SIZES: Final = (16, 4, 1)
BATCH: Final = _SIZES[0]
"""As many rows as one statement takes."""


def of_all(
    raw: sqlite3.Connection, statement: str, rows: Sequence[tuple[object, ...]]
) -> list[Any]:
    """Run a statement with rows in its ``:rows``, in their order; returns what it returns."""
    if len(rows) == 1:
        return raw.execute(with_places(statement, 1, len(rows[0])), rows[0]).fetchall()
    found: list[Any] = []
    start = 0
    while start < len(rows):
        size = next(size for size in _SIZES if size <= len(rows) - start)
        part = rows[start : start + size]
        values = tuple(chain.from_iterable(part))
        found += raw.execute(with_places(statement, size, len(part[0])), values).fetchall()
        start += size
    return found


@lru_cache(maxsize=64)
def with_places(statement: str, rows: int, columns: int) -> str:
    """Return a statement that takes so many rows of so many columns."""
    assert ":rows" in statement
    row = f"({', '.join('?' * columns)})"
    return statement.replace(":rows", ", ".join([row] * rows))
