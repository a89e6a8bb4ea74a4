"""Jump mode: a letter on each part and each tab, and the letter goes there."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding
from textual.errors import NoWidget
from textual.screen import ModalScreen
from textual.widgets import Static, Tab, TabbedContent, TabPane, Tabs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual import events
    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.geometry import Offset
    from textual.screen import Screen
    from textual.widget import Widget

#: Those under the fingers come first.
_LETTERS: Final = "asdfjklghqwertyuiopzxcvbnm" + string.digits


def targets_of(screen: Screen[object]) -> list[tuple[Widget, Offset]]:
    """Return what can be gone to and where it begins, in the order of reading."""
    found: list[tuple[Widget, Offset]] = []
    parts = [widget for widget in screen.focus_chain if not isinstance(widget, Tabs)]
    for widget in (*parts, *screen.query(Tab)):
        try:
            region = screen.find_widget(widget).visible_region
        except NoWidget:
            continue  # it isn't shown
        if region.area and not widget.is_disabled and widget.display:
            found.append((widget, region.offset))
    return sorted(found, key=lambda one: (one[1].y, one[1].x))[: len(_LETTERS)]


def go_to(target: Widget) -> None:
    """Give a part the focus; of a tab, what it shows."""
    if not isinstance(target, Tab):
        target.focus()
        return
    content = next((one for one in target.ancestors if isinstance(one, TabbedContent)), None)
    if content is None:
        tabs = target.query_ancestor(Tabs)
        assert target.id is not None
        tabs.active = target.id
        tabs.focus()
        return
    pane = next(one for one in content.query(TabPane) if content.get_tab(one) is target)
    assert pane.id is not None
    content.active = pane.id
    inside = (one for one in pane.query("*") if one.focusable and one.display)
    next(inside, target.query_ancestor(Tabs)).focus()


class JumpScreen(ModalScreen["Widget | None"]):
    """The letters, over what is there. What it is closed with is where to go."""

    BINDING_GROUP_TITLE = "Jump"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Stay", tooltip="Stay where you are", id="jump.close")
    ]

    def __init__(self, targets: Sequence[tuple[Widget, Offset]]) -> None:
        super().__init__()
        pairs = zip(_LETTERS, targets, strict=False)
        self.targets: Mapping[str, tuple[Widget, Offset]] = dict(pairs)
        self._is_closed = False
        self._drawn_for = self.app.size

    def compose(self) -> ComposeResult:
        """A letter at the beginning of each."""
        for letter, (target, place) in self.targets.items():
            label = Static(letter, classes="jump-letter", markup=False)
            label.set_class(isinstance(target, Tab), "-tab")  # whose name is to be read
            label.styles.offset = place
            yield label

    def on_key(self, event: events.Key) -> None:
        """Go where the letter stands."""
        found = self.targets.get(event.character or "")
        if found is not None:
            event.stop()
            self.close(found[0])

    def on_click(self) -> None:
        """A click stays, as escape does."""
        self.close()

    def on_resize(self) -> None:
        """What the letters stood on has moved."""
        if self.app.size != self._drawn_for:
            self.close()

    def action_leave(self) -> None:
        """Stay."""
        self.close()

    def close(self, target: Widget | None = None) -> None:
        """Go to a target, or stay; once."""
        if not self._is_closed:
            self._is_closed = True
            self.dismiss(target)
