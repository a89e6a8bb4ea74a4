"""How many jobs end each minute is counted once for each minute, whatever the store holds."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from casparian.core.queueing.throughput import MINUTES, Rate, ThroughputCount
from casparian.core.stores.sqlite.store import SqliteStore

NOW = 1_710_000_030_000
_ENDED = """
    INSERT INTO cf_jobs (job_id, status, parser, parser_version, source_hash, input_path,
        input_hash, input_size, priority, forced, run_at, max_attempts, max_crashes, created_at,
        finished_at)
    VALUES (hex(randomblob(8)), ?, 'p', '1', 's', '/a', 'a', 1, 0, 0, 0, 4, 3, 1, ?)
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with SqliteStore(tmp_path / "casparian.db") as store:
        yield store


def ended(store: SqliteStore, *jobs: tuple[str, int]) -> None:
    """Jobs that ended so many seconds before NOW."""
    store.connection.raw.executemany(_ENDED, [(status, NOW - 1_000 * s) for status, s in jobs])


def test_each_minute_has_its_jobs_and_old_ones_are_in_none(store: SqliteStore) -> None:
    ended(store, ("completed", 1), ("completed_with_warnings", 29), ("failed", 31))
    ended(store, ("dead_letter", 62), ("cancelled", 63), ("completed", 3_000), ("completed", 9_999))
    found = ThroughputCount(clock=lambda: 0.0).look(store, NOW)
    assert len(found.rates) == MINUTES
    assert found.rates[-3:] == (Rate(), Rate(0, 2), Rate(2, 0))
    assert sum(one.done for one in found.rates if one) == 3
    assert found.is_now(NOW)
    assert not found.is_now(NOW + 60_000)


def test_what_comes_later_is_added_and_nothing_is_counted_twice(store: SqliteStore) -> None:
    counting = ThroughputCount(clock=lambda: 0.0)
    for second in range(200):
        now = NOW + 1_000 * second
        store.connection.raw.execute(_ENDED, ("completed", now - 400))
        found = counting.look(store, now)
        assert sum(one.done for one in found.rates if one) == second + 1
    assert found.rates == ThroughputCount(clock=lambda: 0.0).look(store, now).rates


def test_after_a_long_rest_and_when_the_clock_was_put_back_all_is_counted_anew(
    store: SqliteStore,
) -> None:
    ended(store, ("completed", 5), ("completed", 500))
    counting = ThroughputCount(clock=lambda: 0.0)
    for moved in (0, 50 * 60_000, 0, 1_000, 0):
        found = counting.look(store, NOW + moved)
        assert found.rates == ThroughputCount(clock=lambda: 0.0).look(store, NOW + moved).rates
        assert sum(one.done for one in found.rates if one) == 2
    far = counting.look(store, NOW + 10 * 3_600_000)
    assert sum(one.done for one in far.rates if one) == 0


def test_a_look_counts_no_longer_than_it_may_and_the_next_goes_on(store: SqliteStore) -> None:
    ended(store, ("completed", 1_800))
    ticks = count()
    counting = ThroughputCount(clock=lambda: float(next(ticks)))
    looks = 0
    while None in (found := counting.look(store, NOW)).rates:
        looks += 1
        assert [one is None for one in found.rates] == sorted(
            (one is None for one in found.rates), reverse=True
        ), "the newest are counted first"
    assert looks == MINUTES - 2
    assert sum(one.done for one in found.rates if one) == 1


def test_what_fails_twice_in_the_present_minute_is_counted_once_and_what_waits_again_not_at_all(
    store: SqliteStore,
) -> None:
    counting = ThroughputCount(clock=lambda: 0.0)

    def failed(now: int) -> int:
        found = counting.look(store, now).rates
        assert found == ThroughputCount(clock=lambda: 0.0).look(store, now).rates
        present = found[-1]
        assert present is not None
        return present.failed

    ended(store, *[("failed", 10)] * 10)
    assert failed(NOW) == 10
    store.connection.raw.execute(
        "UPDATE cf_jobs SET status = 'pending', finished_at = NULL WHERE rowid IN "
        "(SELECT rowid FROM cf_jobs LIMIT 7)"
    )
    assert failed(NOW + 1_000) == 3, "they wait again"
    store.connection.raw.execute(
        "UPDATE cf_jobs SET status = 'failed', finished_at = ? WHERE status = 'pending'",
        (NOW + 1_500,),
    )
    assert failed(NOW + 2_000) == 10
    assert failed(NOW + 6_000) == 10, "once they are settled as well"


def test_a_failure_that_was_queued_again_is_none_soon_after(store: SqliteStore) -> None:
    ended(store, ("failed", 300), ("completed", 300), ("failed", 900), ("completed", 1_500))
    counting = ThroughputCount(clock=lambda: 0.0)
    counting.look(store, NOW)
    while not (found := counting.look(store, NOW, changed=False)).is_now(NOW):
        pass
    assert sum(one.failed for one in found.rates if one) == 2
    store.connection.raw.execute(
        "UPDATE cf_jobs SET status = 'pending', finished_at = NULL WHERE status = 'failed'"
    )
    looks = 1
    found = counting.look(store, NOW)
    while not found.is_now(NOW):
        found = counting.look(store, NOW, changed=False)
        looks += 1
    assert looks == 3, "one minute that had jobs at each look"
    assert found.rates == ThroughputCount(clock=lambda: 0.0).look(store, NOW).rates
    assert sum(one.failed for one in found.rates if one) == 0
