"""What changed between two results: columns, rows, and what is quarantined.

Rows are told apart by a contract's key if there is one: then a row can have changed. Otherwise by
all they hold, and how often that is there; their order doesn't matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import pyarrow as pa

from casparian.core.dev_session.row_pairs import (
    codes_of,
    column_codes,
    others,
    paired,
    rows_at,
    rows_of,
    schema_of,
)
from casparian.core.errors import CasparianError
from casparian.core.quarantine import QUARANTINE_SCHEMA
from casparian.core.quarantine_rows import row_numbers
from casparian.core.validation.key_codes import KeyCoder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from casparian.core.dev_session.results import OutputFiles
    from casparian.core.dev_session.row_pairs import Numbers, Pairs

#: Rows of each kind that are given; all are counted.
EXAMPLES: Final = 1_000
#: Changed rows of which it is counted which columns differ: the first ones.
COUNTED: Final = 100_000
#: With more cells (on both sides together) rows are counted, and not compared.
MOST_CELLS: Final = 20_000_000
_MOST_ROWS: Final = 4_000_000


class ComparisonError(CasparianError):
    """The rows of a result can't be read."""


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """A column that came, went, or has another type."""

    name: str
    kind: Literal["added", "removed", "retyped"]
    before: str
    """Its Arrow type; empty if it wasn't there."""
    after: str


@dataclass(frozen=True, slots=True)
class RowChanges:
    """Rows of one output, compared; of each kind all are counted and the first are given."""

    key: tuple[str, ...]
    """The columns that tell rows apart; empty: all of them do."""
    added: int
    removed: int
    changed: int
    """Rows whose key is there on both sides, with other values; always 0 without a key."""
    added_rows: pa.Table
    removed_rows: pa.Table
    changed_before: pa.Table
    changed_after: pa.Table
    """Row by row the same keys as ``changed_before``."""
    cells: tuple[tuple[str, int], ...]
    """In how many of the changed rows each column differs, those that do; of the first 100,000."""


@dataclass(frozen=True, slots=True)
class QuarantineChanges:
    """Rejected rows of one output, compared by raw row and row number.

    A row that has only moved, or has other content and is still rejected, is none of these.
    """

    before: int
    after: int
    newly_quarantined: int
    newly_valid: int
    """Rows that were rejected, and are among the valid ones that weren't there before."""
    gone: int
    """Rows that were rejected, and don't come any more."""
    unclear: int
    """Rows that were rejected, and are valid now or don't come any more: fewer valid rows are new
    than there are of them, and their numbers tell nothing, as other rows have gone."""
    newly_quarantined_rows: pa.Table
    """As in the quarantine file."""
    newly_valid_rows: pa.Table
    gone_rows: pa.Table
    unclear_rows: pa.Table


@dataclass(frozen=True, slots=True)
class OutputChanges:
    """One output on both sides."""

    name: str
    kind: Literal["added", "removed", "both"]
    columns: tuple[ColumnChange, ...]
    rows_before: int
    rows_after: int
    rows: RowChanges | None
    """None: the rows weren't compared, and ``not_compared`` says why."""
    not_compared: str
    quarantine: QuarantineChanges

    @property
    def is_same(self) -> bool:
        """Whether nothing that was looked at has changed."""
        rows, bad = self.rows, self.quarantine
        same_rows = (
            self.rows_before == self.rows_after
            if rows is None
            else not (rows.added or rows.removed or rows.changed)
        )
        same_bad = not (bad.newly_quarantined or bad.newly_valid or bad.gone or bad.unclear)
        return self.kind == "both" and not self.columns and same_rows and same_bad


@dataclass(frozen=True, slots=True)
class Changes:
    """All outputs of two results, in the order of the later one."""

    outputs: tuple[OutputChanges, ...]

    @property
    def is_same(self) -> bool:
        """Whether nothing that was looked at has changed."""
        return all(output.is_same for output in self.outputs)


def compare_outputs(
    before: Sequence[OutputFiles], after: Sequence[OutputFiles], received: Mapping[str, int]
) -> Changes:
    """Compare two results by their files.

    Args:
        before: the outputs of the earlier one, or of another version of the parser.
        after: those of the later one.
        received: how many rows of each output came in the later one, valid and rejected.

    Raises:
        ComparisonError: a file can't be read.
    """
    old, new = ({output.name: output for output in side} for side in (before, after))
    try:
        changes = [
            _compare(name, old.get(name), new.get(name), received.get(name, 0))
            for name in {**new, **old}
        ]
    except (OSError, pa.ArrowException) as error:
        raise ComparisonError(
            f"the results can't be compared: {error}", hint="run the sample again"
        ) from error
    return Changes(tuple(changes))


