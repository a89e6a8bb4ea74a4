"""Jump mode: a letter stands on every part that can be gone to, and goes there."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Tab

from casparian.app.tui.app import CasparianApp
from casparian.app.tui.dev.pane import DevScreen
from casparian.app.tui.jump import JumpScreen, targets_of

from .cheap_apps import until
from .fed_dev import FedHost, result
from .prod_pane import GivenViews, NoDev


async def letter_of(pilot: Pilot[None], name: str) -> str:
    """The letter that stands on a part or on a tab, once it is shown."""
    await pilot.press("ctrl+o")
    await pilot.pause()
    screen = pilot.app.screen
    assert isinstance(screen, JumpScreen)
    for letter, (target, place) in screen.targets.items():
        label = str(target.label_text) if isinstance(target, Tab) else target.id
        if label == name or type(target).__name__ == name:
            [drawn] = [one for one in screen.query(".jump-letter") if one.region.offset == place]
            assert str(drawn.render()) == letter
            return letter
    raise AssertionError(f"nothing called {name}: {screen.targets}")


@pytest.mark.asyncio
async def test_a_letter_goes_to_a_tab_and_into_it_or_to_a_part(tmp_path: Path) -> None:
    host = FedHost()
    app = CasparianApp(host)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.screen.tabs is not None)
        dev = app.screen
        assert isinstance(dev, DevScreen)
        host.show_results([result(tmp_path)])
        await pilot.pause()
        await pilot.press(await letter_of(pilot, "Quarantine 3"))
        await until(pilot, lambda: getattr(app.focused, "id", "") == "quarantine-groups")
        assert dev.tab == "quarantine"
        await pilot.press(await letter_of(pilot, "BadRowsTable"))
        assert type(app.focused).__name__ == "BadRowsTable"
        await pilot.press(await letter_of(pilot, "samples"))
        assert getattr(app.focused, "id", "") == "samples"

        await letter_of(pilot, "samples")
        await pilot.press("escape")
        assert app.screen is dev
        await letter_of(pilot, "samples")
        await pilot.press("ctrl+o")
        assert app.screen is dev
        await letter_of(pilot, "samples")
        await pilot.resize_terminal(100, 30)
        await until(pilot, lambda: app.screen is dev)


@pytest.mark.asyncio
async def test_of_two_panes_only_what_is_shown_has_a_letter(tmp_path: Path) -> None:
    prod = CasparianApp(NoDev(), lambda: GivenViews(tmp_path), first="prod")  # type: ignore[arg-type]
    async with prod.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        wide = {widget.id for widget, _ in targets_of(prod.screen)}
        assert {"jobs", "prod-states", "prod-parsers", "prod-workers"} <= wide
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        narrow = {widget.id for widget, _ in targets_of(prod.screen)}
        assert "jobs" in narrow
        assert "prod-states" not in narrow
