"""The line of keys shows what there is room for, whole, and always where all keys are found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widgets._footer import FooterKey

from casparian.app.tui.app import CasparianApp
from casparian.app.tui.dev.pane import DevScreen
from casparian.app.tui.prod.job_screen import JobScreen
from casparian.app.tui.quarantine.screen import QuarantineScreen
from casparian.app.tui.widgets.key_bar import KeyBar, Shown, fitted

from ..queued import Queued, bad_row
from .cheap_apps import until
from .fed_dev import FedHost, result
from .prod_pane import lines_of, looked, prod_app

WIDTHS = (80, 120, 200)


async def focused_on(pilot: Pilot[None], part: Any) -> list[str]:
    """Give a part the focus; returns which keys the line shows then, having checked the line."""
    part.focus()
    await until(pilot, lambda: part.has_focus)
    app, bar = pilot.app, pilot.app.screen.query_one(KeyBar)

    def settled() -> bool:
        wanted = fitted(bar._keys(), app.size.width)
        shown = [one.description for one in bar.query(FooterKey)]
        return shown == [one.label for one in (*wanted.keys, *wanted.always)]

    await until(pilot, settled)
    await pilot.pause()
    line, keys = lines_of(app)[-1], list(bar.query(FooterKey))
    assert line.endswith("? Help ^p Commands"), line
    for key in keys:
        assert f"{key.key_display} {key.description}" in line, f"it is cut: {line!r}"
    wanted = fitted(bar._keys(), app.size.width)
    assert (f" +{wanted.more} " in line) == bool(wanted.more), f"{wanted.more} more: {line!r}"
    shown = {key.action for key in keys}
    assert len(keys) + wanted.more == len({one.action for one in bar._keys()})
    assert {"do('app.help')", "do('app.palette')"} <= shown
    return [key.description for key in keys]


@pytest.mark.asyncio
@pytest.mark.parametrize("width", WIDTHS)
async def test_in_the_dev_pane_whatever_has_the_focus(tmp_path: Path, width: int) -> None:
    host = FedHost()
    app = CasparianApp(host)
    async with app.run_test(size=(width, 30)) as pilot:
        await until(pilot, lambda: app.screen.query("DiffTab"))
        host.show_results([result(tmp_path)])
        await until(pilot, lambda: app.screen.state.result is not None)  # type: ignore[attr-defined]
        assert isinstance(app.screen, DevScreen)
        shown = await focused_on(pilot, app.screen.query_one("#samples"))
        assert shown[:2] == ["Run", "All"]
        for key in "123456" if width == 80 else "13":
            await pilot.press(key)
            part = app.focused
            if part is not None:  # an empty tab has nothing that could have it
                assert "Run" in await focused_on(pilot, part), "the pane's own first key"


@pytest.mark.asyncio
@pytest.mark.parametrize("width", [80, 160])
async def test_what_is_done_in_a_tab_of_the_dev_pane_comes_first_there(
    tmp_path: Path, width: int
) -> None:
    host = FedHost()
    app = CasparianApp(host)
    async with app.run_test(size=(width, 24)) as pilot:
        await until(pilot, lambda: app.screen.query("DiffTab"))
        host.show_results([result(tmp_path)])
        await until(pilot, lambda: app.screen.state.result is not None)  # type: ignore[attr-defined]
        for key, labels in (("2", ["Accept", "Source", "Next bad"]), ("5", ["Accept"])):
            await pilot.press(key)
            for part in app.screen.query("QuarantineTab *, ContractTab *"):
                if part.focusable and part.is_on_screen:
                    assert (await focused_on(pilot, part))[: len(labels)] == labels
        await pilot.press("6")
        assert app.focused is not None
        assert (await focused_on(pilot, app.focused))[0] == "Against"
        await pilot.press("1")
        assert app.focused is not None
        assert "Accept" not in await focused_on(pilot, app.focused)


@pytest.mark.asyncio
async def test_a_key_of_a_tab_may_be_a_persons_own_and_says_why_it_does_nothing(
    tmp_path: Path,
) -> None:
    host = FedHost()
    app = CasparianApp(host, keys={"dev.accept": "f6"})
    async with app.run_test(size=(120, 24)) as pilot:
        await until(pilot, lambda: app.screen.query("DiffTab"))
        host.show_results([result(tmp_path)])
        await until(pilot, lambda: app.screen.state.result is not None)  # type: ignore[attr-defined]
        await pilot.press("2")
        await until(pilot, lambda: "f6 Accept" in lines_of(app)[-1])
        await pilot.press("f6")
        await until(pilot, lambda: app._notifications)
        assert "would" in [*app._notifications][-1].message


@pytest.mark.asyncio
@pytest.mark.parametrize("width", WIDTHS)
async def test_in_the_prod_pane_its_jobs_and_its_quarantine(queued: Queued, width: int) -> None:
    queued.add("/data/a.csv")
    queued.finish(queued.claim(), rows=3, quarantined=1, quarantine=[bad_row(1)])
    app = prod_app(queued)
    async with app.run_test(size=(width, 40)) as pilot:
        pane = await looked(pilot)
        for part in pane.focus_chain if width == 80 else pane.query("#jobs, #prod-log LogView"):
            assert "Dev" in await focused_on(pilot, part)
        if width == 120:
            return  # the others are no wider than these
        pane.query_one("#jobs").focus()
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, JobScreen) and app.screen.details)
        for key in "1234" if width == 80 else "3":
            await pilot.press(key)
            assert app.focused is not None
            assert "Back" in await focused_on(pilot, app.focused)
        await pilot.press("escape", "b")
        await until(pilot, lambda: isinstance(app.screen, QuarantineScreen))
        await until(pilot, lambda: getattr(app.screen, "row", None))
        for part in app.screen.focus_chain:
            assert "Back" in await focused_on(pilot, part)


@pytest.mark.asyncio
async def test_another_width_is_taken_at_once(queued: Queued) -> None:
    app = prod_app(queued)
    async with app.run_test(size=(200, 30)) as pilot:
        pane = await looked(pilot)
        wide = await focused_on(pilot, pane.query_one("#jobs"))
        await pilot.resize_terminal(80, 30)
        narrow = await focused_on(pilot, pane.query_one("#jobs"))
        await pilot.resize_terminal(200, 30)
        assert await focused_on(pilot, pane.query_one("#jobs")) == wide
    assert len(narrow) < len(wide)


@pytest.mark.asyncio
async def test_a_key_that_is_only_typed_into_a_line_is_not_shown(queued: Queued) -> None:
    app = prod_app(queued)
    async with app.run_test(size=(120, 30)) as pilot:
        pane = await looked(pilot)
        await until(pilot, lambda: "/ Filter" in lines_of(app)[-1])
        await pilot.press("slash")
        await until(pilot, lambda: "tab Complete" in lines_of(app)[-1])
        assert "/ Filter" not in lines_of(app)[-1]
        assert "^p Commands" in lines_of(app)[-1]
        await pilot.press("slash", "escape")
        await until(pilot, lambda: "/ Filter" in lines_of(app)[-1])
        assert pane.state.filter == ""


def key(name: str, *, part: bool = False) -> Shown:
    return Shown(name, "x", "x", name, f"do('{name}')", True, "", part)


def test_the_first_keys_of_the_part_and_of_the_pane_stay_and_the_apps_give_way_first() -> None:
    part = [key(f"table.{n}", part=True) for n in range(4)]
    pane = [key(f"dev.{n}") for n in range(4)]
    app = [key("app.help"), key("app.palette"), key("app.quit")]
    every = fitted([*part, *pane, *app], 200)
    assert [one.name for one in every.keys] == [*(k.name for k in (*part, *pane)), "app.quit"]
    assert every.more == 0
    some = fitted([*part, *pane, *app], 69)
    assert [one.name for one in some.keys] == ["table.0", "table.1", "dev.0"]
    assert some.more == 6
    assert [one.name for one in some.always] == ["app.help", "app.palette"]
    assert fitted([*part, *pane, *app], 10).more == 9


@pytest.mark.asyncio
async def test_it_goes_on_after_a_dialog_that_was_left_while_it_looked(queued: Queued) -> None:
    class Left(ModalScreen[None]):
        def _invoke_later(self, callback: object, sender: object) -> None:
            """As when the dialog goes before its next drawing: nothing is called any more."""

    app = prod_app(queued)
    async with app.run_test(size=(160, 40)) as pilot:
        pane = await looked(pilot)
        jobs = await focused_on(pilot, pane.query_one("#jobs"))
        await app.push_screen(Left())
        pane.query_one(KeyBar).bindings_changed(pane)
        await pilot.pause()
        app.pop_screen()
        assert await focused_on(pilot, pane.query_one("#prod-log LogView")) != jobs
