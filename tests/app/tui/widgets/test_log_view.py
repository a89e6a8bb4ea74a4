"""A log on screen: it follows, stays put, and shows what programs print without obeying it."""

from __future__ import annotations

import asyncio

import pytest

from casparian.app.tui.widgets.log_area import LogArea
from casparian.app.tui.widgets.log_file import LogFile
from casparian.app.tui.widgets.log_lines import LogLine

pytestmark = pytest.mark.asyncio


def lines(first: int, last: int) -> list[LogLine]:
    return [LogLine("error" if n % 10 == 0 else "info", f"line {n}") for n in range(first, last)]


@pytest.fixture
def opened(around):
    area = LogArea()
    return around(area), area.log_view


def status(app) -> str:
    return str(app.query_one(".log-status").render())


async def seen(pilot, condition) -> None:
    """Wait for what a thread or a timer of the app brings."""
    async with asyncio.timeout(10):
        while not condition():
            await pilot.pause(0.02)
    await pilot.pause()


async def test_it_follows_until_scrolled_up_then_stays_put_and_counts(opened, screen_text):
    app, log = opened
    async with app.run_test(size=(60, 12)) as pilot:
        log.focus()
        log.append(lines(0, 1_000))
        await pilot.pause()
        assert "line 999" in screen_text(app)[10]
        assert status(app) == "1,000 lines · following"

        await pilot.press("pageup")
        await pilot.pause()
        top = screen_text(app)[0]
        log.append(lines(1_000, 1_007))
        await pilot.pause()
        assert screen_text(app)[0] == top
        assert status(app) == "1,007 lines · +7 lines · End follows"

        await pilot.press("end")
        await pilot.pause()
        assert "line 1006" in screen_text(app)[10]
        assert status(app) == "1,007 lines · following"


async def test_what_is_not_kept_is_said_and_the_lines_seen_stay_where_they_are(opened, screen_text):
    app, log = opened
    async with app.run_test(size=(60, 12)) as pilot:
        log.focus()
        log.reset(whole_log="run.log")
        log._lines._kept = 1_000
        log.append(lines(0, 1_000))
        await pilot.pause()
        await pilot.press("pageup")
        await pilot.pause()
        top = screen_text(app)[0]
        log.append(lines(1_000, 1_500))
        await pilot.pause()
        assert screen_text(app)[0] == top
        assert "+500 lines" in status(app)
        assert status(app).startswith("the last 1,000 of 1,500 lines")
        await pilot.press("home")
        await pilot.pause()
        assert screen_text(app)[0].startswith("… 500 earlier lines are in run.log")
        assert "line 500" in screen_text(app)[1]


async def test_levels_are_chosen_and_counted(opened, screen_text):
    app, log = opened
    async with app.run_test(size=(60, 12)) as pilot:
        log.append(lines(0, 100))
        log.choose_levels("errors")
        await pilot.pause()
        assert status(app).startswith("10 of 100 lines (errors)")
        assert screen_text(app)[0].split() == ["error", "line", "0"]


async def test_finding_highlights_and_goes_on(opened, screen_text):
    app, log = opened
    async with app.run_test(size=(60, 12)) as pilot:
        log.focus()
        log.append(lines(0, 10_000))
        await pilot.press("home", "slash", *"777", "enter")
        await pilot.pause()
        assert "line 778" in status(app)
        await pilot.press("n")
        await pilot.pause()
        assert "line 1,778" in status(app)
        assert any("line 1777" in line for line in screen_text(app))
        log.find("nothing")
        await pilot.pause()
        assert "'nothing' is nowhere" in status(app)


async def test_what_programs_print_is_shown_not_obeyed(opened, screen_text):
    app, log = opened
    async with app.run_test(size=(60, 8)) as pilot:
        texts = [
            "\x1b[31mred\x1b[0m",
            "[bold]x[/bold]",
            "\x1b]0;title\x07",
            "a\rb\x00",
            "שלום",
            "👨‍👩‍👧",
        ]
        log.append([LogLine("stdout", text) for text in texts])
        await pilot.pause()
        shown = [line.removeprefix("stdout  ") for line in screen_text(app)[:6]]
        assert shown == [
            "red",
            "[bold]x[/bold]",
            "␛]0;title␇",
            "a␍b␀",
            "\u200eשלום\u200e",
            "👨👩👧",
        ]
        strips = app.screen._compositor.render_strips()
        assert {strip.cell_length for strip in strips} == {60}


async def test_the_last_lines_are_copied_and_it_is_said(opened):
    app, log = opened
    async with app.run_test(size=(60, 8)) as pilot:
        log.focus()
        log.append([LogLine("stdout", "\x1b[1mone\x1b[0m"), LogLine("stdout", "two")])
        await pilot.press("c")
        await pilot.pause()
        assert app.copied == ["one\ntwo"]
        assert "copied the last 2 of 2 lines" in status(app)
        log.append([LogLine("stdout", "x" * 999)] * 1_000)
        await pilot.press("c")
        assert len(app.copied[-1]) <= 75_000


async def test_the_mouse_selects_text(opened):
    app, log = opened
    async with app.run_test(size=(60, 8)) as pilot:
        log.append(lines(1, 5))
        await pilot.pause()
        await pilot.mouse_down(log, offset=(8, 0))
        await pilot.hover(log, offset=(14, 1))
        await pilot.mouse_up(log, offset=(14, 1))
        await pilot.pause()
        log.focus()
        await pilot.press("c")
        assert app.copied == ["line 1\ninfo    line 2"]


async def test_a_file_is_followed_from_its_beginning(opened, screen_text, tmp_path):
    app, log = opened
    path = tmp_path / "run.log"
    path.write_text("2024-01-31T08:30:00.250Z info    begun\n")
    async with app.run_test(size=(60, 8)) as pilot:
        log.follow(LogFile(path))
        await seen(pilot, lambda: log.status.total == 1)
        assert screen_text(app)[0].split() == ["08:30:00.250", "info", "begun"]
        with path.open("a") as file:
            file.write("2024-01-31T08:30:01.000Z error   ended\n")
        await seen(pilot, lambda: log.status.total == 2)
        assert screen_text(app)[1].split() == ["08:30:01.000", "error", "ended"]

        log.reset()
        await pilot.pause()
        assert status(app) == "no lines"
