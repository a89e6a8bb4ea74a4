"""One line: how the run that is shown went, a chip for each stage with its milliseconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rich.text import Text
from textual.reactive import reactive
from textual.widget import Widget

Mood = Literal["idle", "running", "ok", "warnings", "failed", "cancelled", "stale"]

GLYPHS: dict[Mood, tuple[str, str, str]] = {
    "idle": ("·", "not run yet", "$text-muted"),
    "running": ("▶", "running", "$text-primary"),
    "ok": ("✓", "completed", "$text-success"),
    "warnings": ("!", "completed, with quarantined rows", "$text-warning"),
    "failed": ("✗", "failed", "$text-error"),
    "cancelled": ("■", "cancelled", "$text-muted"),
    "stale": ("≈", "the last good result; the newest run failed", "$text-warning"),
}
"""Of each mood a glyph, words and a colour of the theme."""


@dataclass(frozen=True, slots=True)
class Stages:
    """What the bar shows. ``done`` has the stages in their order, with milliseconds.

    ``part`` says of which rows it is, if it isn't of all of them; it is seen on narrow screens too,
    while ``note`` comes last.
    """

    mood: Mood = "idle"
    done: tuple[tuple[str, float], ...] = ()
    under_way: str = ""
    note: str = ""
    part: str = ""


class StageBar(Widget):
    """The bar; set ``stages``."""

    stages: reactive[Stages] = reactive(Stages())

    def render(self) -> Text:
        """Draw it."""
        shown = self.stages
        glyph, words, colour = GLYPHS[shown.mood]
        line = Text(no_wrap=True, overflow="ellipsis")
        line.append(f" {glyph} {words} ", self._style(colour) + " bold")
        if shown.part:
            line.append(f" {shown.part} ", self._style("$text-warning"))
        for name, spent in shown.done:
            line.append(f"  {name} ", "dim")
            line.append(_milliseconds(spent))
        if shown.under_way:
            line.append(f"  {shown.under_way} …", self._style("$text-primary"))
        if shown.note:
            line.append(f"   {shown.note}", "dim")
        return line

    def _style(self, variable: str) -> str:
        """Return a variable of the theme as a colour that Rich knows."""
        found = self.app.theme_variables.get(variable.removeprefix("$"), "")
        return found if found.startswith("#") else ""


def _milliseconds(spent: float) -> str:
    return f"{spent:,.0f} ms" if spent < 10_000 else f"{spent / 1_000:,.1f} s"
