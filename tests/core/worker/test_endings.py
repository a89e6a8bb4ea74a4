"""What became of jobs, on its way to the store: what waits for another, and what that holds up."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

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
