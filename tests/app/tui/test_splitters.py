"""Parts of the panes are made larger and smaller, and are so at the next start."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from casparian.app.tui.app import CasparianApp
from casparian.app.tui.sizes import FILE, Sizes

from .cheap_apps import until
from .fed_dev import FedHost, result
from .prod_pane import GivenViews, NoDev


def app(folder: Path) -> CasparianApp:
    return CasparianApp(FedHost(), sizes=Sizes(folder))


def width(pilot: Pilot[None], part: str = "#samples") -> int:
    return pilot.app.screen.query_one(part).outer_size.width


async def dragged(pilot: Pilot[None], x: int) -> None:
    """Drag the line beside the samples to a column."""
    await pilot.mouse_down("#samples-splitter", offset=(0, 5))
    await pilot.hover(None, offset=(x, 9))
    await pilot.mouse_up(None, offset=(x, 9))
    await pilot.pause()


@pytest.mark.asyncio
async def test_keys_resize_the_part_that_has_the_focus_and_that_is_remembered(
    tmp_path: Path,
) -> None:
    async with app(tmp_path).run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: pilot.app.screen.tabs is not None)
        usual = width(pilot)
        await pilot.press("greater_than_sign", "greater_than_sign", "less_than_sign")
        assert width(pilot) == usual + 4
        await pilot.press("1")  # now the focus is on the other side
        await pilot.press("greater_than_sign", "greater_than_sign")
        assert width(pilot) == usual - 4
    async with app(tmp_path).run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert width(pilot) == usual - 4
        await pilot.press("equals_sign")
        await pilot.pause()
        assert width(pilot) == usual
    assert Sizes(tmp_path).get("samples") is None


@pytest.mark.asyncio
async def test_the_line_is_dragged_and_two_clicks_put_it_back(tmp_path: Path) -> None:
    async with app(tmp_path).run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        usual = width(pilot)
        line = pilot.app.screen.query_one("#samples-splitter")
        assert line.region.x == usual
        await dragged(pilot, usual + 15)
        assert width(pilot) == usual + 15
        assert Sizes(tmp_path).get("samples") == usual + 15
        await pilot.double_click(line, offset=(0, 5))
        await pilot.pause()
        assert width(pilot) == usual
        assert Sizes(tmp_path).get("samples") is None


@pytest.mark.asyncio
async def test_both_sides_keep_some_room_also_on_a_narrower_terminal(tmp_path: Path) -> None:
    async with app(tmp_path).run_test(size=(200, 40)) as pilot:
        await pilot.pause()
        await dragged(pilot, 199)
        assert width(pilot) == 140
        await pilot.resize_terminal(110, 40)
        await pilot.pause()
        assert width(pilot, "#run") >= 30
        await dragged(pilot, 0)
        assert width(pilot) == 12


@pytest.mark.asyncio
async def test_a_part_that_fills_the_pane_does_so_whatever_its_size(tmp_path: Path) -> None:
    async with app(tmp_path).run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        for key in (None, "greater_than_sign"):
            if key is not None:
                await pilot.press(key)
            before = width(pilot)
            await pilot.press("z")
            await pilot.pause()
            assert width(pilot) == 120
            await pilot.press("z")
            await pilot.pause()
            assert width(pilot) == before


@pytest.mark.asyncio
async def test_the_innermost_line_moves_and_without_one_it_says_so(tmp_path: Path) -> None:
    host = FedHost()
    dev = CasparianApp(host)
    async with dev.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: dev.screen.tabs is not None)
        host.show_results([result(tmp_path)])
        await pilot.press("2")
        await pilot.pause()
        groups, samples = width(pilot, "#quarantine-groups"), width(pilot)
        await pilot.press("greater_than_sign")
        assert (width(pilot, "#quarantine-groups"), width(pilot)) == (groups + 4, samples)
        dev.screen.set_focus(None)
        await pilot.press("greater_than_sign")
        await pilot.pause()
        [note] = dev._notifications
        assert "no part beside it" in note.message


@pytest.mark.asyncio
async def test_the_prod_panes_log_and_side_are_resized(tmp_path: Path) -> None:
    prod = CasparianApp(NoDev(), lambda: GivenViews(tmp_path), first="prod")  # type: ignore[arg-type]
    async with prod.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        log, side = prod.screen.query_one("#prod-log"), prod.screen.query_one("#prod-side")
        height, wide = log.outer_size.height, side.outer_size.width
        await pilot.press("less_than_sign")  # the jobs have the focus
        assert log.outer_size.height == height + 2
        prod.screen.query_one("#prod-states").focus()
        await pilot.press("greater_than_sign")
        assert side.outer_size.width == wide + 4
        await pilot.press("equals_sign")
        await pilot.pause()
        assert (log.outer_size.height, side.outer_size.width) == (height, wide)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"samples": "wide", "prod-log": -3}', "\udcff"])
def test_a_damaged_file_is_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_bytes(text.encode("utf-8", "surrogateescape"))
    assert (Sizes(tmp_path).get("samples"), Sizes(tmp_path).get("prod-log")) == (None, None)
    sizes = Sizes(tmp_path)
    sizes.keep("samples", 40)
    Sizes(tmp_path).keep("prod-log", 9)  # of another app
    sizes.keep("prod-side", 20)
    kept = Sizes(tmp_path)
    assert [kept.get(name) for name in ("samples", "prod-log", "prod-side")] == [40, 9, 20]
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
