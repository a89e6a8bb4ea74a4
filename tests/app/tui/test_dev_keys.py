"""What the keys of the Dev pane do is done to real files, as the commands do it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from textual.pilot import Pilot
from textual.widgets import Static, TabbedContent

from casparian.app.scaffold_command import command as scaffold
from casparian.app.tui.app import CasparianApp
from casparian.app.tui.dev.pane import DevScreen
from casparian.app.tui.dev.session_host import SessionHost
from casparian.app.tui.register.screen import RegisterScreen
from casparian.core.dev_session.remembered import recall
from casparian.core.dev_session.request import SessionRequest
from casparian.core.stores.sqlite.store import SqliteStore

from .cheap_apps import until
from .prod_pane import lines_of

LOCK = 'version = 1\n[[package]]\nname = "pyarrow"\nversion = "20.0.0"\n'
ENDLESS = """
import time

def parse(path):
    print("begun")
    while True:
        time.sleep(0.01)
"""
PEOPLE = """
class Parser:
    name = "people"
    version = "1.0"
    outputs = {"name": "string", "age": "int64"}

    def parse(self, ctx):
        yield [dict(name=n, age=a) for n, a in (("Ada", "36"), ("Bo", "x"), ("Cy", "y"))]
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CASPARIAN_HOME", str(tmp_path / "home"))
    for name in ("one.csv", "two.csv"):
        (tmp_path / name).write_text("name,age\n")
    return tmp_path


def app_for(place: Path, parser: Path, samples: Sequence[str] = ("one.csv",)) -> CasparianApp:
    request = SessionRequest(parser=parser, samples=tuple(place / name for name in samples))
    return CasparianApp(SessionHost(request, str(place / "store.db")))


def screen_of(app: Any) -> DevScreen:
    assert isinstance(app.screen, DevScreen)
    return app.screen


def said(app: CasparianApp) -> list[str]:
    return [note.message for note in app._notifications]


async def result_after(pilot: Pilot[None], before: object = None) -> Any:
    state = lambda: screen_of(pilot.app).state  # noqa: E731
    await until(pilot, lambda: state().running is None and state().result is not before)
    return state().result


@pytest.mark.asyncio
async def test_while_its_first_run_goes_on_a_function_becomes_a_class_and_that_is_shown(
    place: Path,
) -> None:
    bare = place / "p" / "people.py"
    bare.parent.mkdir()
    bare.write_text(ENDLESS)
    app = app_for(place, bare)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = screen_of(app)
        await until(pilot, lambda: screen.state.running and screen.state.running.lines)
        await until(pilot, lambda: not screen.why_not_scaffold())
        assert "S makes a class of it" in screen.why_not_register()
        await pilot.press("S")
        made = bare.with_name("people_parser.py")
        await until(pilot, lambda: screen.state.parser == made)
        assert said(app) == [
            "people_parser.py is written, and shown from now on: people, as a class"
        ]

        by_command = CliRunner().invoke(scaffold, [str(bare), "-o", str(place / "other.py")])
        assert by_command.exit_code == 0, by_command.output
        assert made.read_bytes() == (place / "other.py").read_bytes()
        assert bare.read_text() == ENDLESS
        await app.workers.wait_for_complete()
        assert (recall().parser, recall().samples) == (made, (place / "one.csv",))

        await until(pilot, lambda: screen.state.running and screen.state.running.lines)
        assert screen.state.running is not None
        assert "people_parser.py" in lines_of(app)[0]
        await until(pilot, lambda: screen.why_not_scaffold() == "the parser is a class already")
        await pilot.press("S")
        assert said(app)[-1] == "the parser is a class already"

        await pilot.press("x")
        ended = await result_after(pilot)
        assert (ended.ended, screen.why_not_cancel()) == ("cancelled", "nothing runs")


@pytest.mark.asyncio
async def test_what_is_half_typed_is_what_it_was_and_a_scaffold_that_is_there_is_not_replaced(
    place: Path,
) -> None:
    bare, taken = place / "p.py", place / "p_parser.py"
    bare.write_text("def parse(path):\n    return [{'a': 1}]\n")
    taken.write_text("# mine\n")
    app = app_for(place, bare)
    async with app.run_test(size=(120, 40)) as pilot:
        first = await result_after(pilot)
        await until(pilot, lambda: not screen_of(app).why_not_scaffold())
        await pilot.press("S")
        await until(pilot, lambda: said(app))
        assert "p_parser.py is there already" in said(app)[0]
        assert taken.read_text() == "# mine\n"
        assert screen_of(app).state.parser == bare

        bare.write_text(PEOPLE)
        second = await result_after(pilot, first)
        assert second.report.parser_version == "1.0"
        await until(pilot, lambda: not screen_of(app).why_not_register())
        bare.write_text(PEOPLE.replace("yield [", "yield [("))
        third = await result_after(pilot, second)
        assert third.report.parser_version is None
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert screen_of(app).why_not_register() == "", "it can be registered once it is mended"
        assert screen_of(app).why_not_scaffold() == "the parser is a class already"