def _compare(
    name: str, before: OutputFiles | None, after: OutputFiles | None, received: int
) -> OutputChanges:
    old = None if before is None else before.rows
    new = None if after is None else after.rows
    old_schema, new_schema = (pa.schema([]) if f is None else schema_of(f) for f in (old, new))
    old_rows, new_rows = (0 if file is None else rows_of(file) for file in (old, new))
    rows, not_compared = None, ""
    if old is not None and new is not None:
        common = [column for column in new_schema.names if column in old_schema.names]
        if (old_rows + new_rows) * len(common) > MOST_CELLS or old_rows + new_rows > _MOST_ROWS:
            not_compared = f"more than {MOST_CELLS:,} cells: rows are counted only"
        elif not common:
            not_compared = "they have no column in common"
        else:
            key = after.key if after is not None else ()
            try:
                rows = _rows(old, new, common, key if set(key) <= set(common) else ())
            except (ValueError, pa.ArrowInvalid) as error:
                not_compared = f"a value can't be compared: {error}"
    return OutputChanges(
        name,
        "added" if before is None else "removed" if after is None else "both",
        tuple(_columns(old_schema, new_schema)) if old is not None and new is not None else (),
        old_rows,
        new_rows,
        rows,
        not_compared,
        _quarantine(
            None if before is None else before.quarantine,
            None if after is None else after.quarantine,
            received,
            max(0, new_rows - old_rows) if rows is None else rows.added + rows.changed,
        ),
    )


def _columns(before: pa.Schema, after: pa.Schema) -> list[ColumnChange]:
    changes = []
    for name in dict.fromkeys([*after.names, *before.names]):
        old = str(before.field(name).type) if name in before.names else ""
        new = str(after.field(name).type) if name in after.names else ""
        if not old:
            changes.append(ColumnChange(name, "added", old, new))
        elif not new:
            changes.append(ColumnChange(name, "removed", old, new))
        elif old != new:
            changes.append(ColumnChange(name, "retyped", old, new))
    return changes


def _rows(old: Path, new: Path, columns: list[str], key: tuple[str, ...]) -> RowChanges:
    schemas = schema_of(old), schema_of(new)
    as_text = frozenset(
        name for name in columns if schemas[0].field(name).type != schemas[1].field(name).type
    )
    coder = KeyCoder(nulls_equal=True)
    before = codes_of(old, columns, coder, as_text=as_text)
    after = codes_of(new, columns, coder, as_text=as_text)
    same = paired(before, after)
    removed, added = others(len(before.low), same.before), others(len(after.low), same.after)
    moved = np.zeros(0, np.int64), np.zeros(0, np.int64)
    if key and len(removed) and len(added):
        old_keys = codes_of(old, key, coder, as_text=as_text).take(removed)
        new_keys = codes_of(new, key, coder, as_text=as_text).take(added)
        pairs = paired(old_keys, new_keys)
        moved = removed[pairs.before], added[pairs.after]
        removed = removed[others(len(removed), pairs.before)]
        added = added[others(len(added), pairs.after)]
    changed_before = rows_at(old, moved[0][:COUNTED])
    changed_after = rows_at(new, moved[1][:COUNTED])
    cells = []
    for name in columns if len(moved[0]) else ():
        left = column_codes(changed_before, name, coder, as_text=name in as_text)
        right = column_codes(changed_after, name, coder, as_text=name in as_text)
        differ = int(np.count_nonzero((left.low != right.low) | (left.high != right.high)))
        if differ:
            cells.append((name, differ))
    return RowChanges(
        key,
        len(added),
        len(removed),
        len(moved[0]),
        rows_at(new, added[:EXAMPLES]),
        rows_at(old, removed[:EXAMPLES]),
        changed_before.slice(0, EXAMPLES),
        changed_after.slice(0, EXAMPLES),
        tuple(cells),
    )


def _quarantine(
    old: Path | None, new: Path | None, received: int, new_valid: int
) -> QuarantineChanges:
    """Compare rejected rows, given how many valid ones weren't there (or were others) before."""
    left_before = np.arange(0 if old is None else rows_of(old))
    left_after = np.arange(0 if new is None else rows_of(new))
    counts = len(left_before), len(left_after)
    if old is not None and new is not None:
        coder = KeyCoder(nulls_equal=True)
        # The same row at the same place; then one that has moved; then one that stands where it
        # stood and has other content.
        for columns in (("raw_sha256", "row_number"), ("raw_sha256",), ("row_number",)):
            pairs: Pairs = paired(
                codes_of(old, columns, coder).take(left_before),
                codes_of(new, columns, coder).take(left_after),
            )
            left_before = left_before[others(len(left_before), pairs.before)]
            left_after = left_after[others(len(left_after), pairs.after)]
    numbers = np.zeros(0, np.int64) if old is None else row_numbers(old)
    is_there = numbers[left_before] < received
    there, gone = left_before[is_there], left_before[~is_there]
    valid = unclear = there[:0]
    if len(there) <= new_valid:
        valid = there
    elif new_valid:
        unclear = there
    else:
        gone = left_before  # a row with such a number is there, but it was valid before
    return QuarantineChanges(
        *counts,
        len(left_after),
        len(valid),
        len(gone),
        len(unclear),
        _examples(new, left_after),
        _examples(old, valid),
        _examples(old, gone),
        _examples(old, unclear),
    )


def _examples(path: Path | None, rows: Numbers) -> pa.Table:
    if path is None:
        return QUARANTINE_SCHEMA.empty_table()
    return rows_at(path, rows[:EXAMPLES])
