"""A worker that can't keep its leases ends its jobs before others may take them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from casparian.core.stores.errors import StoreUnreachableError
from casparian.core.stores.jobs import Beat, Lease
from casparian.core.worker.leases import LeaseKeeper

LEASE = Lease("ab12", 3)


class Beats:
    """A store that answers heartbeats as a test wants it."""

    def __init__(self, answer: Callable[[Sequence[Lease]], list[Beat]]) -> None:
        self.answer = answer
        self.count = 0
        self.jobs = SimpleNamespace(heartbeat=self.heartbeat)
        self.workers = SimpleNamespace(beat=lambda worker_id: True)

    def heartbeat(self, leases: Sequence[Lease], *, lease_ms: int) -> list[Beat]:
        self.count += 1
        return self.answer(leases)

    def close(self) -> None:
        pass


def keeper(store: Beats, problems: list[str]) -> LeaseKeeper:
    made: Any = store
    return LeaseKeeper(lambda: made, "w", lease_s=0.6, interval_s=0.1, on_problem=problems.append)


def unreachable(_: Sequence[Lease]) -> list[Beat]:
    raise StoreUnreachableError("the store is away")


def test_a_lease_is_kept_as_long_as_the_store_says_so() -> None:
    store = Beats(lambda leases: [Beat(lease, True) for lease in leases])
    leases = keeper(store, [])
    leases.start()
    ended = threading.Event()
    leases.keep(LEASE, trusted_from=time.monotonic(), end=ended.set)
    assert not ended.wait(1.0), "more than the lease"
    assert not leases.is_lost(LEASE)
    leases.stop()
    assert store.count >= 5


@pytest.mark.parametrize(
    "answer", [lambda leases: [Beat(lease, False) for lease in leases], unreachable]
)
def test_a_lease_that_is_gone_or_cannot_be_renewed_ends_its_work_in_time(
    answer: Callable[[Sequence[Lease]], list[Beat]],
) -> None:
    problems: list[str] = []
    leases = keeper(Beats(answer), problems)
    ended = threading.Event()
    begun = time.monotonic()
    leases.keep(LEASE, trusted_from=begun, end=ended.set)
    leases.start()
    assert ended.wait(5)
    leases.stop()
    assert leases.is_lost(LEASE)
    assert len(problems) == (answer is unreachable), "it is told once, not at every beat"
    leases.drop(LEASE)
    assert not leases.is_lost(LEASE)


def test_a_beat_counts_from_before_it_was_sent() -> None:
    """A slow answer must not prolong what the store has begun to count long ago."""

    def slow(leases: Sequence[Lease]) -> list[Beat]:
        time.sleep(0.7)  # the slowness itself is what is looked at
        return [Beat(lease, True) for lease in leases]

    leases = keeper(Beats(slow), [])
    ended = threading.Event()
    leases.keep(LEASE, trusted_from=time.monotonic() - 0.3, end=ended.set)
    leases.start()
    assert ended.wait(5)
    leases.stop()
