"""One line: how the run that is shown went, a chip for each stage with its milliseconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from rich.text import Text
from textual.reactive import reactive
from textual.widget import Widget

from casparian.app.tui.widgets.part_style import part_style

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.style import Style

Mood = Literal["idle", "running", "ok", "warnings", "failed", "cancelled", "stale"]

GLYPHS: dict[Mood, tuple[str, str, str]] = {
    "idle": ("·", "not run yet", "not run yet"),
    "running": ("▶", "running", "running"),
    "ok": ("✓", "completed", "completed"),
    "warnings": ("!", "completed, with quarantined rows", "some quarantined"),
    "failed": ("✗", "failed", "failed"),
    "cancelled": ("■", "cancelled", "cancelled"),
    "stale": ("≈", "the last good result; the newest run failed", "newest run failed"),
}
"""Of each mood a glyph, words, and the fewer words that stand where there is less room."""


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


@dataclass(frozen=True, slots=True)
class _Form:
    """How much is told: in how many words, which times, and whether the note."""

    long: bool
    times: Literal["each", "bare", "sum", "none"]
    note: bool


#: From the one that tells the most to the one that takes the least room.
_FORMS: Final = (
    _Form(True, "each", True),
    _Form(False, "each", True),
    _Form(False, "bare", True),
    _Form(False, "bare", False),
    _Form(False, "sum", True),
    _Form(False, "sum", False),
    _Form(False, "none", False),
)


class StageBar(Widget):
    """The bar; set ``stages``."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "stage-bar--under-way",
        "stage-bar--part",
        *(f"stage-bar--{mood}" for mood in GLYPHS),
    }
    stages: reactive[Stages] = reactive(Stages())

    def render(self) -> Text:
        """Draw it, in the form that there is room for."""
        return bar_text(self.stages, self.size.width, lambda name: part_style(self, name))


def bar_text(shown: Stages, width: int, style: Callable[[str], Style | str]) -> Text:
    """Return the line; ``style`` gives that of a component class of the bar."""
    forms = (_text(shown, form, style) for form in _FORMS)
    line = next(forms)
    for shorter in forms:
        if line.cell_len <= width:
            break
        line = shorter
    return line


def _text(shown: Stages, form: _Form, style: Callable[[str], Style | str]) -> Text:
    glyph, words, fewer = GLYPHS[shown.mood]
    line = Text(no_wrap=True, overflow="ellipsis")
    said = words if form.long else fewer
    line.append(f" {glyph} {said} ", style(f"stage-bar--{shown.mood}"))
    if shown.part:
        line.append(f" {shown.part} ", style("stage-bar--part"))
    _add_times(line, shown.done, form)
    if shown.under_way:
        line.append(f"  {shown.under_way} …", style("stage-bar--under-way"))
    if shown.note and form.note:
        line.append(f"   {shown.note}", "dim")
    return line


def _add_times(line: Text, done: tuple[tuple[str, float], ...], form: _Form) -> None:
    if form.times == "sum" and done:
        line.append("  in all ", "dim")
        line.append(_milliseconds(sum(spent for _, spent in done)))
    elif form.times in ("each", "bare"):
        for at, (name, spent) in enumerate(done, 1):
            line.append(f"  {name} ", "dim")
            said = _milliseconds(spent)
            # The unit of all stands behind the last.
            line.append(
                said.removesuffix(" ms") if form.times == "bare" and at < len(done) else said
            )


def _milliseconds(spent: float) -> str:
    return f"{spent:,.0f} ms" if spent < 10_000 else f"{spent / 1_000:,.1f} s"
