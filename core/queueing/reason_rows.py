"""The quarantined rows that have a reason, over many jobs: pages of them, found by a key."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from casparian.core.quarantine_rows import ROW_COLUMN, beginning_of, table_of_cells

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from casparian.core.stores.jobs import Job, JobFilter
    from casparian.core.stores.quarantine import QuarantinedRow, Reason, ReasonInJob
    from casparian.core.stores.store import Store

#: Read at a time: jobs that have a reason, and rows of one of them.
_JOBS: Final = 50
_ROWS: Final = 500
JOB_COLUMN: Final = "job"
INPUT_COLUMN: Final = "input"


@dataclass(frozen=True, slots=True)
class RowKey:
    """Where a row is in the list: the newest jobs are first, and of each its first rows."""

    seq: int
    row_number: int


@dataclass(frozen=True, slots=True)
class RowInJob:
    """A quarantined row, and the job it is of."""

    job: Job
    row: QuarantinedRow

    @property
    def key(self) -> RowKey:
        """Where it is."""
        return RowKey(self.job.seq, self.row.row_number)


@dataclass(frozen=True, slots=True)
class RowsPage:
    """Rows, and from where on there may be more; ``after`` is None if there are none.

    A page that was broken off has fewer rows than it might.
    """

    rows: tuple[RowInJob, ...]
    after: RowKey | None


def rows_with(
    store: Store,
    wanted: JobFilter,
    reason: Reason,
    *,
    after: RowKey | None = None,
    limit: int = 1_000,
    stop: Callable[[], bool] = lambda: False,
) -> RowsPage:
    """Return up to ``limit`` rows that have a reason, of jobs that pass, those behind ``after``.

    ``stop`` is asked now and then, and breaks it off. Raises StoreError.
    """
    found: list[RowInJob] = []
    upto = None if after is None else after.seq
    while True:
        jobs = store.quarantine.jobs_with(wanted, reason, upto=upto, limit=_JOBS)
        known = {job.seq: job for job in store.jobs.of([one.seq for one in jobs])}
        for one in jobs:
            behind = after.row_number if after is not None and after.seq == one.seq else -1
            job = known.get(one.seq)  # it may have been deleted meanwhile
            for row in () if job is None else _rows(store, job, reason, one, behind):
                if isinstance(row, int):
                    if stop():
                        return RowsPage(tuple(found), RowKey(one.seq, row))
                elif len(found) == limit:
                    return RowsPage(tuple(found), found[-1].key)
                else:
                    assert job is not None
                    found.append(RowInJob(job, row))
            if stop():
                return RowsPage(tuple(found), RowKey(one.seq - 1, -1))
            upto = one.seq - 1
        if len(jobs) < _JOBS:
            return RowsPage(tuple(found), None)


def _rows(
    store: Store, job: Job, reason: Reason, one: ReasonInJob, behind: int
) -> Iterator[QuarantinedRow | int]:
    """Yield a job's rows that have a reason, behind a number; now and then how far it has looked.

    It ends with the last of them, however many others there are behind it.
    """
    left = one.rows if behind < one.first_row else None
    place = (reason.output, max(behind, one.first_row - 1))
    while True:
        page = store.quarantine.list_for_job(job.job_id, after=place, limit=_ROWS)
        for row in page:
            if row.output != reason.output:
                return
            if _has(row, reason):
                yield row
                left = None if left is None else left - 1
            if left == 0:
                return
        if len(page) < _ROWS:
            return
        place = (page[-1].output, page[-1].row_number)
        if place[0] != reason.output:
            return
        yield place[1]


def _has(row: QuarantinedRow, reason: Reason) -> bool:
    return any(
        one.column == reason.column and one.error_type == reason.error_type for one in row.reasons
    )


def page_table(rows: Sequence[RowInJob]) -> tuple[pa.Table, frozenset[tuple[int, int]]]:
    """Return rows as a table of their cells behind job, input and number, and its bad cells.

    These are rows and columns, counted from 0. What the store has not kept of a long row is ``…``.
    """
    lead = {
        JOB_COLUMN: pa.array([one.job.job_id[:8] for one in rows], pa.string()),
        INPUT_COLUMN: pa.array([PurePath(one.job.input_path).name for one in rows], pa.string()),
        ROW_COLUMN: pa.array([one.row.row_number + 1 for one in rows], pa.int64()),
    }
    begun = [beginning_of(one.row.raw) for one in rows]
    cut = [not is_whole for _, is_whole in begun]
    table, places = table_of_cells(lead, [cells for cells, _ in begun], cut)
    bad = {
        (at, places[reason.column])
        for at, one in enumerate(rows)
        for reason in one.row.reasons
        if reason.column in places
    }
    return table, frozenset(bad)
