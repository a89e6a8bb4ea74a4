"""Every key of the pane that is shown, by group; made from the registry, so it is always true."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from rich.table import Table
from rich.text import Text
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Label, Static

from casparian.app.tui.actions import actions_of, why_not
from casparian.app.tui.key_names import shown_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual.app import ComposeResult
    from textual.binding import Binding, BindingType
    from textual.dom import DOMNode


class HelpScreen(ModalScreen[None]):
    """The keys, and what they do; what can't be done now says why.

    ``parts`` are the keys of what has the focus; ``keys`` are a person's own.
    """

    BINDINGS: ClassVar[list[BindingType]] = [("escape,question_mark,q", "dismiss", "Close")]

    def __init__(
        self,
        areas: Sequence[tuple[str, Any]],
        parts: Sequence[tuple[str, DOMNode, Sequence[Binding]]] = (),
        keys: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__()
        self._areas = areas
        self._parts = parts
        self._keys = keys or {}

    def compose(self) -> ComposeResult:
        """A table for each group."""
        with VerticalScroll(id="help"):
            for area, node in self._areas:
                groups: dict[str, Table] = {}
                for action in actions_of(area):
                    table = groups.get(action.group)
                    if table is None:
                        table = groups[action.group] = Table.grid(padding=(0, 2))
                        table.add_column(width=11, justify="right")
                        table.add_column()
                    reason = why_not(node, action.id)
                    line = Text(action.help, "dim" if reason else "")
                    if reason:
                        line.append(f"  ({reason})", "dim italic")
                    key = self._keys.get(action.id, action.key)
                    table.add_row(Text(shown_key(key), "bold"), line)
                for name, table in groups.items():
                    yield Label(name, classes="help-group")
                    yield Static(table)
            for name, _, bindings in self._parts:
                table = Table.grid(padding=(0, 2))
                table.add_column(width=18, justify="right")
                table.add_column()
                for binding in bindings:
                    key = self._keys.get(binding.id or "", binding.key)
                    table.add_row(Text(shown_key(key), "bold"), Text(binding.tooltip))
                yield Label(name, classes="help-group")
                yield Static(table)
            yield Label("Moving", classes="help-group")
            yield Static(_moving())

    def on_mount(self) -> None:
        """Say how to leave."""
        self.query_one("#help").border_title = "Keys"
        self.query_one("#help").border_subtitle = "escape closes"


def _moving() -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(width=11, justify="right")
    table.add_column()
    for keys, what in (
        ("↑↓←→ hjkl", "Move within a list or a table"),
        ("tab ⇧tab", "Go to the next part, or the one before"),
        ("enter", "Open what is under the cursor"),
        ("escape", "Go back"),
    ):
        table.add_row(Text(keys, "bold"), Text(what))
    return table
