"""Jobs that ended long ago are forgotten, a few at a time, so that nobody waits for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from casparian.core.stores.states import JobStatus
    from casparian.core.stores.store import Store

_BATCH: Final = 500


def count_prunable(store: Store, *, before: int, statuses: Sequence[JobStatus] = ()) -> int:
    """Return how many jobs ended before a time (milliseconds since 1970), in these states."""
    return sum(
        tally.jobs
        for tally in store.statistics.ended(since=0, until=before)
        if not statuses or tally.status in statuses
    )


def prune_jobs(store: Store, *, before: int, statuses: Sequence[JobStatus] = ()) -> int:
    """Forget those jobs, with attempts and quarantine; returns how many. Raises StoreError.

    Input files that were not read since then are forgotten as well: should one come again, it is
    read again.
    """
    pruned = 0
    while ids := store.jobs.prune(before=before, statuses=statuses, limit=_BATCH):
        pruned += len(ids)
    while store.files.forget(before=before, limit=_BATCH):
        pass
    return pruned
