"""Quarantined rows as a table of their own cells, with the bad ones marked: what a person looks at.

Made from a file of quarantined rows (`core.quarantine.QUARANTINE_SCHEMA`), some rows at a time.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

ROW_COLUMN: Final = "row"
"""The first column: the number of the row in the whole output, one-based as in sentences."""
_BATCH: Final = 1_000
#: What stands for a cell of a column that a row doesn't have: it is no null.
ABSENT: Final = "–"


@dataclass(frozen=True, slots=True)
class BadCell:
    """Why a cell is bad; ``row`` and ``column`` are its place in the table."""

    row: int
    column: str
    error_type: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class QuarantineRows:
    """Rows with their cells as text, in the spelling of the raw row's JSON but for plain texts.

    ``total`` counts all rows that were asked for; the table has the first of them.
    """

    table: pa.Table
    bad: tuple[BadCell, ...]
    total: int


def rows_of_group(
    path: Path, *, column: str | None = None, error_type: str | None = None, limit: int = 1_000
) -> QuarantineRows:
    """Return the rows that have a reason of a group; of all groups if none is named.

    Raises OSError if the file can't be read.
    """
    numbers: list[int] = []
    rows: list[dict[str, str | None]] = []
    bad: list[BadCell] = []
    total = 0
    for record in _records(path):
        reasons = record["reasons"]
        if not any(_belongs(reason, column, error_type) for reason in reasons):
            continue
        total += 1
        if len(rows) >= limit:
            continue
        cells = _cells(record["raw"])
        bad += [
            BadCell(len(rows), r["column"], r["error_type"], r["message"], r["hint"])
            for r in reasons
        ]
        numbers.append(record["row_number"] + 1)
        rows.append(cells)
    table, _ = table_of_cells({ROW_COLUMN: pa.array(numbers, pa.int64())}, rows)
    return QuarantineRows(table, tuple(bad), total)


def table_of_cells(
    lead: Mapping[str, pa.Array],
    rows: Sequence[Mapping[str, str | None]],
    cut: Sequence[bool] = (),
) -> tuple[pa.Table, dict[str, int]]:
    """Return rows as a table, some columns before their own, and in which columns these are.

    A column of theirs with the name of one of those gets a blank behind its name. A column
    that a row doesn't have, as another version of the parser yielded it, is ``–``; if only the
    row's beginning is known (``cut``), ``…``.
    """
    names: dict[str, None] = {}
    for cells in rows:
        names |= dict.fromkeys(cells)
    others = ["…" if is_cut else ABSENT for is_cut in cut] or [ABSENT] * len(rows)
    columns = dict(lead)
    for name in names:
        shown = name
        while shown in columns:
            shown += " "
        columns[shown] = pa.array(
            [cells.get(name, other) for cells, other in zip(rows, others, strict=True)],
            pa.string(),
        )
    return pa.table(columns), {name: at for at, name in enumerate(names, len(lead))}


def beginning_of(raw: str) -> tuple[dict[str, str | None], bool]:
    """Return the cells of a raw row that are whole, and whether these are all: it may be cut."""
    try:
        return _cells(raw), True
    except ValueError:
        pass
    cells: dict[str, str | None] = {}
    decoder = json.JSONDecoder(parse_int=_Number, parse_float=_Number)
    at = 1
    try:
        while True:
            name, at = decoder.raw_decode(raw, at)
            value, at = decoder.raw_decode(raw, _behind(raw, at, ":"))
            at = _behind(raw, at, ",")  # a number is known to be whole by what is behind it
            cells[name] = _shown(value)
    except (ValueError, IndexError):
        return cells, False


def _behind(raw: str, at: int, mark: str) -> int:
    """Return where something begins that a mark is before."""
    while raw[at] == " ":
        at += 1
    if raw[at] != mark:
        raise ValueError(raw)
    at += 1
    while raw[at] == " ":
        at += 1
    return at


def _belongs(reason: Mapping[str, Any], column: str | None, error_type: str | None) -> bool:
    return (column is None or reason["column"] == column) and (
        error_type is None or reason["error_type"] == error_type
    )


def row_numbers(path: Path) -> npt.NDArray[np.int64]:
    """Return the numbers of a file's rejected rows in their whole output, counted from 0.

    Raises OSError, or ArrowException if the file is no Parquet.
    """
    import pyarrow.parquet as pq

    with path.open("rb") as source:
        column = pq.read_table(source, columns=["row_number"]).column("row_number")
    numbers: npt.NDArray[np.int64] = column.to_numpy()
    return numbers


def _records(path: Path) -> Iterator[dict[str, Any]]:
    import pyarrow.parquet as pq

    with path.open("rb") as source, pq.ParquetFile(source) as file:
        wanted = ["row_number", "reasons", "raw"]
        for batch in file.iter_batches(batch_size=_BATCH, columns=wanted):
            yield from batch.to_pylist()


def _cells(raw: str) -> dict[str, str | None]:
    """Return a raw row's cells: plain texts as they are, anything else as its JSON."""
    content = json.loads(raw, parse_int=_Number, parse_float=_Number)
    return {name: _shown(value) for name, value in content.items()}


class _Number(str):
    """A number as it is spelled."""

    __slots__ = ()


def _shown(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        return str(value)
    if isinstance(value, dict) and len(value) == 1:
        [(tag, inner)] = value.items()
        if tag.startswith("$") and isinstance(inner, str):
            return f"{inner} ({tag[1:]})"
    return _spelled(value)


def _spelled(value: Any) -> str:
    """Return a value as JSON, its numbers as they were spelled."""
    if isinstance(value, _Number):
        return str(value)
    if isinstance(value, dict):
        pairs = (f"{json.dumps(k, ensure_ascii=False)}: {_spelled(v)}" for k, v in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_spelled, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
