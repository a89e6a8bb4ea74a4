"""What the stores of parsers, quarantined rows and workers promise."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from casparian.core.stores.errors import ParserExistsError, ParserInUseError
from casparian.core.stores.jobs import Completion, Promotion
from casparian.core.stores.obstacles import NewObstacle
from casparian.core.stores.parsers import NewParser
from casparian.core.stores.quarantine import QuarantinedRow, StoredReason
from casparian.core.stores.standing_sets import Promoted
from casparian.core.stores.store import Store
from casparian.core.stores.workers import NewWorker

from .clock import LEASE_MS, Clock, claim, new_job


def parser(version: str = "1.0.0", content: bytes = b"zip", **other: Any) -> NewParser:
    made: dict[str, Any] = {
        "name": "sales",
        "version": version,
        "source_hash": hashlib.sha256(content).hexdigest(),
        "lockfile_hash": "l" * 64,
        "entrypoint": "parser.py",
        "topics": ("sales",),
        "contract": '{"sales": {}}',
        "contract_hash": "c" * 64,
        "archive": content,
    }
    return NewParser(**{**made, **other})


def test_a_bundle_comes_back_as_it_was_registered(store: Store, clock: Clock) -> None:
    new = parser(content=b"\0zip\xff")
    assert store.parsers.insert(new)
    found = store.parsers.get(new.source_hash)
    assert found is not None
    assert (found.name, found.topics, found.registered_at) == ("sales", ("sales",), clock.now)
    assert store.parsers.archive(new.source_hash) == b"\0zip\xff"
    assert store.parsers.to_run(new.source_hash) == (
        found.entrypoint,
        found.contract,
        found.contract_hash,
    )
    assert store.parsers.get("0" * 64) is None
    assert store.parsers.to_run("0" * 64) is None
    assert store.parsers.archive("0" * 64) is None


def test_the_same_content_is_registered_once(store: Store) -> None:
    assert store.parsers.insert(parser())
    assert not store.parsers.insert(parser())


def test_a_version_never_changes_its_content_but_by_force(store: Store) -> None:
    store.parsers.insert(parser())
    with pytest.raises(ParserExistsError, match=r"sales 1\.0\.0"):
        store.parsers.insert(parser(content=b"other"))
    assert store.parsers.insert(parser(content=b"other"), force=True)
    now = store.parsers.get_by_name_version("sales", "1.0.0")
    assert now is not None
    assert store.parsers.archive(now.source_hash) == b"other"
    assert store.parsers.archive(parser().source_hash) == b"zip", "jobs are pinned to it"
    assert store.parsers.insert(parser(), force=True), "back to what it was"
    assert store.parsers.latest("sales").source_hash == parser().source_hash  # type: ignore[union-attr]


def test_the_latest_is_what_was_registered_last(store: Store) -> None:
    store.parsers.insert(parser("2.0.0", b"2"))
    store.parsers.insert(parser("1.9.9", b"1"))
    store.parsers.insert(parser("1.0.0", b"3", name="other", topics=("sales", "all")))
    assert [p.version for p in store.parsers.list()] == ["1.0.0", "1.9.9"]
    assert [p.version for p in store.parsers.list(all_versions=True)] == [
        "1.0.0",
        "2.0.0",
        "1.9.9",
    ]
    assert store.parsers.latest("none") is None


def test_parsers_are_found_by_the_topics_of_their_latest_version(store: Store) -> None:
    store.parsers.insert(parser("1.0.0", b"1", topics=("old",)))
    store.parsers.insert(parser("1.1.0", b"2", topics=("new", "all")))
    assert [p.version for p in store.parsers.find_by_topic("all")] == ["1.1.0"]
    assert store.parsers.find_by_topic("old") == []


def test_a_parser_is_paused_and_resumed_once(store: Store) -> None:
    assert store.parsers.pause("sales", "by hand")
    assert not store.parsers.pause("sales", "again")
    assert store.parsers.health()["sales"].paused_reason == "by hand"
    assert store.parsers.resume("sales")
    assert not store.parsers.resume("sales")
    assert store.parsers.health()["sales"].paused_at is None


def test_a_parser_is_removed_as_a_whole_or_a_version_of_it(store: Store) -> None:
    store.parsers.insert(parser("1.0.0", b"1"))
    store.parsers.insert(parser("1.0.0", b"1b"), force=True)
    store.parsers.insert(parser("2.0.0", b"2"))
    store.parsers.insert(parser("1.0.0", b"3", name="other"))
    store.parsers.pause("sales", "by hand")
    assert store.parsers.remove("sales", "9.9.9") == 0
    assert store.parsers.remove("sales", "1.0.0") == 2, "what it meant before goes as well"
    assert store.parsers.archive(parser(content=b"1").source_hash) is None
    assert store.parsers.health()["sales"].paused_at is not None, "another version is there"
    assert store.parsers.remove("sales") == 1
    assert store.parsers.latest("sales") is None
    assert "sales" not in store.parsers.health()
    assert store.parsers.latest("other") is not None


def test_a_parser_whose_jobs_have_not_ended_is_not_removed(store: Store) -> None:
    used, unused = parser("1.0.0", b"1"), parser("2.0.0", b"2")
    for one in (used, unused):
        store.parsers.insert(one)
    pinned = new_job(1)._replace(parser="sales", source_hash=used.source_hash)
    job = store.jobs.insert(pinned).job_id
    for version in ("1.0.0", None):
        with pytest.raises(ParserInUseError, match="a job that has not ended needs it"):
            store.parsers.remove("sales", version)
    assert store.parsers.remove("sales", "2.0.0") == 1, "no job is pinned to it"
    store.jobs.cancel(job)
    assert store.parsers.remove("sales") == 1


def row(number: int, *reasons: tuple[str, str], output: str = "o") -> QuarantinedRow:
    told = tuple(
        StoredReason(column, kind, f"row {number + 1}: {kind}") for column, kind in reasons
    )
    return QuarantinedRow(output, number, told, f"[{number}]", 3, "0" * 64)


def test_quarantined_rows_come_back_in_pages_with_all_their_reasons(store: Store) -> None:
    rows = [row(2, ("a", "x"), ("b", "y")), row(10, ("a", "x")), row(1, ("a", "x"), output="p")]
    assert store.quarantine.insert_many("j", reversed(rows)) == 3
    first = store.quarantine.list_for_job("j", limit=2)
    assert list(first) == rows[:2]
    assert list(store.quarantine.list_for_job("j", after=("o", 10))) == rows[2:]


def test_quarantined_rows_are_replaced_as_a_whole(store: Store) -> None:
    store.quarantine.insert_many("j", [row(1, ("a", "x")), row(2, ("a", "x"))])
    store.quarantine.insert_many("k", [row(1, ("a", "x"))])
    store.quarantine.insert_many("j", [row(3, ("a", "x"))])
    assert store.quarantine.counts(["j", "k", "none"]) == {"j": 1, "k": 1, "none": 0}
    assert store.quarantine.delete_for_job("j") == 1
    assert store.quarantine.list_for_job("j") == []


def test_reasons_are_grouped_by_output_column_and_kind(store: Store) -> None:
    store.quarantine.insert_many(
        "j", [row(5, ("a", "x"), ("b", "y")), row(3, ("a", "x")), row(4, ("a", "z"))]
    )
    found = [
        (group.column, group.error_type, group.cells, group.first_row, group.message)
        for group in store.quarantine.groups("j")
    ]
    assert found == [
        ("a", "x", 2, 3, "row 4: x"),
        ("a", "z", 1, 4, "row 5: z"),
        ("b", "y", 1, 5, "row 6: y"),
    ]


def test_a_worker_is_seen_from_its_start_to_its_end(store: Store, clock: Clock) -> None:
    store.workers.announce(NewWorker("w1", "host", 7, 4, "0.1.0", "boot", 99))
    clock.forward(500)
    assert store.workers.beat("w1")
    [worker] = store.workers.list()
    assert (worker.pid, worker.slots, worker.busy) == (7, 4, 0)
    assert worker.last_seen - worker.started_at == 500
    store.workers.retire("w1")
    assert store.workers.list() == []
    assert [w.worker_id for w in store.workers.list(retired=True)] == ["w1"]
    assert not store.workers.beat("w1")
    assert not store.workers.beat("unknown")


def test_a_worker_is_as_busy_as_the_jobs_say_at_any_moment(store: Store) -> None:
    store.workers.announce(NewWorker("w1", "host", 7, 4, "0.1.0"))
    store.jobs.insert_many([new_job(1), new_job(2), new_job(3)])
    leases = [claim(store, "w1"), claim(store, "w1")]
    claim(store, "w2")
    assert [worker.busy for worker in store.workers.list()] == [2]
    assert store.jobs.promote([Promotion(leases[0], "{}")], lease_ms=LEASE_MS) == [
        Promoted("granted")
    ]
    assert [worker.busy for worker in store.workers.list()] == [2]
    assert store.jobs.release(leases[1])
    assert store.jobs.complete([Completion(leases[0])]) == [True]
    assert [worker.busy for worker in store.workers.list()] == [0]


def test_workers_that_are_gone_are_forgotten_unless_they_hold_a_job(
    store: Store, clock: Clock
) -> None:
    store.workers.announce(NewWorker("idle", "host", 7, 1, "0.1.0"))
    store.workers.announce(NewWorker("holds", "host", 8, 1, "0.1.0"))
    store.jobs.insert(new_job(1))
    claim(store, "holds")
    clock.forward(10)
    assert store.workers.forget(before=clock.now) == 1
    assert [worker.worker_id for worker in store.workers.list()] == ["holds"]


def obstacle(worker_id: str = "w", **other: Any) -> NewObstacle:
    made: dict[str, Any] = {
        "host": "host",
        "parser": "sales",
        "parser_version": "1.0.0",
        "source_hash": "s" * 64,
        "error_class": "environment_error",
        "message": "there is no network",
        "hint": "plug it in",
        "next_try_in_ms": 1_000,
    }
    return NewObstacle(worker_id, **{**made, **other})


def test_what_keeps_jobs_from_being_run_is_seen_while_they_wait(store: Store, clock: Clock) -> None:
    store.workers.announce(NewWorker("w", "host", 7, 1, "0.1.0"))
    store.obstacles.note(obstacle())
    store.jobs.insert(new_job(2, source_hash="n" * 64))
    assert store.obstacles.list() == [], "of its bundle nothing waits"
    store.jobs.insert(new_job(1, parser="sales"))
    begun = clock.now
    clock.forward(500)
    store.obstacles.note(obstacle(message="there is no route", next_try_in_ms=2_000))
    [met] = store.obstacles.list()
    assert (met.since, met.tried_at, met.next_try_at) == (begun, clock.now, clock.now + 2_000)
    assert (met.parser, met.message, met.hint) == ("sales", "there is no route", "plug it in")
    store.obstacles.clear("w", "o" * 64)
    assert len(store.obstacles.list()) == 1
    store.obstacles.clear("w", "s" * 64)
    assert store.obstacles.list() == []


def test_a_worker_that_can_run_them_forgets_for_those_that_left_and_not_for_those_that_stay(
    store: Store, clock: Clock
) -> None:
    store.jobs.insert(new_job(1, parser="sales"))
    for worker_id in ("left", "stays", "able"):
        store.workers.announce(NewWorker(worker_id, "host", 7, 1, "0.1.0"))
        if worker_id != "able":
            store.obstacles.note(obstacle(worker_id))
    store.workers.retire("left")
    assert len(store.obstacles.list()) == 2, "why its jobs wait is told when it has ended, too"
    store.obstacles.clear("able", "s" * 64)
    assert [met.worker_id for met in store.obstacles.list()] == ["stays"]
    clock.forward(10)
    store.workers.forget(before=clock.now)
    assert store.obstacles.list() == []
