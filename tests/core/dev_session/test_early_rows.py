"""The first rows are told while the parser goes on; a preview ends it there."""

from __future__ import annotations

import pyarrow as pa
import pytest

from casparian.core.dev_session import early_rows
from casparian.core.dev_session.early_rows import MOST_ROWS, EarlyTeller, early_table
from casparian.core.dev_session.events import EarlyRows, Progress, RunEnded


@pytest.fixture
def told(monkeypatch):
    monkeypatch.setattr(early_rows, "_EVERY", -1.0)  # each time that there are more
    return []


def test_each_time_all_rows_that_are_held_are_told_up_to_a_limit(told):
    teller = EarlyTeller(7, told.append)
    for start in range(0, 3 * MOST_ROWS, 900):
        teller.take("a", pa.table({"n": range(start, start + 900)}))
    assert [event.rows for event in told] == [900, 1_800, MOST_ROWS]
    assert {(event.run, event.output) for event in told} == {(7, "a")}
    assert early_table(told[-1])["n"].to_pylist() == list(range(MOST_ROWS))


def test_after_the_first_ones_rows_are_told_some_times_a_second(told, monkeypatch):
    monkeypatch.setattr(early_rows, "_EVERY", 60.0)
    teller = EarlyTeller(1, told.append)
    for _ in range(50):
        teller.take("a", pa.table({"n": [1]}))
    teller.take("b", pa.table({"n": [1]}))
    assert [(event.output, event.rows) for event in told] == [("a", 1), ("b", 1)]


def test_large_cells_and_frames_that_differ_are_told_in_part(told):
    teller = EarlyTeller(1, told.append)
    teller.take("large", pa.table({"t": ["x" * 300_000] * 100}))
    assert told[-1].rows == 3
    teller.take("empty", pa.table({"n": pa.array([], pa.int64())}))
    teller.take("differs", pa.table({"n": [1, 2]}))
    teller.take("differs", pa.table({"n": ["x"]}))
    teller.take("differs", pa.table({"n": [3]}))
    assert [(event.output, event.rows) for event in told] == [("large", 3), ("differs", 2)]


def test_rejected_rows_are_told_of_by_their_numbers(told):
    teller = EarlyTeller(1, told.append)
    teller.reject("a", pa.array([1, 4]))
    teller.take("a", pa.table({"n": [0, 2, 3]}))
    teller.reject("a", pa.array([5]))
    teller.take("a", pa.table({"n": [6]}))
    assert [event.left_out for event in told] == [(1, 4), (1, 4, 5)]


WAITING = """
import os
import time

def parse(path):
    yield [{"word": "first"}] * 3
    while not os.path.exists(path + ".go"):
        time.sleep(0.01)
    raise ValueError("no more")
"""
WITHOUT_END = """
def parse(path):
    try:
        while True:
            yield [{"word": "row"}] * 40
    finally:
        print("closed")
"""


def test_rows_are_told_before_the_run_ends_and_a_preview_ends_it_there(bench):
    bench.write(WAITING)
    session = bench.start()
    early = bench.told.wait(lambda: next(iter(bench.told.of(EarlyRows)), None))
    assert early_table(early)["word"].to_pylist() == ["first"] * 3
    assert bench.told.of(RunEnded) == []
    bench.sample("a.txt.go")
    failed = bench.result()
    assert failed.report.error.type == "ValueError"
    assert not failed.is_good, "what was told early makes no good result of it"

    session.pause_watching(True)
    bench.write(WITHOUT_END)
    session.run(first_rows=100)
    preview = bench.result(2)
    assert preview.report.status == "completed"
    assert (preview.report.rows, preview.report.stopped_after) == (100, 100)
    assert [line.message for line in preview.lines] == ["closed"]
    notice = preview.report.notices[-1]
    assert notice == "stopped after the first 100 rows (a preview: r runs all of it)"
    assert bench.told.of(Progress)
