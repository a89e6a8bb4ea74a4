"""``unique`` and ``key``: whether an earlier row of the output has the same key.

Rows are judged in their order. A row is in the output if nothing is wrong with it; it repeats a
key if an earlier row *that is in the output* has it. So the first good row stays, and a row that
is bad for another reason takes no key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from casparian.core.validation.key_codes import Codes, KeyCoder
from casparian.core.validation.key_index import KeyIndex

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from casparian.core.contract.model import OutputContract

MEMORY_BUDGET: Final = 64 * 2**20
"""Bytes of keys that an output may hold in memory, all its rules together."""

Mask = np.ndarray[Any, np.dtype[np.bool_]]
Positions = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class KeyRule:
    """Columns whose values together may not come twice.

    ``nulls_equal``: a null is like any other null (``key``); otherwise a row with a null repeats
    nothing (``unique``, as in SQL).
    """

    columns: tuple[str, ...]
    nulls_equal: bool

    @property
    def name(self) -> str:
        """The rule in a reason: its columns."""
        return ", ".join(self.columns)


class Repetition(NamedTuple):
    """A row of a batch, by its position, that repeats the key of an earlier row of the output."""

    rule: KeyRule
    position: int
    first_row: int


def key_rules(contract: OutputContract) -> tuple[KeyRule, ...]:
    """Return the rules of an output: its unique columns, then its key."""
    unique = [KeyRule((c.name,), nulls_equal=False) for c in contract.columns if c.unique]
    key = [KeyRule(contract.key, nulls_equal=True)] if contract.key else []
    return (*unique, *key)


@dataclass(frozen=True, slots=True)
class _Judged:
    """One rule over one batch.

    ``order`` are the rows that it applies to, in the order of their codes; ``before`` the earlier
    row of each row's key, or -1; ``repeated`` marks keys that come twice within the batch.
    """

    codes: Codes
    applies: Mask
    order: Positions
    before: Positions
    repeated: Mask


class Uniqueness:
    """Judges the batches of one output in their order. Close it to give its files back."""

    def __init__(
        self,
        rules: Sequence[KeyRule],
        *,
        memory_budget: int = MEMORY_BUDGET,
        folder: Path | None = None,
    ) -> None:
        self.rules = tuple(rules)
        share = memory_budget // max(len(self.rules), 1)
        self._coders = [KeyCoder(nulls_equal=rule.nulls_equal) for rule in self.rules]
        self._indexes = [KeyIndex(memory_budget=share, folder=folder) for _ in self.rules]

    def judge(
        self,
        values: Mapping[str, pa.Array],
        read: Mapping[str, pa.Array | None],
        bad: pa.Array | None,
        *,
        first_row: int,
    ) -> list[Repetition]:
        """Return what a batch repeats, by row and then by rule, and remember its good rows' keys.

        ``values`` are the converted columns; ``read`` says where a column's cells could be read
        (None: everywhere), for a key that can't be read is no key; ``bad`` are the rows that
        something else is wrong with (None: none). ``first_row`` is the number of the batch's first.
        Raises SpillError if there is no room for the keys.
        """
        rows = len(next(iter(values.values()), ()))
        if not self.rules or not rows:
            return []
        good = np.ones(rows, np.bool_) if bad is None else ~_mask(bad)
        judged = [
            self._look(rule, coder, index, values, read)
            for rule, coder, index in zip(self.rules, self._coders, self._indexes, strict=True)
        ]
        repetitions = self._in_order(judged, good, first_row)
        stays = good.copy()
        stays[[repetition.position for repetition in repetitions]] = False
        for part, index in zip(judged, self._indexes, strict=True):
            kept = part.order[stays[part.order]]
            index.add(part.codes.take(kept), kept + first_row)
        return repetitions

    def close(self) -> None:
        """Forget all keys."""
        for index in self._indexes:
            index.close()

    @staticmethod
    def _look(
        rule: KeyRule,
        coder: KeyCoder,
        index: KeyIndex,
        values: Mapping[str, pa.Array],
        read: Mapping[str, pa.Array | None],
    ) -> _Judged:
        columns = [values[name] for name in rule.columns]
        applies = np.ones(len(columns[0]), np.bool_)
        for name, column in zip(rule.columns, columns, strict=True):
            ok = read.get(name)
            if ok is not None:
                applies &= _mask(ok)
            if not rule.nulls_equal and column.null_count:
                applies &= _mask(column.is_valid())
        codes = coder.codes(columns)
        which = np.flatnonzero(applies)
        order = which[np.argsort(codes.low[which])]  # in order, a search is many times faster
        before = np.full(len(applies), -1, np.int64)
        before[order] = index.find(codes.take(order))
        return _Judged(codes, applies, order, before, _repeated(codes, order))

    def _in_order(self, judged: list[_Judged], good: Mask, first_row: int) -> list[Repetition]:
        """Go through the rows whose key comes twice, one by one: few, unless much is wrong."""
        involved = np.zeros(len(good), np.bool_)
        for part in judged:
            involved |= part.repeated | (part.before >= 0)
        here: list[dict[tuple[int, int], int]] = [{} for _ in judged]
        found: list[Repetition] = []
        for row in np.flatnonzero(involved).tolist():
            repeats = False
            keys: list[tuple[int, int] | None] = []
            for rule, part, known in zip(self.rules, judged, here, strict=True):
                if not part.applies[row]:
                    keys.append(None)
                    continue
                high = 0 if part.codes.high is None else int(part.codes.high[row])
                key = (int(part.codes.low[row]), high)
                keys.append(key)
                first = int(part.before[row]) if part.before[row] >= 0 else known.get(key, -1)
                if first >= 0:
                    repeats = True
                    found.append(Repetition(rule, row, first))
            if good[row] and not repeats:
                for key_of_rule, known in zip(keys, here, strict=True):
                    if key_of_rule is not None:
                        known[key_of_rule] = row + first_row
        return found


def _repeated(codes: Codes, order: Positions) -> Mask:
    """Return a mask of the rows, among those in the order of their codes, that aren't alone."""
    mask = np.zeros(len(codes.low), np.bool_)
    own = codes.take(order)
    same = own.low[1:] == own.low[:-1]
    if own.high is not None and same.any():  # the upper halves tell which are really the same
        order = order[np.lexsort((own.high, own.low))]
        own = codes.take(order)
        assert own.high is not None
        same = (own.low[1:] == own.low[:-1]) & (own.high[1:] == own.high[:-1])
    mask[order[1:][same]] = True
    mask[order[:-1][same]] = True
    return mask


def _mask(array: pa.Array) -> Mask:
    mask: Mask = array.to_numpy(zero_copy_only=False)
    return mask
