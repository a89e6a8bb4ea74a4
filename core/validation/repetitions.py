"""Repeated keys as reasons: which row has the key already."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from casparian.core.validation.cells import cells_of
from casparian.core.validation.explain import shown
from casparian.core.validation.reasons import Finding
from casparian.core.validation.rejections import Reasons

if TYPE_CHECKING:
    from collections.abc import Sequence

    from casparian.core.validation.slices import BadRows, Judged
    from casparian.core.validation.uniqueness import Repetition


def with_repetitions(judged: Judged, repeated: Sequence[Repetition]) -> pa.Array:
    """Return the mask of a slice's bad rows, with those that repeat a key."""
    mask = np.zeros(judged.received, np.bool_)
    mask[[repetition.position for repetition in repeated]] = True
    also = pa.array(mask)
    return also if judged.bad is None else pc.or_(judged.bad, also)


def reasons_of_repetitions(
    judged: Judged, bad: BadRows, repeated: Sequence[Repetition]
) -> list[Reasons]:
    """Return the reasons ``duplicate_key``, those of each rule together."""
    found: list[Reasons] = []
    for rule in dict.fromkeys(repetition.rule for repetition in repeated):
        mine = [repetition for repetition in repeated if repetition.rule == rule]
        positions = np.array([repetition.position for repetition in mine], np.int64)
        where = pa.array(positions)
        parts = []
        for name in rule.columns:
            kinds = judged.kinds[name].take(where) if name in judged.kinds else None
            cells = cells_of(judged.data[name].take(where), kinds)
            parts.append(["null" if cell.kind is None else shown(cell) for cell in cells])
        findings = [
            Finding("duplicate_key", f"{', '.join(key)} is already in row {first + 1}", "")
            for *key, first in zip(*parts, [r.first_row for r in mine], strict=True)
        ]
        rows = np.searchsorted(bad.positions, positions)
        found.append(Reasons(rule.name, rows, findings, np.arange(len(mine))))
    return found
