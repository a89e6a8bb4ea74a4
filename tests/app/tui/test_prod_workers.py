"""Workers are started and stopped from the Prod pane."""

from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest

from casparian.app.tui.prod import store_acts
from casparian.app.tui.prod.confirm import ConfirmScreen
from casparian.app.tui.prod.side_list import SideList
from casparian.core.stores.sqlite.store import SqliteStore
from casparian.core.stores.workers import NewWorker, Worker
from casparian.core.worker.presence import new_worker

from ..queued import Queued
from .cheap_apps import until
from .prod_pane import looked, prod_app


@pytest.mark.asyncio
async def test_a_worker_is_started_goes_on_when_the_app_closes_and_is_stopped(
    queued: Queued,
) -> None:
    app = prod_app(queued)
    async with app.run_test(size=(120, 40)) as pilot:
        await looked(pilot)
        await pilot.press("W")
        assert isinstance(app.screen, ConfirmScreen)
        await pilot.press("enter")
        await until(pilot, lambda: queued.workers.list())
    [worker] = queued.workers.list()
    assert psutil.pid_exists(worker.pid), "it does not end with the app"
    app = prod_app(queued)
    async with app.run_test(size=(120, 40)) as pilot:
        pane = await looked(pilot)
        assert pane.state.view is not None
        assert not pane.state.view.dead
        await pilot.press("K", "enter")
        await until(pilot, lambda: not queued.workers.list())


@pytest.mark.asyncio
async def test_a_worker_of_another_machine_can_only_be_stopped_there(queued: Queued) -> None:
    queued.workers.announce(NewWorker("w", "elsewhere", 42, 1, "1"))
    app = prod_app(queued)
    async with app.run_test(size=(120, 40)) as pilot:
        pane = await looked(pilot)
        pane.query_one("#prod-workers").focus()
        await pilot.press("K")
        await until(pilot, lambda: app._notifications)
        assert "it runs on elsewhere: stop it there" in next(iter(app._notifications)).message


@pytest.mark.asyncio
async def test_a_worker_that_has_just_begun_can_be_stopped_at_once(
    queued: Queued, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Worker] = []
    monkeypatch.setattr(store_acts, "stop_worker", asked.append)

    def started(_command: object, _store: object, *_: object, **__: object) -> tuple[int, Path]:
        with SqliteStore(queued.connection.path) as store:
            store.workers.announce(new_worker("w1", slots=4))
        return os.getpid(), Path("w.log")

    monkeypatch.setattr(store_acts, "start_worker", started)
    app = prod_app(queued)
    async with app.run_test(size=(120, 40)) as pilot:
        pane = await looked(pilot)
        pane._host.every(600.0)  # it is not looked at again by itself
        await pilot.press("W", "enter")
        await until(pilot, lambda: pane.state.view and pane.state.view.workers)
        await pilot.press("K", "enter")
        assert [worker.worker_id for worker in asked] == ["w1"]


@pytest.mark.asyncio
async def test_the_cursor_of_a_list_is_on_a_line_as_soon_as_there_is_one(queued: Queued) -> None:
    app = prod_app(queued)
    async with app.run_test(size=(120, 40)) as pilot:
        pane = await looked(pilot)
        workers = pane.query_one("#prod-workers", SideList)
        workers.focus()
        for name in ("w1", "w2"):
            queued.workers.announce(new_worker(name, slots=4))
        await until(pilot, lambda: workers.key == "w1")
        queued.workers.retire("w1")
        await until(pilot, lambda: workers.key == "w2")
