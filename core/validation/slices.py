"""One slice of an output, cell by cell: what each column becomes, and which cells are bad.

All here is a pure function of the slice and the contract, and spends its time in Arrow, so that
slices may be judged on several threads at once. What depends on the rows before comes after, in
order: numbers, hints, uniqueness (see ``output``).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from casparian.core.validation.blocks import bits_of
from casparian.core.validation.cells import plain
from casparian.core.validation.constraints import breaks
from casparian.core.validation.convert import convert
from casparian.core.validation.kernel import all_of
from casparian.core.validation.raw import raw_rows
from casparian.core.validation.tags import checked_kinds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from casparian.core.contract.model import OutputContract

Positions = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class BadCells:
    """The bad cells of one column: which of the slice's bad rows they are in, and themselves."""

    rows: Positions
    cells: pa.Array
    kinds: pa.Array | None


@dataclass(frozen=True, slots=True)
class BadRows:
    """The bad rows of a slice: their positions, bad cells by column, and each row as JSON."""

    positions: Positions
    cells: dict[str, BadCells]
    raw: pa.ChunkedArray


_PIECE_ROWS: Final = 10_000
"""Bad rows are cut out if that leaves pieces of so many on average; else good ones are copied.

Writing many pieces takes longer than the copy, and it is the one thing that others wait for.
"""

NO_BAD_ROWS = BadRows(np.zeros(0, np.int64), {}, pa.chunked_array([], pa.string()))


@dataclass(frozen=True, slots=True)
class Judged:
    """A slice whose cells are judged.

    ``values`` are all rows' converted columns, null where a cell could not be read; ``read`` says
    per column where it could (None: everywhere); ``masks`` are the bad cells of each column that
    has any; ``bad`` is their disjunction, None if there is none.
    """

    data: dict[str, pa.Array]
    kinds: dict[str, pa.Array]
    received: int
    values: dict[str, pa.Array]
    read: dict[str, pa.Array | None]
    masks: dict[str, pa.Array]
    bad: pa.Array | None


def judge_cells(
    part: pa.Table, names: list[str], companions: Mapping[str, str], contract: OutputContract
) -> Judged:
    """Convert every column of a slice and hold its values against their constraints.

    Raises OutputFailed if a column can't become what it is declared as, or its tags are corrupt.
    """
    data = {name: plain(part.column(name)) for name in names}
    kinds = {
        name: checked_kinds(name, data[name], part.column(companion))
        for name, companion in companions.items()
    }
    values: dict[str, pa.Array] = {}
    read: dict[str, pa.Array | None] = {}
    masks: dict[str, pa.Array] = {}
    bad: pa.Array | None = None
    for column in contract.columns:
        converted = convert(data[column.name], kinds.get(column.name), column, output=contract.name)
        values[column.name] = converted.values
        all_read = all_of(converted.ok)
        read[column.name] = None if all_read else converted.ok
        # A value that was refused is null by now: only its refusal counts, not its nullness.
        mask = breaks(converted.values, column)
        if not all_read:
            mask = pc.or_(mask, pc.invert(converted.ok))
        if mask.true_count:
            masks[column.name] = mask
            bad = mask if bad is None else pc.or_(bad, mask)
    return Judged(data, kinds, part.num_rows, values, read, masks, bad)


def split(judged: Judged, bad: pa.Array | None, schema: pa.Schema) -> tuple[pa.Table, BadRows]:
    """Part good rows from bad ones, by a mask of the bad (None: all are good)."""
    if bad is None:
        columns = [judged.values[name] for name in schema.names]
        return pa.Table.from_arrays(columns, schema=schema), NO_BAD_ROWS
    positions = np.flatnonzero(bits_of(bad))
    valid = _without(judged, bad, positions, schema)
    where = pa.array(positions)
    rows = {name: array.take(where) for name, array in judged.data.items()}
    kinds = {name: array.take(where) for name, array in judged.kinds.items()}
    cells: dict[str, BadCells] = {}
    for name, mask in judged.masks.items():
        mine = np.flatnonzero(bits_of(mask)[positions])
        theirs = pa.array(mine)
        cells[name] = BadCells(
            mine,
            rows[name].take(theirs),
            kinds[name].take(theirs) if name in kinds else None,
        )
    return valid, BadRows(positions, cells, raw_rows(rows, kinds))


def _without(judged: Judged, bad: pa.Array, positions: Positions, schema: pa.Schema) -> pa.Table:
    """Return the good rows. Few bad ones are cut out, which copies nothing of the others."""
    columns = [judged.values[name] for name in schema.names]
    if len(positions) * _PIECE_ROWS > judged.received:
        kept = pc.invert(bad)
        return pa.Table.from_arrays([column.filter(kept) for column in columns], schema=schema)
    whole = pa.Table.from_arrays(columns, schema=schema)
    edges = [-1, *positions.tolist(), judged.received]
    pieces = [
        whole.slice(before + 1, after - before - 1)
        for before, after in pairwise(edges)
        if after - before > 1
    ]
    return pa.concat_tables(pieces) if pieces else whole.slice(0, 0)
