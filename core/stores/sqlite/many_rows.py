"""One statement for many rows: ``WITH given (a, b) AS (VALUES :rows) …``, its marker filled in.

A statement that SQLite runs once for sixteen rows costs less than half of sixteen runs: what it
sets up, and what the table's checks need, is made once. Few sizes are used, so that each text stays
prepared. Each value that is bound, and each that is read, costs as much as some steps of SQLite:
what is the same in all rows is bound once.
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
    raw: sqlite3.Connection,
    statement: str,
    rows: Sequence[tuple[object, ...]],
    *,
    once: tuple[object, ...] = (),
) -> list[Any]:
    """Run a statement with rows in its ``:rows``, in their order; returns what it returns.

    What is given ``once`` stands in the statement as ``?1`` and on; where that has ``:whole_rows``
    every row ends with it.
    """
    if len(rows) == 1:
        sql = with_places(statement, 1, len(rows[0]), len(once))
        return raw.execute(sql, (*once, *rows[0])).fetchall()
    cursor = raw.cursor()
    cursor.row_factory = None  # tuples: of what is returned each column is known by its place
    found: list[Any] = []
    start = 0
    while start < len(rows):
        size = next(size for size in _SIZES if size <= len(rows) - start)
        part = rows[start : start + size]
        sql = with_places(statement, size, len(part[0]), len(once))
        found += cursor.execute(sql, (*once, *chain.from_iterable(part))).fetchall()
        start += size
    return found


@lru_cache(maxsize=64)
def with_places(statement: str, rows: int, columns: int, once: int = 0) -> str:
    """Return a statement that takes so many values once, then so many rows of so many columns."""
    marker = ":whole_rows" if ":whole_rows" in statement else ":rows"
    in_each = range(1, once + 1) if marker == ":whole_rows" else ()
    firsts = range(once + 1, once + rows * columns + 1, columns)
    places = [[*range(first, first + columns), *in_each] for first in firsts]
    text = ", ".join(f"({', '.join(f'?{place}' for place in row)})" for row in places)
    assert marker in statement
    return statement.replace(marker, text)
