"""Pictures of screens that stay the same from run to run.

Nothing moves by itself, and pictures are only updated with the Textual they were taken with.
"""

from __future__ import annotations

from importlib.metadata import version

import pytest
from textual.app import App
from textual.widgets import Input
from textual.worker import WorkerCancelled

TAKEN_WITH = "8.2.8"


def pytest_collection_finish(session: pytest.Session) -> None:
    if session.config.getoption("update_snapshots", default=False):
        here = version("textual")
        if here != TAKEN_WITH:
            pytest.exit(f"pictures are taken with textual {TAKEN_WITH}, and this is {here}", 2)


@pytest.fixture(autouse=True)
def nothing_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(App, "animation_level", "none", raising=False)
    monkeypatch.setattr(Input, "cursor_blink", False)


@pytest.fixture(autouse=True)
def _same_version() -> None:
    if version("textual") != TAKEN_WITH:
        pytest.skip(f"the pictures were taken with textual {TAKEN_WITH}")


@pytest.fixture
def settled():
    """Wait until threads have answered and the answers are on screen."""

    async def wait(pilot) -> None:
        for _ in range(2):
            try:
                await pilot.app.workers.wait_for_complete()
            except WorkerCancelled:
                pass  # by a newer question
            await pilot.pause()

    return wait
