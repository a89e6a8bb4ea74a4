"""`CellScreen`: one whole value, over what was there."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from casparian.app.tui.widgets.cells import NULL
from casparian.app.tui.widgets.copying import copy_value
from casparian.app.tui.widgets.plain_text import plain
from casparian.app.tui.widgets.text_pager import TextPager

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from casparian.app.tui.widgets.table_taking import CellValue


class CellScreen(ModalScreen[None]):
    """A value as it is: wrapped, JSON with a line for each member, with type and length."""

    BINDING_GROUP_TITLE = "Cell"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "dismiss", "Close", tooltip="Close", id="cell.close"),
        Binding("c,y", "copy", "Copy", tooltip="Copy the whole value", id="cell.copy"),
        Binding(
            "p",
            "pretty",
            "As it is",
            tooltip="Show JSON as it is written, or a line for each member",
            id="cell.pretty",
        ),
    ]

    def __init__(self, value: CellValue) -> None:
        super().__init__()
        self._value = value
        self._pretty = value.pretty is not None
        self._note = ""

    def compose(self) -> ComposeResult:
        """A title, the value, and its keys."""
        with Vertical(id="cell"):
            yield Static(Text(plain(self._value.title)), id="cell-title", markup=False)
            yield TextPager(self._shown, id="cell-value")
            yield Static(self._keys, id="cell-keys", markup=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only JSON has two forms."""
        return action != "pretty" or self._value.pretty is not None

    def action_pretty(self) -> None:
        """Take the other form of JSON."""
        self._pretty = not self._pretty
        self.query_one(TextPager).show(self._shown)
        self._refresh_keys()

    def action_copy(self) -> None:
        """Copy the value as it is."""
        copy = copy_value(self._value.text, self._value.column)
        if copy.text:
            self.app.copy_to_clipboard(copy.text)
        self._note = copy.sentence
        self._refresh_keys()

    def _refresh_keys(self) -> None:
        self.query_one("#cell-keys", Static).update(self._keys)

    @property
    def _shown(self) -> str:
        value = self._value
        if value.text is None:
            return f"{NULL} null: there is no value"
        if value.text == "":
            return "the empty text: no characters"
        return value.pretty if self._pretty and value.pretty is not None else value.text

    @property
    def _keys(self) -> Text:
        keys = ["esc close", "c copy"]
        if self._value.pretty is not None:
            keys.append("p as written" if self._pretty else "p line by line")
        return Text(plain(self._note) or "  ".join(keys))
