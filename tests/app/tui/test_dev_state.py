"""What the Dev pane makes of what it is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from casparian.app.tui.app import CasparianApp
from casparian.app.tui.dev import run_actions
from casparian.app.tui.dev.diff_tab import _waiting
from casparian.app.tui.dev.stage_bar import StageBar
from casparian.app.tui.dev.state import (
    DevState,
    after,
    begins_a_run,
    comparing_with,
    mood_of,
    sample_lines,
    showing,
    stages_of,
    stepped,
    steps,
)
from casparian.app.tui.widgets.log_area import LogArea
from casparian.app.tui.widgets.table_area import TableArea
from casparian.core.dev_session.early_rows import EarlyTeller
from casparian.core.dev_session.events import (
    EarlyRows,
    Lines,
    Progress,
    RunEnded,
    RunStarted,
    Stage,
)
from casparian.core.events import Log
from casparian.core.interpreter import Interpreter

from .cheap_apps import until
from .fed_dev import ERROR, SAMPLES, FedHost, failed, result


def test_the_bar_of_stages_says_if_a_run_was_warm_or_cold(tmp_path):
    cold = result(tmp_path)
    warm = replace(cold, report=replace(cold.report, is_warm=True))
    bars = [stages_of(DevState(shown=SAMPLES[0], newest={SAMPLES[0]: one})) for one in (cold, warm)]
    assert [bar.done[0] for bar in bars] == [("cold start", 212.0), ("warm start", 212.0)]


def test_the_first_rows_are_shown_until_the_run_ends_and_make_no_result_of_one_that_fails(tmp_path):
    drawn = after(DevState(shown=SAMPLES[0], samples=SAMPLES), ended(result(tmp_path)))
    begun = after(drawn, started(2))
    assert begun.coming is None
    early = after(begun, EarlyRows(2, "sales", 3, b""))
    assert early.coming is early.running
    assert not begins_a_run(drawn, early), "rows are drawn at once"
    assert after(early, EarlyRows(1, "sales", 9, b"")).coming.early["sales"].rows == 3
    assert replace(early, shown=SAMPLES[1]).coming is None
    over = after(early, ended(failed(tmp_path)))
    assert over.coming is None
    assert mood_of(over.result) == "failed"
    assert over.table is drawn.result
    assert over.is_stale


def test_a_stage_that_was_not_come_to_has_no_chip(tmp_path):
    ended_early = result(tmp_path)
    spent = {"load": 3.0, "validate": 0.0, "write": 0.0, "total": 5.0}
    broken = replace(ended_early, report=replace(ended_early.report, timings_ms=spent))
    bar = stages_of(DevState(shown=SAMPLES[0], newest={SAMPLES[0]: broken}))
    assert bar.done == (("load", 3.0),)


def test_a_preview_is_told_as_one_and_is_compared_with_none_but_previews(tmp_path):
    def preview(run):
        found = result(tmp_path, run)
        return replace(found, report=replace(found.report, stopped_after=8))

    state = after(DevState(shown=SAMPLES[0], samples=SAMPLES), ended(result(tmp_path)))
    state = after(state, ended(preview(2)))
    assert state.compared_with is None
    assert "compared with another preview only" in _waiting(state)
    assert "no earlier run" not in _waiting(state), "there is one, of all rows"
    assert stages_of(state).part == "preview: the first 8 rows"
    assert sample_lines(state)[0].is_part
    state = after(state, ended(preview(3)))
    assert state.compared_with.run == 2
    assert after(state, ended(result(tmp_path, 4))).compared_with.run == 1
    assert not comparing_with(state, "registered").lacks_registered


def test_the_result_of_a_run_that_a_newer_one_took_the_place_of_is_never_shown_as_new(tmp_path):
    state = after(DevState(shown=SAMPLES[0], samples=SAMPLES), ended(result(tmp_path, 2)))
    older = result(tmp_path, 1)
    late = after(state, RunEnded(1, SAMPLES[0], older, is_newest=False))
    assert late.result is state.result
    assert late.table is state.table
    assert late.comparison is state.comparison
    superseded = after(state, RunEnded(1, SAMPLES[0], replace(older, ended="superseded"), False))
    assert superseded.history == state.history, "it can't be stepped to"


def test_stepping_goes_through_the_runs_of_the_sample_that_is_shown(tmp_path):
    other = SAMPLES[1]
    state = DevState(shown=SAMPLES[0], samples=SAMPLES)
    for run, sample in enumerate((SAMPLES[0], other, SAMPLES[0], other), start=1):
        found = result(tmp_path, run, sample=sample)
        state = after(state, RunEnded(run, sample, found, is_newest=True))
    assert steps(state) == (1, 2)
    older = stepped(state, -1)
    assert older.result.run == 1
    assert "1 of 2" in stages_of(older).note
    assert stepped(older, -1) == older
    assert stepped(older, 1).result.run == 3
    never_run = showing(state, SAMPLES[2])
    assert stepped(never_run, -1).result is None


def test_an_older_failure_is_not_shown_as_one_of_the_parser_as_it_is_now(tmp_path):
    state = after(DevState(shown=SAMPLES[0], samples=SAMPLES), ended(failed(tmp_path, 1)))
    assert sample_lines(state)[0].mood == "failed"
    mended = replace(state, revision=99)
    [line, *_] = sample_lines(mended)
    assert (line.mood, line.was_failed) == ("stale", True)


def test_rows_stay_and_changes_are_told_of_across_runs_that_had_none(tmp_path):
    """The last good result stays, marked stale; what works again is compared with what worked."""

    def without_rows(run, ending="finished"):
        broken = result(tmp_path, run)
        [output] = broken.report.outputs
        empty = replace(output, rows=0, rows_quarantined=0)  # its table is there, for its contract
        report = replace(broken.report, status="failed", outputs=(empty,), error=ERROR)
        return replace(broken, report=report, ended=ending)

    good = after(DevState(shown=SAMPLES[0], samples=SAMPLES), ended(result(tmp_path)))
    violating = after(good, ended(without_rows(2)))
    assert violating.table is good.result
    assert violating.is_stale
    assert violating.with_columns is violating.result
    assert violating.compared_with is None
    half_typed = after(violating, ended(failed(tmp_path, 3)))
    assert half_typed.table is good.result
    assert half_typed.with_columns is good.result
    assert not comparing_with(half_typed, "registered").lacks_registered
    stopped = replace(result(tmp_path, 4), ended="cancelled")
    mended = after(after(half_typed, ended(stopped)), ended(result(tmp_path, 5)))
    assert mended.compared_with is good.result


def test_that_a_run_has_begun_waits_and_its_end_does_not(tmp_path):
    drawn = after(DevState(shown=SAMPLES[0], samples=SAMPLES), ended(result(tmp_path)))
    begun = after(drawn, started(2))
    assert begins_a_run(drawn, begun)
    assert begins_a_run(drawn, after(begun, Stage(2, "parse", None)))
    assert begins_a_run(begun, after(begun, started(3))), "the next one took its place"
    assert not begins_a_run(begun, after(begun, Stage(2, "parse", None))), "it is long enough now"
    assert not begins_a_run(drawn, after(begun, ended(result(tmp_path, 2))))


@pytest.mark.asyncio
async def test_p_asks_for_a_preview_and_early_rows_are_on_the_screen_until_the_run_ends(tmp_path):
    host = FedHost()
    app = CasparianApp(host)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.screen.tabs is not None)
        await pilot.press("P")
        assert host.asked[-1] == ("run", SAMPLES[0], ("first_rows", 100))
        output = app.screen.tabs.output.query_one(TableArea).table
        host.tell(started(1))
        EarlyTeller(1, host.tell).take("sales", pa.table({"item": ["fig", "plum"]}))
        await pilot.pause()
        assert output.status.counts == "▷ still coming: 2 rows so far"
        host.tell(Progress(1, 5_000, None, None))
        await pilot.pause()
        assert output.status.counts == "▷ still coming: the first 2 of 5,000 rows so far"
        host.tell(ended(failed(tmp_path, 1)))
        await pilot.pause()
        assert output.status.counts == "no rows"
        assert app.screen.query_one(StageBar).stages.mood == "failed"


@pytest.mark.asyncio
async def test_the_log_counts_lines_that_came_too_fast_and_says_where_earlier_ones_are(tmp_path):
    host = FedHost()
    app = CasparianApp(host)
    many = tuple(Log("stdout", f"line {number}") for number in range(100))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.screen.tabs is not None)
        await pilot.press("3")
        log = app.screen.tabs.log.query_one(LogArea).log_view
        host.tell(started(1))
        host.tell(Lines(1, 0, many[:50]))
        await until(pilot, lambda: log.status.counts == "50 lines")
        host.tell(Lines(1, 9_000, many[:50]))
        await until(pilot, lambda: log.status.counts == "100 of 9,050 lines")
        assert "… 8,950 lines came too fast to be shown here" in drawn(log)
        over = replace(result(tmp_path, 1), lines=many[:50], line_count=9_050)
        host.tell(ended(over))
        await pilot.pause()
        assert log.status.counts == "100 of 9,050 lines", "what was shown stays"
        host.tell(ended(result(tmp_path, 2)))
        await until(pilot, lambda: log.status.counts == "4 lines")
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: log.status.counts == "50 of 9,050 lines")
        assert f"… 9,000 lines are in {over.log_file}" in drawn(log)


@pytest.mark.asyncio
async def test_what_casparian_says_of_a_run_stands_at_the_end_of_its_log(tmp_path):
    host = FedHost()
    app = CasparianApp(host)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.screen.tabs is not None)
        await pilot.press("3")
        log = app.screen.tabs.log.query_one(LogArea).log_view
        bare = result(tmp_path, 1)
        python = Interpreter(Path("/venv/bin/python"), "VIRTUAL_ENV", ("/old/.venv: no pyarrow",))
        report = replace(bare.report, notices=("fn.py is an ad-hoc parser",))
        host.tell(started(1))
        host.tell(Lines(1, 0, bare.lines))
        host.tell(ended(replace(bare, report=report, python=python)))
        await until(pilot, lambda: log.status.counts == "7 lines")
        assert [line.partition("casparian: ")[2] for line in drawn(log)[-3:]] == [
            "it ran in /venv/bin/python (VIRTUAL_ENV)",
            "passed over: /old/.venv: no pyarrow",
            "fn.py is an ad-hoc parser",
        ]
        host.tell(ended(result(tmp_path, 2)))
        await until(pilot, lambda: log.status.counts == "4 lines")


@pytest.mark.asyncio
async def test_a_run_that_takes_long_is_said_to_and_a_newer_one_begins_anew(tmp_path, monkeypatch):
    monkeypatch.setattr(run_actions, "LONG", {0.05: "5 s", 0.1: "15 s"})
    host = FedHost()
    app = CasparianApp(host)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.screen.tabs is not None)
        bar = app.screen.query_one(StageBar)
        host.tell(started(1))
        host.tell(Progress(1, 5_000, None, None))
        await until(pilot, lambda: bar.stages.note == "5,000 rows · for more than 15 s: x ends it")
        monkeypatch.setattr(run_actions, "LONG", {60: "a minute"})
        host.tell(started(2))
        await until(pilot, lambda: bar.stages.note == "")
        assert app.screen._timed[0] == 2
        host.tell(ended(failed(tmp_path, 2)))
        await until(pilot, lambda: app.screen._timed is None)


def drawn(log):
    lines = [log._segments(y) for y in range(log.virtual_size.height)]
    return ["".join(segment.text for segment in line).rstrip() for line in lines]


def started(run):
    return RunStarted(run, SAMPLES[0], "change", (), 1, 0)


def ended(found):
    return RunEnded(found.run, found.sample, found, is_newest=True)