@pytest.mark.asyncio
async def test_watching_is_paused_all_samples_are_run_and_keys_go_from_bad_row_to_bad_row(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parser = place / "people" / "parser.py"
    parser.parent.mkdir()
    parser.write_text(PEOPLE)
    app = app_for(place, parser, ("one.csv", "two.csv"))
    async with app.run_test(size=(120, 40)) as pilot:
        first = await result_after(pilot)
        screen = screen_of(app)

        await pilot.press("p")
        await until(pilot, lambda: "paused: p goes on" in lines_of(app)[0])
        parser.write_text(PEOPLE.replace('"1.0"', '"1.1"'))
        await until(pilot, lambda: "paused, and changed since: r runs it" in lines_of(app)[0])
        assert (screen.state.running, screen.state.result) == (None, first)
        await pilot.press("p")
        second = await result_after(pilot, first)
        assert (second.reason, second.report.parser_version) == ("change", "1.1")
        await until(pilot, lambda: "watching" in lines_of(app)[0])

        assert set(screen.state.newest) == {place / "one.csv"}
        await pilot.press("R")
        await until(pilot, lambda: len(screen.state.newest) == 2)
        assert {one.reason for one in screen.state.newest.values()} == {"all"}
        await until(pilot, lambda: screen.tabs is not None)

        await pilot.press("f8")
        tabs = screen.query_one(TabbedContent)
        assert tabs.active == "quarantine"
        quarantine = screen.tabs.quarantine
        await until(pilot, lambda: quarantine.row == (2, ["Bo", "x"]))
        await pilot.press("f8")
        await until(pilot, lambda: quarantine.row == (3, ["Cy", "y"]))
        await until(pilot, lambda: "'y' is not an int64" in shown(screen, "#quarantine-why"))
        await pilot.press("shift+f8")
        await until(pilot, lambda: quarantine.row == (2, ["Bo", "x"]))

        before = screen.state.result
        parser.write_text(PEOPLE.replace("yield [", "raise KeyError('prize')\n        yield ["))
        await result_after(pilot, before)
        await pilot.press("f8")
        assert tabs.active == "error"

        opened = place / "opened"
        editor = place / "bin" / "vi"
        editor.parent.mkdir()
        editor.write_text(f'#!/bin/sh\necho "$@" > {opened}\n')
        editor.chmod(0o755)
        monkeypatch.setenv("EDITOR", str(editor))
        monkeypatch.delenv("VISUAL", raising=False)
        monkeypatch.setattr(app, "suspend", nullcontext)
        await pilot.press("e")
        await until(pilot, opened.exists)
        assert opened.read_text() == f"+8 {parser}\n"


@pytest.mark.asyncio
async def test_a_key_registers_the_parser_that_is_shown(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parser = place / "people" / "parser.py"
    parser.parent.mkdir()
    parser.write_text(PEOPLE.replace(', ("Bo", "x"), ("Cy", "y")', ""))
    (parser.parent / "uv.lock").write_text(LOCK)
    (parser.parent / "pyproject.toml").write_text('[project]\nname = "people"\nversion = "1.0"\n')
    monkeypatch.setattr(
        "casparian.app.tui.register.screen.RegisterScreen",
        partial(RegisterScreen, options=("--python", sys.executable)),  # no environment is built
    )
    app = app_for(place, parser)
    async with app.run_test(size=(120, 40)) as pilot:
        await result_after(pilot)
        await until(pilot, lambda: not screen_of(app).why_not_register())
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "people 1.0 is registered" in "\n".join(lines_of(app)))
        await until(pilot, lambda: "escape goes back" in "\n".join(lines_of(app)))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, DevScreen))
    with SqliteStore(place / "store.db") as store:
        [found] = store.parsers.list()
    assert (found.name, found.version) == ("people", "1.0")


@pytest.mark.asyncio
async def test_a_tab_says_nothing_before_what_it_shows_is_there(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DevScreen, "_load_tabs", lambda _: None)
    parser = place / "parser.py"
    parser.write_text(PEOPLE)
    app = app_for(place, parser)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.screen.query(TabbedContent))
        for key in "123456":
            await pilot.press(key)
            await pilot.pause()
            assert "TabPane" not in "\n".join(lines_of(app)), key
            assert "#" not in "\n".join(lines_of(app)), key


def shown(screen: DevScreen, query: str) -> str:
    return str(screen.query_one(query, Static).render())
