"""`RateChart`: how many jobs ended each minute of the last hour, done and failed, as two charts."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from rich.text import Text
from textual.reactive import reactive
from textual.widget import Widget

from casparian.core.queueing.throughput import MINUTES, Rate, Throughput

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: What stands for no job, and for some: from the least to the most.
_NONE: Final = "▁"
_SOME: Final = "▂▃▄▅▆▇█"


class RateChart(Widget):
    """Two charts with their numbers; set ``rates``. What is the same is not drawn again."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "rate-chart--done",
        "rate-chart--failed",
        "rate-chart--dim",
    }
    rates: reactive[Throughput | None] = reactive(None)

    def on_mount(self) -> None:
        """Say what it is."""
        self.border_title = "Last hour"
        self.border_subtitle = "each minute"

    def render(self) -> Text:
        """Draw both."""
        rates = () if self.rates is None else self.rates.rates
        text = Text(no_wrap=True, end="")
        if rates and rates[-1] is not None:
            text.append_text(self._chart("✓", "done", "done", rates, lambda one: one.done))
            text.append("\n")
            text.append_text(self._chart("✗", "failed", "failed", rates, lambda one: one.failed))
        return text

    def _chart(
        self,
        mark: str,
        word: str,
        part: str,
        rates: Sequence[Rate | None],
        number: Callable[[Rate], int],
    ) -> Text:
        numbers = [None if one is None else number(one) for one in rates]
        known = [one for one in numbers if one is not None]
        total, most, now = sum(known), max(known), known[-1]
        style = self.get_component_rich_style(f"rate-chart--{part}")
        dim = self.get_component_rich_style("rate-chart--dim")
        head = f"{mark} {total:,} {word}"
        width = self.size.width
        tails = (f"now {now:,} · max {most:,}", f"max {most:,}", "")
        tail = next(one for one in tails if len(head) + len(one) < width or not one)
        text = Text(no_wrap=True, end="").append(head, style if total else dim)
        text.append(tail.rjust(max(0, width - len(head))) + "\n", dim)
        for bar in bars(numbers, width):
            text.append(bar, dim if bar == _NONE else style)
        return text


def bars(numbers: Sequence[int | None], width: int) -> str:
    """Return a chart of at most ``width`` cells, the newest at its right end.

    A cell stands for one minute, or for as many as make all of them fit: then for the most that
    one of these has. It is blank where nothing is counted yet.
    """
    each = -(-MINUTES // max(1, width))
    ends = range(len(numbers), 0, -each)
    cells = [[one for one in numbers[max(0, end - each) : end] if one is not None] for end in ends]
    most = max((max(cell) for cell in cells if cell), default=0)
    shown = [_bar(max(cell), most) if cell else " " for cell in cells]
    return "".join(reversed(shown)).rjust(width)


def _bar(number: int, most: int) -> str:
    if not number:
        return _NONE
    return _SOME[min(len(_SOME) - 1, number * len(_SOME) // (most + 1))] if most > 1 else _SOME[-1]
