"""What became of jobs, on its way to the store: what waits for another, and what that holds up."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from casparian.core.stores.jobs import Claim, Completion, NewJob
from casparian.core.worker.endings import Endings
from casparian.core.worker.runner_process import Work

from .conftest import READ, Workshop

LEASE_MS = 60_000


def test_a_set_is_held_back_while_another_of_the_same_input_is_published(
    workshop: Workshop,
) -> None:
    workshop.parser(READ)
    first = workshop.get(workshop.job())
    store = workshop.store
    again = NewJob(
        first.parser,
        first.parser_version,
        first.source_hash,
        first.input_path,
        first.input_hash,
        forced=True,
    )
    another = again._replace(input_path="/other", input_hash="o" * 64)
    store.jobs.insert_many([again, another])
    claimed = store.jobs.claim_next("w", limit=3, lease_ms=LEASE_MS)
    kept: Any = SimpleNamespace(drop=lambda lease: None)
    endings = Endings(store, kept, workshop.options(), workshop.reports.append)
    pairs: list[Any] = [(Work(job.lease, job, None, "{}"), object()) for job in claimed]
    for work, runner in pairs:
        endings.staged(work, runner)
    assert endings.held_back == 3
    endings.flush()
    assert endings.promoted() == [pairs[0], pairs[2]], "one for each input"
    assert endings.held_back == 1
    assert endings.waiting, "the worker doesn't end for that"
    endings.flush()
    assert endings.promoted() == [], "the first is still being published"
    store.jobs.complete([Completion(pairs[0][0].lease)])
    store.jobs.insert_many(
        again._replace(input_path=f"/{n}", input_hash=f"{n:064x}") for n in range(4)
    )
    endings.flush(Claim("w", 1))
    [claimed] = endings.claimed()
    assert [job.input_path for job in claimed.jobs] == ["/0", "/1"], "and one in place of the set"
    assert claimed.room == 2
    assert endings.claimed() == []
    endings.flush(Claim("w", 1))
    assert endings.claimed() == [], "where no set waits, the worker looks for jobs by itself"
    assert endings.promoted() == [pairs[1]]
    assert (endings.held_back, endings.waiting) == (0, False)


def test_a_published_set_is_completed_with_the_next_that_is_promoted_or_after_a_moment(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    workshop.parser(READ)
    jobs = [workshop.job(f"name,age\nAda,{age}\n") for age in range(4)]
    store = workshop.store
    claimed = store.jobs.claim_next("w", limit=4, lease_ms=LEASE_MS)
    kept: Any = SimpleNamespace(drop=lambda lease: None)
    endings = Endings(store, kept, workshop.options(), workshop.reports.append)
    works = [Work(job.lease, job, None, "{}", (1, 0)) for job in claimed]
    runner: Any = object()

    def statuses() -> list[str]:
        return [workshop.get(job_id).status for job_id in jobs]

    monkeypatch.setattr("casparian.core.worker.endings._MOMENT_S", 3_600.0)
    endings.staged(works[0], runner)
    endings.flush(more_to_come=True)
    endings.visible(works[0])
    endings.flush(more_to_come=True)
    assert statuses() == ["promoting", "running", "running", "running"]
    assert endings.waiting
    assert endings.due_at is not None
    endings.staged(works[1], runner)
    endings.flush(more_to_come=True)
    assert statuses() == ["completed", "promoting", "running", "running"]
    assert endings.due_at is None
    endings.visible(works[1])
    endings.flush()
    assert statuses()[1] == "completed", "nothing is to come"
    endings.staged(works[2], runner)
    endings.flush(more_to_come=True)
    monkeypatch.setattr("casparian.core.worker.endings._MOMENT_S", 0.0)
    endings.visible(works[2])
    endings.flush(more_to_come=True)
    assert statuses() == ["completed", "completed", "completed", "running"]
    assert [report.rows for report in workshop.ended()] == [1, 1, 1]
