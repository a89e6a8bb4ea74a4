"""``casparian stats``: sums that are those of the jobs."""

from __future__ import annotations

import json

import pytest

from casparian.core.stores.workers import NewWorker

from .queued import Queued, bad_row, call


@pytest.fixture
def busy(queued: Queued) -> Queued:
    queued.register("bank")
    for number in range(5):
        queued.add(f"/data/{number}.csv", input_size=1_000)
    queued.finish(queued.claim(), rows=60)
    queued.finish(queued.claim(), rows=30, quarantined=10, quarantine=[bad_row(1)])
    for message in ("KeyError: 'a'", "KeyError: 'b'"):
        queued.fail(queued.claim(), message)
    queued.add("/data/b.csv", parser="bank")
    queued.fail(queued.claim(parser="bank"), "slow", error_class="timeout")
    queued.workers.announce(NewWorker("w1", "host-1", 77, 4, "0.1.0"))
    for number in range(3):
        queued.add(f"/data/run_{number}.csv")
        queued.claim(parser="sales")
    queued.parsers.pause("bank", "by hand")
    return queued


def test_an_empty_queue_has_stats_too(queued: Queued) -> None:
    done = call("stats")
    assert done.return_value == 0
    assert "no jobs" in done.stdout
    assert "none: casparian worker" in done.stdout


def test_people_see_what_waits_what_was_done_what_failed_and_who_works(busy: Queued) -> None:
    told = call("stats").stdout
    for part in (
        "1 pending · 3 running · 1 completed · 1 warnings · 3 failed",
        "the oldest pending job waits ",
        "! bank is paused: by hand; casparian parser resume bank",
        "2  sales  parser: KeyError: 'b'",
        "1  bank  timeout: slow",
        "w1  host-1 pid 77  3 of 4 slots busy, last heard of just now",
    ):
        assert part in told
    [sales] = [line.split() for line in told.splitlines() if line.startswith("  sales")]
    assert sales[:4] == ["sales", "2", "1", "2"]
    assert sales[5:8] == ["90", "10.00%", "2.0"]


def test_json_has_the_same_sums(busy: Queued) -> None:
    told = json.loads(call("stats", "--json").stdout)
    assert told["counts"]["failed"] == 3
    assert told["oldest_pending_ms"] >= 0
    sales = next(parser for parser in told["parsers"] if parser["parser"] == "sales")
    assert (sales["completed"], sales["with_warnings"], sales["failed"]) == (1, 1, 2)
    assert (sales["rows"], sales["quarantined"], sales["quarantine_share"]) == (90, 10, 0.1)
    assert sales["jobs_per_hour"] == pytest.approx(4 / 24, abs=0.01)
    assert told["total"]["failed"] == 3
    assert [failure["jobs"] for failure in told["failures"]] == [2, 1]
    assert [worker["worker_id"] for worker in told["workers"]] == ["w1"]
    assert [paused["parser"] for paused in told["paused"]] == ["bank"]


def test_since_bounds_what_ended(busy: Queued) -> None:
    told = json.loads(call("stats", "--since", "2999-01-01", "--json").stdout)
    assert told["parsers"] == told["failures"] == []
    assert told["total"]["rows"] == 0
    assert told["counts"]["failed"] == 3, "these are all jobs"
