"""The line at the top: which pane, which parser, and whether saves are seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rich.text import Text
from textual.reactive import reactive
from textual.widget import Widget

#: Cells for the program's name, and those of the panes.
_PANES: Final = 23


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
    """The line; set ``heading``."""

    heading: reactive[Heading] = reactive(Heading())

    def render(self) -> Text:
        """Draw it, cut where there is no room: the parser's name goes last."""
        shown = self.heading
        left = Text(no_wrap=True)
        left.append(" casparian ", "bold reverse")
        for pane in ("Dev", "Prod"):
            left.append(f" {pane} ", "bold underline" if pane == shown.pane else "dim")
        left.append("  ")
        left.append(shown.parser or "no parser", "bold")
        if shown.version:
            left.append(f" {shown.version}")
        if shown.python:
            left.append(f"  python {shown.python}", "dim")
        right = Text(f"{shown.watching} ", "bold" if shown.problem else "dim")
        # What needs looking at is never left out: it is cut where even the parser's name is.
        right.truncate(max(0, self.size.width - _PANES - 1), overflow="ellipsis")
        left.truncate(self.size.width - right.cell_len - 1, overflow="ellipsis", pad=True)
        return left + Text(" ") + right
