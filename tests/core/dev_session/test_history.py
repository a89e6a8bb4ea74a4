"""Runs that have ended are stepped through, and what is still needed of them stays."""

from __future__ import annotations

from pathlib import Path

from casparian.core.dev_session.history import History
from casparian.core.dev_session.results import RunResult
from casparian.core.run_report import RunReport

A, B = Path("/a"), Path("/b")


def result(run, sample=A, *, good=True, size=1, reason="change"):
    status = "completed" if good else "failed"
    report = RunReport(status, "p", None, Path("/p.py"), sample, Path("/python"))
    return RunResult(
        run,
        sample,
        reason,
        0,
        "finished",
        report,
        Path("/f"),
        (),
        Path("/l"),
        (),
        0,
        0,
        0,
        None,
        size,
    )


def filled(*results, runs=3, size=1000):
    history = History(runs, size)
    gone = [old.run for each in results for old in history.add(each)]
    return history, gone


def test_the_newest_and_the_last_good_of_each_sample_stay_whatever_comes_after():
    history, gone = filled(
        result(1, B),
        result(2),
        result(3),
        result(4, good=False),
        *(result(n, good=False) for n in range(5, 9)),
    )
    assert history.last_good(B).run == 1
    assert history.last_good(A).run == 3
    assert history.newest(A).run == 8
    assert [r.run for r in history.results] == [1, 2, 3, 5, 6, 7, 8]
    assert gone == [4]
    assert history.previous_good(history.newest(A)).run == 3
    assert history.previous_good(history.get(3)).run == 2
    assert history.get(4) is None


def test_older_runs_go_when_they_take_too_much_room():
    history, gone = filled(*(result(n, size=400) for n in range(1, 6)), runs=10)
    assert [r.run for r in history.results] == [4, 5]
    assert gone == [1, 2, 3]


def test_a_registered_version_is_kept_apart():
    history, _ = filled(result(1), result(2, reason="registered"), result(3), result(4))
    assert history.registered(A).run == 2
    assert history.newest(A).run == 4
    history, _ = filled(result(1, reason="registered"))
    assert history.newest(A) is history.last_good(A) is None


def test_stepping():
    history, _ = filled(result(1), result(2, B), result(3), result(5))
    step = history.step
    assert step(5, -1).run == 3
    assert step(5, -2).run == 2
    assert step(5, -9).run == 1
    assert step(5, 1).run == 5
    assert step(1, 1, sample=A).run == 3
    assert step(4, 1).run == 5  # that run is gone, or goes on
    assert step(4, -1).run == 3
    assert step(9, -1).run == 5
    assert History(1, 1).step(1, 1) is None
