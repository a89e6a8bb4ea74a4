"""The kept counts of jobs: what many jobs at once have come to, or come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casparian.core.stores.sqlite import statements

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from casparian.core.stores.states import JobStatus


def count(raw: sqlite3.Connection, jobs: Sequence[tuple[str, JobStatus]], *, by: int = 1) -> None:
    """Count jobs of parsers to states, or from them; in the transaction that changes the jobs.

    What triggers count is not counted here: they see each job for itself, which costs as much as
    the rest of what changes in it.
    """
    if len(jobs) == 1:
        raw.execute(statements.COUNTED, (*jobs[0], by))
        return
    numbers: dict[tuple[str, JobStatus], int] = {}
    for job in jobs:
        numbers[job] = numbers.get(job, 0) + by
    for job, number in numbers.items():
        raw.execute(statements.COUNTED, (*job, number))
