"""An app around one widget, with the real looks and without anything that moves by itself."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.widget import Widget
from textual.worker import WorkerCancelled

STYLES = Path(__file__).parents[4] / "casparian.tcss"


class Around(App[None]):
    CSS_PATH = STYLES

    def __init__(self, widget: Widget) -> None:
        super().__init__()
        self.widget = widget
        self.copied: list[str] = []
        self.messages: list[object] = []

    def compose(self) -> ComposeResult:
        yield self.widget

    def copy_to_clipboard(self, text: str) -> None:
        self.copied.append(text)

    def on_arrow_table_row_highlighted(self, event) -> None:
        self.messages.append(event)


@pytest.fixture
def around():
    return Around


@pytest.fixture
def screen_text():
    """The lines that are on screen, as text."""

    def read(app: App[None]) -> list[str]:
        lines = app.screen._compositor.render_strips()
        return ["".join(segment.text for segment in line).rstrip() for line in lines]

    return read


@pytest.fixture
def settled():
    """Wait until threads have answered and the answers are on screen."""

    async def wait(pilot) -> None:
        for _ in range(2):
            with suppress(WorkerCancelled):  # by a newer question
                await pilot.app.workers.wait_for_complete()
            await pilot.pause()

    return wait
