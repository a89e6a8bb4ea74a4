"""What is said of a job wherever jobs are listed."""

from __future__ import annotations

import pytest

from casparian.app.job_words import tries_of

from .queued import Queued


@pytest.mark.parametrize(
    ("status", "attempt", "said"),
    [
        ("completed", 1, ""),
        ("running", 2, "2/4"),
        ("completed", 2, "2"),
        ("dead_letter", 3, "3"),
        ("dead_letter", 4, "4/4"),
    ],
)
def test_of_how_many_tries_one_is_is_said_where_more_may_follow_or_all_were_used(
    queued: Queued, status: str, attempt: int, said: str
) -> None:
    queued.add("/data/a.csv")
    [job] = queued.jobs.list().jobs
    job = job._replace(status=status, attempt=attempt, max_attempts=4)  # type: ignore[arg-type]
    assert tries_of(job) == said
