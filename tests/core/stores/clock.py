"""A clock that goes when it is told to, and jobs to be queued."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from casparian.core.stores.jobs import Completion, Failure, JobError, Lease, NewJob, Promotion
from casparian.core.stores.standing_sets import StandingSet
from casparian.core.stores.store import Store

LEASE_MS = 60_000


class Clock:
    """Milliseconds, from a day of 2024 on."""

    def __init__(self) -> None:
        self.now = 1_710_000_000_000

    def __call__(self) -> int:
        return self.now

    def forward(self, milliseconds: int) -> None:
        self.now += milliseconds


def new_job(number: int = 0, **other: Any) -> NewJob:
    made: dict[str, Any] = {
        "parser": "sales",
        "parser_version": "1.0.0",
        "source_hash": "s" * 64,
        "input_path": f"/data/sales_{number}.csv",
        "input_hash": f"{number:064x}",
        "input_size": 10,
    }
    return NewJob(**{**made, **other})


def failure(*, permanent: bool = False, blames_parser: bool = True, **other: Any) -> Failure:
    error = JobError("parser", "ValueError: no such column", "look at the file", {"line": 7})
    return Failure(error, permanent=permanent, blames_parser=blames_parser, **other)


def claim(store: Store, worker: str = "w1", **other: Any) -> Lease:
    """Claim the next job, which must be there."""
    [job] = store.jobs.claim_next(worker, limit=1, lease_ms=LEASE_MS, **other)
    return job.lease


def finish(store: Store, lease: Lease, place: str = "", **other: Any) -> list[str]:
    """Publish and complete a job; returns the jobs whose sets go."""
    replaced = publish(store, lease, place)
    assert store.jobs.complete([Completion(lease, **other)]) == [True]
    return [one.job_id for one in replaced]


def publish(store: Store, lease: Lease, place: str = "") -> Sequence[StandingSet]:
    """Promote a job; returns the sets that go."""
    [promoted] = store.jobs.promote([Promotion(lease, "{}", place)], lease_ms=LEASE_MS)
    assert promoted.granted, promoted
    return promoted.replaced
