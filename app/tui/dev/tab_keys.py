"""The keys that matter most in a tab of the Dev pane: there they come first in the line of keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual.binding import Binding
from textual.containers import ScrollableContainer

from casparian.app.tui.actions import ACTIONS, Doing
from casparian.app.tui.widgets.arrow_table import ArrowTable
from casparian.app.tui.widgets.table_keys import TABLE_BINDINGS

if TYPE_CHECKING:
    from textual.binding import BindingType
    from textual.widget import Widget

_LABELS: Final = {
    "dev.accept": "Accept",
    "dev.edit_row": "Source",
    "dev.next_error": "Next bad",
    "dev.against": "Against",
    "dev.older": "Older",
    "dev.newer": "Newer",
}


def tab_keys(*names: str) -> list[BindingType]:
    """Return bindings of the pane's actions for a part of it; a person's own keys go for them."""
    found = {action.id: action for action in ACTIONS}
    return [
        Binding(
            found[name].key,
            f"screen.do('{name}')",
            _LABELS[name],
            tooltip=found[name].help,
            id=name,
        )
        for name in names
    ]


IN_CONTRACT: Final = tab_keys("dev.accept", "dev.older", "dev.newer")
IN_QUARANTINE: Final = tab_keys(
    "dev.accept", "dev.edit_row", "dev.next_error", "dev.older", "dev.newer"
)
IN_DIFF: Final = tab_keys("dev.against", "dev.older", "dev.newer")

#: Bindings of a class come behind those that it inherits: so none are, and these are the others.
_OF_TABLES: Final[list[BindingType]] = [
    *(
        one
        for one in ScrollableContainer.BINDINGS
        if isinstance(one, Binding) and one.key.startswith("ctrl+")
    ),
    *TABLE_BINDINGS,
]


class ColumnsTable(ArrowTable, inherit_bindings=False):
    """The table of the Contract tab."""

    BINDINGS: ClassVar[list[BindingType]] = [*IN_CONTRACT, *_OF_TABLES]


class BadRowsTable(ArrowTable, inherit_bindings=False):
    """The table of the Quarantine tab."""

    BINDINGS: ClassVar[list[BindingType]] = [*IN_QUARANTINE, *_OF_TABLES]


def cursor_moved(widget: Widget) -> None:
    """Draw the pane's keys anew if others can be used where the cursor is now."""
    pane: Any = widget.screen
    if isinstance(pane, Doing):
        pane.refresh_what_can_be_done()
