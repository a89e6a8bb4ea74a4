"""Workers are started and stopped from the Prod pane."""

from __future__ import annotations

import psutil
import pytest

from casparian.app.tui.prod.confirm import ConfirmScreen
from casparian.core.stores.workers import NewWorker

from ..queued import Queued
from .prod_pane import looked, prod_app, until


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
