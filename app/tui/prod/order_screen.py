"""`OrderScreen`: by what the jobs are to be sorted."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from rich.text import Text
from textual import on
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from casparian.core.queueing.job_order import MOST_SORTED, NEWEST, OLDEST, JobOrder, order_by

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from casparian.core.queueing.job_order import Key

#: The letter that takes an order, the order, and what it is called.
CHOICES: Final[tuple[tuple[str, JobOrder, str], ...]] = (
    ("n", NEWEST, "newest first"),
    ("o", OLDEST, "oldest first"),
    ("s", order_by("state"), "by state"),
    ("p", order_by("parser"), "by parser"),
    ("i", order_by("input"), "by input"),
    ("r", order_by("rows"), "by rows, most first"),
    ("b", order_by("quarantined"), "by quarantined rows, most first"),
    ("d", order_by("duration"), "by duration, longest first"),
    ("a", order_by("attempt"), "by attempt, most first"),
)
_BACKWARDS: Final[dict[Key, str]] = {
    "state": "by state, backwards",
    "parser": "by parser, backwards",
    "input": "by input, backwards",
    "rows": "by rows, fewest first",
    "quarantined": "by quarantined rows, fewest first",
    "duration": "by duration, shortest first",
    "attempt": "by attempt, fewest first",
}


def words_of(order: JobOrder) -> str:
    """Say which order it is."""
    return next((words for _, one, words in CHOICES if one == order), "") or _BACKWARDS[order.by]


def why_not(order: JobOrder, total: int | None) -> str:
    """Say why a list of so many jobs can't be in an order; empty if it can, or isn't known."""
    if order.has_index or total is None or total <= MOST_SORTED:
        return ""
    return f"only of up to {MOST_SORTED:,} jobs: filter them first"


class OrderScreen(ModalScreen[JobOrder | None]):
    """A line for each order; its letter takes it, or enter; ``v`` turns the present one around."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(letter, f"take({at})", words, show=False, id=f"order.{order.by}-{letter}")
            for at, (letter, order, words) in enumerate(CHOICES)
        ),
        Binding("v", "turn", "Turn around", show=False, id="order.turn"),
        Binding("escape,q", "dismiss(None)", "Back", show=False, id="order.back"),
    ]

    def __init__(self, order: JobOrder, total: int | None) -> None:
        super().__init__()
        self._order = order
        self._total = total

    def compose(self) -> ComposeResult:
        """The orders, and what to press."""
        with Vertical(id="orders") as box:
            box.border_title = "Sort the jobs"
            yield OptionList(*[self._option(at) for at in range(len(CHOICES))], compact=True)
            said = "enter or the letter takes it · v turns it around · escape goes back"
            yield Static(Text(said, "dim"), classes="dialog-help")

    def on_mount(self) -> None:
        """Begin with the present order."""
        options = self.query_one(OptionList)
        options.highlighted = next(
            (at for at, (_, one, _) in enumerate(CHOICES) if one == self._order),
            next(at for at, (_, one, _) in enumerate(CHOICES) if one.by == self._order.by),
        )
        options.focus()

    def _option(self, at: int) -> Option:
        letter, order, words = CHOICES[at]
        reason = why_not(order, self._total)
        here = order.by == self._order.by and (order == self._order or order.by != "queued")
        text = Text.assemble((f" {letter}  ", "bold" if not reason else ""))
        text.append(words_of(self._order) if here else words)
        text.append("  ●" if here else "")
        text.append(f"  {reason.partition(':')[0]}" if reason else "", "italic")
        return Option(text, disabled=bool(reason))

    @on(OptionList.OptionSelected)
    def _select(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.action_take(event.option_index)

    def action_take(self, at: int) -> None:
        """Take an order, if the list can be in it."""
        order = CHOICES[at][1]
        reason = why_not(order, self._total)
        if reason:
            self.notify(reason, severity="warning", markup=False, timeout=4)
        else:
            self.dismiss(order)

    def action_turn(self) -> None:
        """Turn the present order around."""
        self.dismiss(self._order.reversed)
