"""Files are queued from the Prod pane, as by ``casparian enqueue``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from casparian.app.tui.prod.enqueue_screen import EnqueueScreen
from casparian.app.tui.prod.file_acts import FileActs
from casparian.app.tui.prod.host import FilesWanted

from ..queued import Queued, call
from .cheap_apps import until
from .prod_pane import looked, prod_app, shown
from .test_prod_deeds import content


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    folder = tmp_path / "exports"
    folder.mkdir()
    for n in range(3):
        (folder / f"sales_{n}.csv").write_text(str(n))
    return folder


async def asks(pilot: Pilot[None]) -> Input:
    """Wait until the dialog takes keys; those that come before are nobody's."""

    def ready() -> bool:
        return isinstance(pilot.app.screen, EnqueueScreen) and isinstance(pilot.app.focused, Input)

    await until(pilot, ready)
    return pilot.app.screen.query_one(Input)


async def typed(pilot: Pilot[None], path: object) -> None:
    (await asks(pilot)).value = str(path)


@pytest.mark.asyncio
async def test_what_it_would_do_is_shown_and_enter_does_it_as_the_command(
    queued: Queued, tmp_path: Path, exports: Path
) -> None:
    queued.register("shipments", "2.0.0")
    with Queued(tmp_path / "other.db") as other:
        for store in (queued, other):
            store.register()
            where = ("--store", store.connection.path)
            assert call("enqueue", "sales", exports / "sales_0.csv", *where).return_value == 0
        assert call("enqueue", "sales", exports, "--store", tmp_path / "other.db").return_value == 0
        app = prod_app(queued)
        async with app.run_test(size=(100, 30)) as pilot:
            await looked(pilot)
            await pilot.press("n")
            await typed(pilot, f"{exports}/sa")
            await until(pilot, lambda: shown(app, "sales_0.csv  sales_1.csv"))
            assert shown(app, "sales 1.0.0", "shipments 2.0.0")
            await pilot.press("tab")
            assert app.screen.query_one(Input).value == f"{exports}/sales_"
            await typed(pilot, f"{exports}/*.csv")
            skips = "1 in the queue already: sales_0.csv (job "
            await until(pilot, lambda: shown(app, "3 files match", "2 would be queued", skips))
            before = content(queued)
            await pilot.press("down")
            await until(pilot, lambda: shown(app, "3 would be queued"))
            await pilot.press("up")
            await until(pilot, lambda: shown(app, "2 would be queued"))
            assert content(queued) == before
            await pilot.press("enter")
            await until(pilot, lambda: app._notifications)
            said = next(iter(app._notifications)).message
            assert said == "2 queued for sales 1.0.0 · 1 in the queue already"
            await until(pilot, lambda: shown(app, "sales_2.csv"))
        assert content(queued) == content(other)


@pytest.mark.asyncio
async def test_what_goes_wrong_is_told_in_the_dialog(queued: Queued, exports: Path) -> None:
    app = prod_app(queued)
    async with app.run_test(size=(100, 30)) as pilot:
        await looked(pilot)
        await pilot.press("n")
        await asks(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: shown(app, "name files first"))
        await typed(pilot, exports / "none*.csv")
        await until(pilot, lambda: shown(app, "no file matches"))
        await pilot.press("enter")
        await until(pilot, lambda: shown(app, "0 queued for sales 1.0.0", "escape goes back"))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, EnqueueScreen))
        await pilot.press("n")
        await asks(pilot)
        queued.parsers.remove("sales")
        await typed(pilot, exports)
        await until(pilot, lambda: shown(app, "✗", "sales"))


@pytest.mark.asyncio
async def test_it_can_be_stopped_and_what_was_queued_stays(
    queued: Queued, exports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from casparian.app.tui.prod import file_acts

    def endless(*_: object) -> Any:
        yield exports / "sales_0.csv"
        while True:
            yield exports / "sales_1.csv"

    app = prod_app(queued)
    async with app.run_test(size=(100, 30)) as pilot:
        await looked(pilot)
        await pilot.press("n")
        await typed(pilot, exports)
        await until(pilot, lambda: shown(app, "3 would be queued"))
        monkeypatch.setattr(file_acts, "find_inputs", endless)
        await pilot.press("enter")
        await until(pilot, lambda: shown(app, "2 queued so far"))
        await pilot.press("escape")
        await until(pilot, lambda: app._notifications)
        assert "stopped" in next(iter(app._notifications)).message
    assert queued.jobs.counts() == {"pending": 2}


@pytest.mark.asyncio
async def test_it_is_grey_without_parsers_and_with_read_only(tmp_path: Path) -> None:
    with Queued(tmp_path / "home" / "casparian.db") as empty:
        for options, why in (({}, "no parser is registered"), ({"read_only": True}, "--read-only")):
            app = prod_app(empty, **options)
            async with app.run_test(size=(80, 24)) as pilot:
                await looked(pilot)
                await pilot.press("n")
                await until(pilot, lambda: app._notifications)  # noqa: B023
                assert why in next(iter(app._notifications)).message


def test_with_a_folder_none_of_what_casparian_writes_there_is_queued(
    queued: Queued, exports: Path
) -> None:
    with Queued(exports / "casparian.db") as store:
        store.register()
        told: list[Any] = []
        acts = FileActs(str(exports / "casparian.db"), told.append, told.append)
        acts.enqueue(FilesWanted("sales@1.0.0", str(exports)))
        for thread in acts._threads:
            thread.join()
        acts.close()
        assert {Path(job.input_path).name for job in store.jobs.list().jobs} == {
            *("sales_0.csv", "sales_1.csv", "sales_2.csv")
        }
