"""Pictures of screens that stay the same from run to run.

Nothing moves by itself, and pictures are only updated with the Textual they were taken with. Most
of the time would go into starting apps: each test starts one, and takes its picture in several
sizes and themes.
"""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Mapping
from functools import partialmethod
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import pytest_textual_snapshot as plugin
from rich.console import Console
from syrupy.assertion import AssertionResult, SnapshotAssertion
from textual import _wait
from textual.app import App

from casparian.app.tui.app import CasparianApp
from casparian.app.tui.dev.pane import DevScreen
from casparian.app.tui.prod import filter_bar, job_deeds, job_log, job_screen, pane
from casparian.app.tui.prod.host import Seen
from casparian.app.tui.register import screen as register_screen
from casparian.core.queueing.queue_view import QueueView

from ..app.tui.cheap_apps import keep_still, parse_styles_once, until
from ..app.tui.fed_dev import FedHost
from ..app.tui.prod_pane import GivenViews, NoDev
from .fed_prod import HOME, NOW, Fed, view
from .looks import BOTH, Look, Prepare, settled, taken

TAKEN_WITH = "8.2.8"


def pytest_collection_finish(session: pytest.Session) -> None:
    if session.config.getoption("update_snapshots", default=False):
        here = version("textual")
        if here != TAKEN_WITH:
            pytest.exit(f"pictures are taken with textual {TAKEN_WITH}, and this is {here}", 2)


def _said_for_long(app: App[Any], notify: Any, message: str, **options: Any) -> None:
    """Say something that is there still when a slow machine takes the picture."""
    notify(app, message, **{**options, "timeout": 3_600})


@pytest.fixture(autouse=True)
def nothing_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_wait, "SLEEP_GRANULARITY", 1 / 100)
    monkeypatch.setattr(_wait, "SLEEP_IDLE", 1 / 2_000)
    parse_styles_once(monkeypatch)
    keep_still(monkeypatch)
    notify = App.notify
    monkeypatch.setattr(App, "notify", partialmethod(_said_for_long, notify))
    for moment in ("SOON", "QUICK", "LATER"):  # nobody waits for what is put off for the eye
        monkeypatch.setattr(DevScreen, moment, 0.001)


@pytest.fixture(autouse=True)
def _same_version() -> None:
    if version("textual") != TAKEN_WITH:
        pytest.skip(f"the pictures were taken with textual {TAKEN_WITH}")


@pytest.fixture
def looks_as(snapshot: SnapshotAssertion, request: pytest.FixtureRequest):
    """Whether an app looks as in its pictures, once it was prepared.

    What differs is put into the report of pytest-textual-snapshot.
    """
    snapshots = snapshot.use_extension(plugin.SVGImageExtension)

    def compare(
        app: App[Any],
        prepare: Prepare,
        looks: Mapping[str, Look] = BOTH,
        *,
        at_rest: bool = True,
    ) -> bool:
        differ = []
        pictures = asyncio.run(taken(app, prepare, looks, at_rest=at_rest))
        for name, picture in pictures.items():
            if not snapshots(name=name) == picture:  # noqa: SIM201 - it compares by == alone
                differ.append(name)
            found = snapshots.executions[snapshots.num_executions - 1]
            _report(request.node, name, found, picture)
        assert not differ, f"it looks otherwise in {', '.join(differ)}"
        return True

    return compare


def _report(node: pytest.Item, name: str, found: AssertionResult, picture: str) -> None:
    console = Console(legacy_windows=False, force_terminal=True)
    pseudo = plugin.PseudoApp(plugin.PseudoConsole(console.legacy_windows, console.size))
    path, line, test = node.reportinfo()
    before = found.recalled_data
    data = (
        *(found.success, str(before or ""), picture, pseudo, path, line, f"{test}[{name}]"),
        *("", "", before is not None),
    )
    folder = plugin.node_to_report_path(node)
    folder.with_name(f"{folder.name}_{name}").write_bytes(pickle.dumps(data))


@pytest.fixture
def dev_looks_as(looks_as):
    """Whether the Dev pane looks as in its pictures, once it was told and keys were pressed."""

    def compare(*keys: str, tell=lambda host: None, looks: Mapping[str, Look] = BOTH) -> bool:
        host = FedHost()

        async def prepare(pilot) -> None:
            await until(pilot, lambda: pilot.app.screen.tabs is not None)
            tell(host)
            for key in keys:
                await settled(pilot)
                await pilot.press(key)

        return looks_as(CasparianApp(host), prepare, looks)

    return compare


@pytest.fixture
def prod_looks_as(looks_as, monkeypatch: pytest.MonkeyPatch):
    """Whether the Prod pane looks as in its pictures, once it was fed."""
    clocks = (pane, job_log, job_screen, filter_bar, register_screen)
    for module in clocks:
        monkeypatch.setattr(module, "now_ms", lambda: NOW)
    for module, moment in ((job_log, "_STAY"), (job_deeds, "_SOON")):
        monkeypatch.setattr(module, moment, 0.001)

    def compare(
        fed: Fed,
        looks: Mapping[str, Look] = BOTH,
        *,
        seen: QueueView | None = None,
        home: Path = HOME,
        read_only: bool = False,
        only_looks: bool = False,
    ) -> bool:
        host = GivenViews(home)
        host.read_only = read_only  # type: ignore[misc]
        app = CasparianApp(NoDev(), lambda: host, first="prod", only_looks=only_looks)

        async def prepare(pilot) -> None:
            await settled(pilot)
            host.tell(Seen(NOW, view() if seen is None else seen))
            await settled(pilot)
            await fed(pilot, host)

        return looks_as(app, prepare, looks)

    return compare
