"""What the Dev pane makes of what it is told."""

from __future__ import annotations

from dataclasses import replace

from casparian.app.tui.dev.state import DevState, after, begins_a_run, stages_of
from casparian.core.dev_session.events import RunEnded, RunStarted, Stage

from .fed_dev import SAMPLES, result


def test_the_bar_of_stages_says_of_a_warm_run_that_it_was_one(tmp_path):
    cold = result(tmp_path)
    warm = replace(cold, report=replace(cold.report, is_warm=True))
    notes = [
        stages_of(DevState(shown=SAMPLES[0], newest={SAMPLES[0]: one})).note for one in (cold, warm)
    ]
    assert [note.split(" · ")[1:] for note in notes] == [[], ["warm"]]


def test_that_a_run_has_begun_waits_and_its_end_does_not(tmp_path):
    drawn = after(DevState(shown=SAMPLES[0], samples=SAMPLES), ended(result(tmp_path)))
    begun = after(drawn, started(2))
    assert begins_a_run(drawn, begun)
    assert begins_a_run(drawn, after(begun, Stage(2, "parse", None)))
    assert begins_a_run(begun, after(begun, started(3))), "the next one took its place"
    assert not begins_a_run(begun, after(begun, Stage(2, "parse", None))), "it is long enough now"
    assert not begins_a_run(drawn, after(begun, ended(result(tmp_path, 2))))


def started(run):
    return RunStarted(run, SAMPLES[0], "change", (), 1, 0)


def ended(found):
    return RunEnded(found.run, found.sample, found, is_newest=True)
