"""What is typed faster than it is taken goes where it would have gone if it had been waited for.

Over a slow connection many keys come at once: those behind the one that opens a line to type in
must not be taken for actions.
"""

from __future__ import annotations

import time

import pytest
from textual import events
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.screen import ModalScreen, Screen
from textual.widgets import Input

from casparian.app.tui import keys_in_order
from casparian.app.tui.keys_in_order import KeysInOrder
from casparian.app.tui.prod.enqueue_screen import EnqueueScreen
from casparian.app.tui.prod.filter_bar import FilterBar
from casparian.app.tui.prod.pane import ProdScreen

from ..queued import Queued
from .prod_pane import looked, prod_app, until


def at_once(pilot: Pilot[None], keys: str) -> None:
    """Press keys as a terminal brings them that come in one piece."""
    names = {"/": "slash", "\r": "enter", ":": "colon", " ": "space"}
    driver = pilot.app._driver
    assert driver is not None
    for key in keys:
        driver.send_message(events.Key(names.get(key, key), None if key == "\r" else key))


@pytest.mark.asyncio
async def test_a_filter_that_comes_in_one_piece_is_a_filter_and_no_actions(queued: Queued) -> None:
    queued.register()
    queued.add()
    app = prod_app(queued)
    async with app.run_test(size=(100, 30)) as pilot:
        pane = await looked(pilot)
        at_once(pilot, "/status:failed x\r")
        await until(pilot, lambda: pane.state.filter == "status:failed x")
        assert app.screen is pane, "s would have opened the sorting, x asked to cancel a job"
        at_once(pilot, "/abc")
        await until(pilot, lambda: pane.query_one(FilterBar).query_one(Input).value.endswith("abc"))


@pytest.mark.asyncio
async def test_what_is_typed_before_a_dialog_is_drawn_comes_into_it(queued: Queued) -> None:
    queued.register()
    queued.add()
    app = prod_app(queued)
    async with app.run_test(size=(100, 30)) as pilot:
        pane = await looked(pilot)
        at_once(pilot, "nrest*.csv")
        await until(pilot, lambda: isinstance(app.screen, EnqueueScreen))
        await until(pilot, lambda: "rest*.csv" in [line.value for line in app.screen.query(Input)])
        assert len(app.screen_stack) == 2
        assert pane.job_screen is None


@pytest.mark.asyncio
async def test_a_paste_stays_behind_the_keys_before_it(queued: Queued) -> None:
    queued.add()
    app = prod_app(queued)
    async with app.run_test(size=(100, 30)) as pilot:
        pane = await looked(pilot)
        at_once(pilot, "/a")
        assert app._driver is not None
        app._driver.send_message(events.Paste("bc"))
        at_once(pilot, "d\r")
        await until(pilot, lambda: pane.state.filter == "abcd")


@pytest.mark.asyncio
async def test_keys_wait_for_a_dialog_that_takes_its_time(
    queued: Queued, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued.register()
    queued.add()
    monkeypatch.setattr(keys_in_order, "_ON_ITS_WAY", 0.01)
    queues = ProdScreen.do_enqueue

    def slowly(pane: ProdScreen) -> None:
        time.sleep(0.1)  # as the imports of a dialog may take
        queues(pane)

    monkeypatch.setattr(ProdScreen, "do_enqueue", slowly)
    app = prod_app(queued)
    async with app.run_test(size=(100, 30)) as pilot:
        await looked(pilot)
        at_once(pilot, "nrest")
        await until(pilot, lambda: "rest" in [line.value for line in app.screen.query(Input)])


@pytest.mark.asyncio
async def test_a_key_that_is_held_down_and_a_text_wait_for_no_drawing(
    queued: Queued, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued.register()
    for _ in range(60):
        queued.add()
    app = prod_app(queued)
    waits = []
    async with app.run_test(size=(100, 30)) as pilot:
        pane = await looked(pilot)
        later = pane.call_later
        monkeypatch.setattr(pane, "call_later", lambda *what: (waits.append(what), later(*what))[1])
        at_once(pilot, "j" * 59 + "/" + "x" * 20 + "\r")
        await until(pilot, lambda: pane.state.filter == "x" * 20)
    assert 0 < len(waits) < 10


class _Closes(ModalScreen[None]):
    def compose(self) -> ComposeResult:
        yield Input()

    def on_input_submitted(self) -> None:
        self.dismiss()


class _Counts(KeysInOrder, App[None]):
    """Counts keys that come to it past a dialog that each n opens and each enter closes."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = ""

    def on_mount(self) -> None:
        self.push_screen(Screen())

    def on_key(self, event: events.Key) -> None:
        if event.key == "n":
            self.push_screen(_Closes())
        self.heard += event.character or ""


@pytest.mark.asyncio
async def test_no_key_is_lost_or_waits_for_ever_where_its_screen_goes_away() -> None:
    app = _Counts()
    async with app.run_test() as pilot:
        await pilot.pause()
        at_once(pilot, "an1234\rbn5\rnn\rc")
        await until(pilot, lambda: app.heard.endswith("c"))
        assert app.heard == "anbnnc", "the rest went into the dialogs"
        await pilot.press("d")
        assert app.heard == "anbnncd"
