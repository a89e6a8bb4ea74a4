"""The list of samples: thousands are as quick as three, and the cursor says which is shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import OptionList

from casparian.app.tui.app import CasparianApp
from casparian.app.tui.dev.pane import DevScreen
from casparian.app.tui.dev.samples_list import SamplesList
from casparian.core.dev_session.events import Chosen, Progress, RunStarted

from .cheap_apps import until
from .fed_dev import PARSER, SAMPLES, FedHost, result


def screen_of(app: CasparianApp) -> DevScreen:
    assert isinstance(app.screen, DevScreen)
    return app.screen


def lines(app: CasparianApp) -> list[str]:
    table = app.screen.query_one(SamplesList)
    return [table.render_line(y).text for y in range(table.scrollable_content_region.height)]


@pytest.mark.asyncio
async def test_keys_and_clicks_go_to_a_sample_and_tell_the_session(tmp_path: Path) -> None:
    host = FedHost()
    app = CasparianApp(host)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: screen_of(app).tabs is not None)
        host.show_results([result(tmp_path)])
        await pilot.pause()
        assert lines(app)[0].split() == ["!", "sales_january.csv", "8", "!3", "0.3s"]
        for key, at in (("j", 1), ("down", 2), ("j", 2), ("g", 0), ("G", 2), ("ctrl+up", 1)):
            await pilot.press(key)
            await pilot.pause()
            assert screen_of(app).state.shown == SAMPLES[at], key
        await pilot.click(SamplesList, offset=(6, 1))
        assert screen_of(app).state.shown == SAMPLES[0]
        shown = [words[1] for words in host.asked if words[0] == "show"]
        assert shown == [SAMPLES[at] for at in (1, 2, 0, 2, 1, 0)]


@pytest.mark.asyncio
async def test_of_ten_thousand_samples_only_the_visible_are_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host = FedHost()
    app = CasparianApp(host)
    many = tuple(Path(f"/data/{number:05}.csv") for number in range(10_000))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: screen_of(app).tabs is not None)
        drawn: list[int] = []
        draw = SamplesList.render_line
        monkeypatch.setattr(
            SamplesList, "render_line", lambda self, y: (drawn.append(y), draw(self, y))[1]
        )
        host.tell(Chosen(PARSER, many, many[0], 1))
        await until(pilot, lambda: "00000.csv" in lines(app)[0])
        host.tell(RunStarted(1, many[0], "change", (), 1, 0))
        await until(pilot, lambda: "running" in lines(app)[0])
        await pilot.press("G")
        await until(pilot, lambda: "09999.csv" in lines(app)[-1])
        assert not isinstance(app.screen.query_one("#samples"), OptionList)
        assert len(drawn) < 1_000
        # What does not touch the list is not worked out for each of its lines.
        listed: list[object] = []
        monkeypatch.setattr(SamplesList, "show", lambda *words: listed.append(words))
        for rows in range(100):
            host.tell(Progress(1, rows, None, None))
        await pilot.pause()
        assert screen_of(app).state.running is not None
        assert listed == []
