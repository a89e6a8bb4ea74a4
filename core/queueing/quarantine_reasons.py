"""Why rows are in quarantine, over many jobs: the reasons of all that pass a filter, counted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from casparian.core.stores.jobs import JobFilter
    from casparian.core.stores.quarantine import Reason, ReasonCount
    from casparian.core.stores.store import Store


class ReasonCounts:
    """Counts some jobs at a time, the newest first, so that the first are told at once.

    However many jobs and rows there are, only the reasons are kept.
    """

    def __init__(self, store: Store, wanted: JobFilter) -> None:
        self.wanted = wanted
        self.is_over = False
        """Whether all jobs are counted."""
        self._store = store
        self._before: int | None = None
        self._counts: dict[Reason, ReasonCount] = {}

    def step(self) -> None:
        """Count some more jobs. Raises StoreError."""
        page = self._store.quarantine.reasons(self.wanted, before=self._before)
        for one in page.counts:
            there = self._counts.get(one.reason)
            self._counts[one.reason] = one if there is None else _sum(there, one)
        self._before = page.before
        self.is_over = page.before is None

    def counts(self) -> tuple[ReasonCount, ...]:
        """Return what was counted so far, in the order of `by_parser`."""
        return by_parser(self._counts.values())


def counted_reasons(store: Store, wanted: JobFilter) -> tuple[ReasonCount, ...]:
    """Return the reasons of all jobs that pass. Raises StoreError."""
    counting = ReasonCounts(store, wanted)
    while not counting.is_over:
        counting.step()
    return counting.counts()


def by_parser(counts: Iterable[ReasonCount]) -> tuple[ReasonCount, ...]:
    """Return reasons parser by parser: that with the most rows first, and its reasons likewise."""
    found = list(counts)
    rows: dict[str, int] = {}
    for one in found:
        rows[one.reason.parser] = rows.get(one.reason.parser, 0) + one.rows

    def place(one: ReasonCount) -> tuple[object, ...]:
        reason = one.reason
        names = (reason.output, reason.column, reason.error_type)
        return (-rows[reason.parser], reason.parser, -one.rows, *names)

    return tuple(sorted(found, key=place))


def _sum(one: ReasonCount, other: ReasonCount) -> ReasonCount:
    return replace(
        one,
        cells=one.cells + other.cells,
        rows=one.rows + other.rows,
        jobs=one.jobs + other.jobs,
        hint=one.hint or other.hint,
    )
