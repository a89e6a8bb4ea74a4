"""What would let a column pass; enter writes it to the contract file."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.table import Table
from rich.text import Text
from textual import on
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from casparian.app.tui.widgets.plain_text import plain

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from casparian.core.dev_session.offers import Offer


class OffersScreen(ModalScreen["Offer | None"]):
    """A line for each change that a run has reasons for."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape,q", "dismiss", "Back")]

    def __init__(self, column: str, offers: Sequence[Offer], file: Path) -> None:
        super().__init__()
        self._column = column
        self._offers = offers
        self._file = file

    def compose(self) -> ComposeResult:
        """The changes, and what to press."""
        with Vertical(id="offers"):
            yield OptionList(*[Option(_prompt(offer)) for offer in self._offers], id="offers-list")
            yield Static(
                Text(f"enter writes it to {plain(self._file.name)} · escape goes back", "dim"),
                id="offers-help",
            )

    def on_mount(self) -> None:
        """Say of which column they are."""
        self.query_one("#offers").border_title = Text(f"What may {plain(self._column)} be?")
        offers = self.query_one(OptionList)
        offers.highlighted = 0
        offers.focus()

    @on(OptionList.OptionSelected)
    def _take(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(self._offers[event.option_index])


def _prompt(offer: Offer) -> Table:
    table = Table.grid(expand=True, padding=(0, 1))
    table.add_column(ratio=1)
    table.add_column(justify="right", no_wrap=True)
    table.add_row(Text(plain(offer.words), "bold"), Text(offer.why, "dim"))
    return table
