"""The Dev pane shows what becomes of a parser at each save."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from casparian.app.tui.actions import ACTIONS, keymap_problems
from casparian.app.tui.app import CasparianApp
from casparian.app.tui.dev.outside import editor_command
from casparian.app.tui.dev.pane import DevScreen
from casparian.app.tui.dev.session_host import SessionHost
from casparian.app.tui.help import HelpScreen
from casparian.app.tui.prod.pane import ProdScreen
from casparian.core.dev_session.request import SessionRequest

GOOD = """
class Parser:
    name = "people"
    version = "1.0"
    outputs = {"name": "string", "age": "int64"}

    def parse(self, ctx):
        yield [dict(name="Ada", age="36"), dict(name="Alan", age="x"), dict(name="Bo", age="1")]
"""


@pytest.fixture
def app(tmp_path: Path) -> CasparianApp:
    parser, sample = tmp_path / "p" / "parser.py", tmp_path / "sample.csv"
    parser.parent.mkdir()
    parser.write_text(GOOD)
    sample.write_text("name,age\n")
    return CasparianApp(SessionHost(SessionRequest(parser=parser, samples=(sample,))))


async def until(pilot: Pilot[None], condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(40):
        while not condition():
            await pilot.pause(0.02)


def screen_of(app: CasparianApp) -> DevScreen:
    assert isinstance(app.screen, DevScreen)
    return app.screen


@pytest.mark.asyncio
async def test_a_save_is_run_a_half_typed_one_keeps_the_last_rows_and_the_next_recovers(
    app: CasparianApp, tmp_path: Path
) -> None:
    parser = tmp_path / "p" / "parser.py"
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: screen_of(app).state.result is not None)
        screen = screen_of(app)
        first = screen.state.result
        assert first is not None
        assert (first.report.rows, first.report.rows_quarantined) == (2, 1)

        parser.write_text(GOOD.replace("yield [", "yield [("))
        await until(pilot, lambda: screen.state.result is not first)
        broken = screen.state.result
        assert broken is not None
        assert broken.report.error is not None
        assert broken.report.error.type == "SyntaxError"
        assert screen.state.table is first, "the last good rows stay"
        assert screen.state.is_stale

        parser.write_text(GOOD.replace('"x"', '"2"'))
        await until(pilot, lambda: screen.state.result is not broken)
        mended = screen.state.result
        assert mended is not None
        assert (mended.report.rows, mended.report.rows_quarantined) == (3, 0)
        assert not screen.state.is_stale

        await pilot.press("6")
        await until(pilot, lambda: screen.state.comparison is not None)
        await pilot.press("left_square_bracket")
        assert screen.state.result is broken
        await pilot.press("right_square_bracket")
        assert screen.state.result is mended


@pytest.mark.asyncio
async def test_what_cannot_be_done_now_says_why_and_the_help_lists_every_key(
    app: CasparianApp,
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: screen_of(app).state.result is not None)
        await until(pilot, lambda: screen_of(app).state.running is None)
        await pilot.press("x")
        await until(pilot, lambda: bool(app._notifications))
        assert [note.message for note in app._notifications] == ["nothing runs"]
        await pilot.press("question_mark")
        assert isinstance(app.screen, HelpScreen)
        await pilot.press("escape")
        assert isinstance(app.screen, DevScreen)


def test_every_action_has_a_key_of_its_own_and_something_that_does_it() -> None:
    assert keymap_problems({}) == []
    areas = {"app": CasparianApp, "dev": DevScreen, "prod": ProdScreen}
    for action in ACTIONS:
        assert callable(getattr(areas[action.area], f"do_{action.verb}")), action.id


def test_a_persons_own_keys_are_checked() -> None:
    assert "did you mean dev.rerun?" in keymap_problems({"dev.rerum": "x"})[0]
    assert keymap_problems({"dev.rerun": "x"}) == ["'x' is both dev.rerun and dev.cancel"]


@pytest.mark.parametrize(
    ("editor", "words"),
    [
        ("vim", ["vim", "+7", "/p/parser.py"]),
        ("code --wait", ["code", "--wait", "--goto", "/p/parser.py:7"]),
        ("hx", ["hx", "/p/parser.py:7"]),
        ("/opt/my editor", ["/opt/my", "editor", "/p/parser.py"]),
    ],
)
def test_the_editor_opens_at_the_line_if_it_is_known_how(editor: str, words: list[str]) -> None:
    assert editor_command(editor, Path("/p/parser.py"), 7) == words
