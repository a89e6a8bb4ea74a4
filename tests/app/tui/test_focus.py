"""While another window is worked in, the queue is looked at less often, and parsers run on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.widgets import Footer

from casparian.app.tui.app import CasparianApp
from casparian.app.tui.dev.pane import DevScreen
from casparian.app.tui.prod.pane import ProdScreen
from casparian.core.dev_session.events import RunEnded, RunStarted

from ..queued import Queued
from .cheap_apps import until
from .fed_dev import SAMPLES, FedHost, failed, result
from .prod_pane import lines_of, looked, pane_of, prod_app

ELSEWHERE = "while you are elsewhere"


@pytest.mark.asyncio
async def test_the_queue_is_looked_at_less_often_says_so_and_at_once_when_one_comes_back(
    queued: Queued, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    timer = ProdScreen.set_timer

    def noted(self: Any, delay: float, callback: Any = None, **more: Any) -> Any:
        if callback is not None and getattr(callback, "__name__", "") == "_tick":
            waits.append(delay)
        return timer(self, delay, callback, **more)

    monkeypatch.setattr(ProdScreen, "set_timer", noted)
    queued.add("/data/one.csv")
    app = prod_app(queued)
    async with app.run_test(size=(120, 40)) as pilot:
        pane = await looked(pilot)
        rates: list[float] = []
        every = pane._host.every
        monkeypatch.setattr(pane._host, "every", lambda s: (rates.append(s), every(s))[1])

        app.post_message(events.AppBlur())
        await until(pilot, lambda: f"every 5 s {ELSEWHERE}" in lines_of(app)[0])
        await until(pilot, lambda: waits[-1] == 5)
        app.post_message(events.AppFocus())
        await until(pilot, lambda: "every 1 s" in lines_of(app)[0])
        assert ELSEWHERE not in lines_of(app)[0]
        assert (rates, waits[-1]) == ([5, 1], 1)

        for _ in range(4):
            await pilot.press("minus")
        assert rates[-1] == 60
        app.post_message(events.AppBlur())
        await until(pilot, lambda: f"every 60 s {ELSEWHERE}" in lines_of(app)[0])
        queued.add("/data/two.csv")
        app.post_message(events.AppFocus())
        await until(pilot, lambda: "two.csv" in "\n".join(lines_of(app)))  # not a minute later


@pytest.mark.asyncio
async def test_who_paused_it_comes_back_to_what_was_paused(
    queued: Queued, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = prod_app(queued)
    async with app.run_test(size=(120, 40)) as pilot:
        pane = await looked(pilot)
        await pilot.press("p")
        rests: list[bool] = []
        monkeypatch.setattr(pane._host, "rest", rests.append)
        app.post_message(events.AppBlur())
        await until(pilot, lambda: pane.state.away)
        app.post_message(events.AppFocus())
        await until(pilot, lambda: not pane.state.away)
        assert rests == []
        assert "paused: p goes on" in lines_of(app)[0]
        assert pane is pane_of(app)


@pytest.mark.asyncio
async def test_beside_the_editor_what_a_save_does_is_on_the_screen_and_the_keys_when_one_comes_back(
    tmp_path: Path,
) -> None:
    host = FedHost()
    app = CasparianApp(host)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: getattr(app.screen, "tabs", None) is not None)
        screen = app.screen
        assert isinstance(screen, DevScreen)
        app.post_message(events.AppBlur())
        await until(pilot, lambda: not app.app_focus)

        def shows(*words: str) -> bool:
            return all(word in "\n".join(lines_of(app)) for word in words)

        first = result(tmp_path)
        host.tell(RunStarted(1, SAMPLES[0], "change", (), 1, 0))
        host.tell(RunEnded(1, SAMPLES[0], first, is_newest=True))
        await until(pilot, lambda: shows("plum jam", "8 rows", "Quarantine 3"))
        broken = failed(tmp_path)
        host.tell(RunStarted(2, SAMPLES[0], "change", (), 2, 0))
        host.tell(RunEnded(2, SAMPLES[0], broken, is_newest=True))
        await until(pilot, lambda: shows("✗ failed", "Error ✗", "≈ rows of run 1"))
        host.tell(RunStarted(3, SAMPLES[0], "change", (), 3, 0))
        await until(pilot, lambda: not screen.why_not_cancel())

        app.post_message(events.AppFocus())
        await until(pilot, lambda: app.focused is not None)
        await until(pilot, lambda: is_offered(screen, "x"))


@pytest.mark.asyncio
async def test_who_starts_it_and_goes_to_the_editor_has_its_keys_on_the_screen() -> None:
    app = CasparianApp(FedHost())
    app.set_reactive(CasparianApp.app_focus, False)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "? Help" in lines_of(app)[-1])
        assert not app.app_focus


def is_offered(screen: DevScreen, key: str) -> bool:
    keys: Any = screen.query_one(Footer).query("FooterKey")
    return any(one.key == key and not one.has_class("-disabled") for one in keys)
