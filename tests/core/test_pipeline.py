"""Work on other threads comes back in its order, in bounded amounts, with its errors in place."""

from __future__ import annotations

import threading

import pytest

from casparian.core.pipeline import Ahead, Behind


def test_results_come_back_in_the_order_of_their_calls() -> None:
    first_may_end = threading.Event()

    def first() -> str:
        assert first_may_end.wait(10)
        return "first"

    def second() -> str:
        first_may_end.set()  # ends before the first does
        return "second"

    ahead: Ahead[int, str] = Ahead(2)
    ahead.submit(1, first)
    ahead.submit(2, second)
    assert list(ahead.rest()) == [(1, "first"), (2, "second")]
    assert not len(ahead)
    ahead.close()


def test_calls_really_run_at_the_same_time() -> None:
    meet = threading.Barrier(2, timeout=10)
    ahead: Ahead[None, int] = Ahead(2)
    for _ in range(2):
        ahead.submit(None, meet.wait)
    assert sorted(result for _, result in ahead.rest()) == [0, 1]
    ahead.close()


def test_no_more_than_two_calls_per_thread_are_under_way() -> None:
    ahead: Ahead[int, int] = Ahead(2)
    done: list[int] = []
    for n in range(100):
        ahead.submit(n, lambda n=n: n)  # type: ignore[misc]
        done += [result for _, result in ahead.ready()]
        assert len(ahead) <= 4
    done += [result for _, result in ahead.rest()]
    assert done == list(range(100))
    ahead.close()


def test_an_error_is_raised_when_its_turn_comes() -> None:
    def fail() -> int:
        raise ValueError("the second")

    ahead: Ahead[int, int] = Ahead(2)
    ahead.submit(1, lambda: 10)
    ahead.submit(2, fail)
    ahead.submit(3, lambda: 30)
    results = ahead.rest()
    assert next(results) == (1, 10)
    with pytest.raises(ValueError, match="the second"):
        next(results)
    ahead.close()
    assert not len(ahead)


def test_what_is_handed_in_is_done_in_order_on_another_thread() -> None:
    done: list[tuple[int, str]] = []
    behind = Behind(10)
    for n in range(50):
        behind.put(1, lambda n=n: done.append((n, threading.current_thread().name)))  # type: ignore[misc]
    behind.drain()
    assert [n for n, _ in done] == list(range(50))
    assert {name for _, name in done} == {"write_0"}
    assert behind.idle
    behind.close()


def test_a_bounded_weight_waits() -> None:
    go, full = threading.Event(), threading.Event()
    behind = Behind(10)
    behind.put(6, lambda: go.wait(10))

    def hand_in() -> None:
        behind.put(6, lambda: None)  # 12 are more than 10: waits for the first
        full.set()

    feeder = threading.Thread(target=hand_in)
    feeder.start()
    assert not full.wait(0.1)
    go.set()
    assert full.wait(10)
    feeder.join()
    behind.drain()
    behind.close()


def test_after_a_failure_nothing_more_is_done() -> None:
    done: list[int] = []
    started = threading.Event()

    def fail() -> None:
        started.wait(10)
        raise OSError("disk full")

    behind = Behind(100)
    behind.put(1, fail)
    behind.put(1, lambda: done.append(1))
    started.set()
    with pytest.raises(OSError, match="disk full"):
        behind.drain()
    behind.close()
    assert done == []
