"""What the Dev pane makes of what it is told."""

from __future__ import annotations

from dataclasses import replace

from casparian.app.tui.dev.state import DevState, stages_of

from .fed_dev import SAMPLES, result


def test_the_bar_of_stages_says_of_a_warm_run_that_it_was_one(tmp_path):
    cold = result(tmp_path)
    warm = replace(cold, report=replace(cold.report, is_warm=True))
    notes = [
        stages_of(DevState(shown=SAMPLES[0], newest={SAMPLES[0]: one})).note for one in (cold, warm)
    ]
    assert [note.split(" · ")[1:] for note in notes] == [[], ["warm"]]
