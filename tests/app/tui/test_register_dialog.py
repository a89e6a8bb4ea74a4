"""A parser is registered from the terminal app, with its checks in view, as by the command."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input

from casparian.app.tui.register.screen import RegisterScreen
from casparian.app.tui.register.state import Registering, after
from casparian.core.stores.sqlite.store import SqliteStore

from ...ready_processes import CHILD, server_of
from ..queued import Queued, call
from .cheap_apps import until
from .prod_pane import looked, prod_app, shown

OVER = "escape goes back"
LOCK = 'version = 1\n[[package]]\nname = "pyarrow"\nversion = "20.0.0"\n'
SOURCE = """
class Parser:
    name = "sales"
    version = "{version}"
    outputs = {{"a": "{kind}"}}

    def parse(self, ctx):
        print("reading", ctx.input_path.name)
        return [{{"a": line}} for line in ctx.input_path.read_text().splitlines()]
"""


class Bare(App[None]):
    CSS_PATH = Path(__file__).parents[3] / "casparian.tcss"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CASPARIAN_HOME", str(tmp_path / "home"))
    place = tmp_path / "sales"
    (place / "samples").mkdir(parents=True)
    (place / "samples" / "one.txt").write_text("1\n2\n")
    (place / "uv.lock").write_text(LOCK)
    (place / "pyproject.toml").write_text('[project]\nname = "sales"\nversion = "1"\n')
    return write(place)


def write(place: Path, version: str = "1", kind: str = "int64") -> Path:
    (place / "parser.py").write_text(SOURCE.format(version=version, kind=kind))
    return place


def store_of(folder: Path) -> Path:
    return folder.parent / "store.db"


def dialog(folder: Path, **other: Any) -> RegisterScreen:
    python = ("--python", sys.executable)
    return RegisterScreen(str(store_of(folder)), folder / "parser.py", options=python, **other)


def registered(folder: Path) -> list[tuple[str, str, str | None]]:
    with SqliteStore(store_of(folder)) as store:
        found = store.parsers.list(all_versions=True)
        return [(one.version, one.source_hash, one.contract_hash) for one in found]


async def shows(pilot: Pilot[None], *parts: str) -> None:
    await until(pilot, lambda: shown(pilot.app, *parts))


@pytest.mark.asyncio
async def test_its_steps_are_shown_it_asks_before_it_breaks_a_contract_and_it_can_replace(
    folder: Path,
) -> None:
    app = Bare()
    async with app.run_test(size=(200, 60)) as pilot:
        app.push_screen(dialog(folder))
        await until(pilot, lambda: app.screen.query("Input:focus"))
        assert app.screen.query_one(Input).value == str(folder)
        await pilot.press("enter")
        await shows(pilot, "✓ sales 1 is registered", "one.txt: 2 rows would be written", OVER)
        for step in ("make its bundle", "load it", "try it on its samples", "store it"):
            assert shown(app, f"✓ {step}")
        await shows(pilot, "reading one.txt")
        [(_, by_dialog, contract)] = registered(folder)
        await pilot.press("enter")
        await shows(pilot, "sales 1 is registered already, unchanged", OVER)

        write(folder, kind="date")
        (folder / "samples" / "one.txt").write_text("2024-01-31\n")
        await pilot.press("enter")
        await shows(pilot, "is registered already, with other content", "f replaces that version")
        await shows(pilot, "✓ load it", "✗ store it")
        await pilot.press("f")
        await shows(pilot, "The contract of sales 1", "breaking", "y yes · n no")
        assert registered(folder) == [("1", by_dialog, contract)], "nothing is stored before"
        await pilot.press("n")
        await shows(pilot, "✗ compare its contract", OVER, "its contract breaks that of sales 1")
        assert registered(folder) == [("1", by_dialog, contract)]
        await pilot.press("enter")
        await shows(pilot, "f replaces that version")
        await pilot.press("f")
        await shows(pilot, "y yes · n no")
        await pilot.press("y")
        await shows(pilot, "✓ sales 1 is registered, in place of other content", "breaking", OVER)
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, RegisterScreen))
    with SqliteStore(store_of(folder)) as store:
        [mine] = store.parsers.list()
    python = ("--python", sys.executable)
    other = ("--store", folder.parent / "other.db")
    assert call("parser", "register", folder, *python, *other).return_value == 0
    with SqliteStore(folder.parent / "other.db") as store:
        [one] = store.parsers.list()
    assert one.source_hash == mine.source_hash != by_dialog, "as the command does it"


def test_a_step_takes_as_long_as_it_takes_and_not_as_long_as_a_person_thinks() -> None:
    state = Registering()
    for now, told in (
        (0, {"kind": "parser", "label": "sales"}),
        (1_000, {"kind": "step", "step": "contract"}),
        (1_200, {"kind": "confirm", "name": "sales", "version": "1", "changes": []}),
        (9_000, {"kind": "step", "step": "store"}),
        (9_300, {"kind": "registered"}),
    ):
        state = after(state, told, now)
    assert state.took == {"contract": 200, "store": 300}


@pytest.mark.asyncio
async def test_uvs_own_words_and_what_to_try_are_told_if_it_fails(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "uv.lock").write_text(LOCK.replace("20.0.0", "no version"))
    app = Bare()
    async with app.run_test(size=(200, 60)) as pilot:
        app.push_screen(RegisterScreen(str(store_of(folder)), folder, begin=True))
        await shows(pilot, "✗ build its environment", "is not registered", "try:", OVER)
        assert shown(app, "TOML parse error") or shown(app, "uv.lock")
        await pilot.press("e")
        await until(pilot, lambda: app.screen.query_one(Input).has_focus)
        app.screen.query_one(Input).value = str(tmp_path / "nowhere")
        await pilot.press("enter")
        await shows(pilot, "nowhere", "is not registered")
    assert not store_of(folder).exists()


@pytest.mark.asyncio
async def test_escape_ends_whatever_runs_for_it_and_nothing_is_stored(folder: Path) -> None:
    source = (folder / "parser.py").read_text()
    (folder / "parser.py").write_text(source.replace("print(", "import time; time.sleep(600); ("))
    app = Bare()
    async with app.run_test(size=(200, 60)) as pilot:
        app.push_screen(dialog(folder, begin=True))
        await shows(pilot, "▶ try it on its samples")
        below = psutil.Process(os.getpid()).children(recursive=True)
        inside = [process for process in below if process.pid != server_of(CHILD)]
        assert inside
        await pilot.press("escape")
        await shows(pilot, "it was stopped; nothing of it is stored", OVER)
        gone, alive = psutil.wait_procs(inside, timeout=10)
        assert not alive
        assert gone
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, RegisterScreen))
    assert not store_of(folder).exists()


@pytest.mark.asyncio
async def test_the_prod_pane_proposes_the_parser_of_the_job_and_reads_only_if_told_so(
    queued: Queued, tmp_path: Path
) -> None:
    queued.add()
    parser = tmp_path / "mine" / "parser.py"
    parser.parent.mkdir()
    parser.write_text('class Parser:\n    name = "sales"\n    def parse(self, ctx): ...\n')
    app = prod_app(queued)
    async with app.run_test(size=(120, 40)) as pilot:
        await looked(pilot)
        await pilot.press("R")
        await until(pilot, lambda: isinstance(app.screen, RegisterScreen))
        await until(pilot, lambda: app.screen.query(Input))
        await until(pilot, lambda: app.screen.query_one(Input).value == str(parser.parent))
        await pilot.press("escape")
    app = prod_app(queued, read_only=True)
    async with app.run_test(size=(120, 40)) as pilot:
        await looked(pilot)
        await pilot.press("R")
        await until(pilot, lambda: app._notifications)
        assert "--read-only" in next(iter(app._notifications)).message
