"""Forgetting goes on, a few at a time, until all is forgotten that is to be."""

from __future__ import annotations

from pathlib import Path

import pytest

from casparian.core.queueing import pruning
from casparian.core.queueing.enqueue import enqueue
from casparian.core.queueing.pruning import count_prunable, prune_jobs
from casparian.core.stores.jobs import Failure, JobError
from casparian.core.stores.parsers import StoredParser
from casparian.core.stores.sqlite.store import SqliteStore

from .conftest import write

FAR = 10**15


def test_all_that_ended_is_forgotten_in_batches_and_with_it_the_files(
    store: SqliteStore, sales: StoredParser, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "_BATCH", 2)
    monkeypatch.setattr("casparian.core.queueing.hashing._TOO_YOUNG_NS", -(10**18))
    files = [write(data / f"{number}.csv") for number in range(7)]
    assert enqueue(store, files, [sales]).bytes_read
    for job in store.jobs.claim_next("w", limit=5, lease_ms=60_000):
        store.jobs.fail(job.lease, Failure(JobError("parser", "no"), permanent=True))
    assert count_prunable(store, before=FAR) == 5
    assert count_prunable(store, before=FAR, statuses=["completed"]) == 0
    assert prune_jobs(store, before=0) == 0
    assert len(store.files.known(list(map(str, files)))) == 7
    assert prune_jobs(store, before=FAR, statuses=["failed"]) == 5
    assert store.jobs.counts() == {"pending": 2}
    assert store.files.known(list(map(str, files))) == {}
