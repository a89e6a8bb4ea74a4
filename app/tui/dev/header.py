"""The line at the top: which pane, which parser, and whether saves are seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.text import Text
from textual.reactive import reactive
from textual.widget import Widget

if TYPE_CHECKING:
    from textual import events

_NAME: Final = " casparian "
_PANES: Final = ("Dev", "Prod")
#: Cells for the program's name, and those of the panes.
_NAMES: Final = len(_NAME) + sum(len(pane) + 2 for pane in _PANES)


@dataclass(frozen=True, slots=True)
class Heading:
    """What the line says. ``watching`` is a sentence, ``problem`` whether it needs looking at."""

    pane: str = "Dev"
    parser: str = ""
    version: str = ""
    python: str = ""
    watching: str = ""
    problem: bool = False


class HeaderLine(Widget):
    """The line; set ``heading``. A click on a pane's name goes there, as its key does."""

    heading: reactive[Heading] = reactive(Heading())

    def render(self) -> Text:
        """Draw it, cut where there is no room: the parser's name goes last."""
        shown = self.heading
        left = Text(no_wrap=True)
        left.append(_NAME, "bold reverse")
        for pane in _PANES:
            left.append(f" {pane} ", "bold underline" if pane == shown.pane else "dim")
        left.append("  ")
        left.append(shown.parser or "no parser", "bold")
        if shown.version:
            left.append(f" {shown.version}")
        if shown.python:
            left.append(f"  python {shown.python}", "dim")
        right = Text(f"{shown.watching} ", "bold" if shown.problem else "dim")
        # What needs looking at is never left out: it is cut where even the parser's name is.
        right.truncate(max(0, self.size.width - _NAMES - 1), overflow="ellipsis")
        left.truncate(self.size.width - right.cell_len - 1, overflow="ellipsis", pad=True)
        return left + Text(" ") + right

    async def on_click(self, event: events.Click) -> None:
        """Go to the pane whose name was clicked."""
        left = len(_NAME)
        for pane in _PANES:
            if left <= event.x < left + len(pane) + 2:
                await self.app.run_action(f"do('app.{pane.lower()}')")
            left += len(pane) + 2
