"""What became of quarantined rows when their input was parsed anew: row by row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from casparian.core.publishing.manifest import ManifestError
from casparian.core.queueing.published import published_set
from casparian.core.stores.states import SUCCEEDED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from casparian.core.queueing.published import PublishedSet
    from casparian.core.stores.jobs import Job
    from casparian.core.stores.quarantine import QuarantinedRow
    from casparian.core.stores.store import Store

Row = tuple[str, int]
"""An output, and the zero-based number of a row in it."""

_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Comparison:
    """A job's quarantine against that of the job which took its place.

    A row that was bad is *recovered* if it is there and good now, *still bad*, or *gone*: its
    output has fewer rows now. *Newly bad* rows were good, or weren't there. Rows are compared by
    their numbers: if the input's content has changed, a number may be another row's.
    """

    old_job_id: str
    new_job_id: str
    recovered: tuple[Row, ...]
    still_bad: tuple[Row, ...]
    gone: tuple[Row, ...]
    newly_bad: tuple[Row, ...]
    input_changed: bool
    partial: bool
    """The store has only the first of the quarantined rows of one of them."""


def compare_replacement(store: Store, new: Job) -> Comparison | None:
    """Compare a job that has replaced another one with that one.

    None if it has replaced none, or not yet, or the other one was pruned.
    """
    if new.replaces is None or new.status not in SUCCEEDED:
        return None
    old = store.jobs.get(new.replaces)
    if old is None:
        return None
    try:
        published = published_set(new)
    except ManifestError:
        published = None  # then nobody knows how many rows there are
    before, now = _rows(store, old), _rows(store, new)
    gone = {row for row in before - now if _is_gone(row, published)}
    return Comparison(
        old_job_id=old.job_id,
        new_job_id=new.job_id,
        recovered=tuple(sorted(before - now - gone)),
        still_bad=tuple(sorted(before & now)),
        gone=tuple(sorted(gone)),
        newly_bad=tuple(sorted(now - before)),
        input_changed=old.input_hash != new.input_hash,
        partial=(old.quarantined or 0) > len(before) or (new.quarantined or 0) > len(now),
    )


def quarantined_rows(store: Store, job_id: str) -> Iterator[QuarantinedRow]:
    """Yield all rows that the store has of a job, by output and number."""
    after: Row | None = None
    while rows := store.quarantine.list_for_job(job_id, after=after, limit=_PAGE):
        yield from rows
        after = (rows[-1].output, rows[-1].row_number)


def _rows(store: Store, job: Job) -> set[Row]:
    return {(row.output, row.row_number) for row in quarantined_rows(store, job.job_id)}


def _is_gone(row: Row, published: PublishedSet | None) -> bool:
    if published is None:
        return False
    output, number = row
    received = published.received(output)
    return received is None or number >= received
