"""The line of keys at the bottom: as many as there is room for, and always where all are found."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, Final

from textual.containers import HorizontalGroup
from textual.widgets import Footer
from textual.widgets._footer import FooterKey, FooterLabel

from casparian.app.tui.key_names import shown_key
from casparian.app.tui.widgets.plain_text import width_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult
    from textual.binding import Binding
    from textual.dom import DOMNode
    from textual.screen import Screen

#: Never left out: with them all else is found.
_ALWAYS: Final = ("app.help", "app.palette")


@dataclass(frozen=True, slots=True)
class Shown:
    """A key as it stands in the line. ``part`` is whether it belongs to the focused part."""

    name: str
    key: str
    display: str
    label: str
    action: str
    enabled: bool
    tooltip: str
    part: bool

    @property
    def width(self) -> int:
        """The cells that it takes, with the gap behind it."""
        return width_of(self.display) + 1 + width_of(self.label) + 1


@dataclass(frozen=True, slots=True)
class Fitted:
    """What there is room for: ``keys`` at the left, ``always`` at the right, ``more`` left out."""

    keys: tuple[Shown, ...] = ()
    more: int = 0
    always: tuple[Shown, ...] = ()


def fitted(keys: Sequence[Shown], width: int) -> Fitted:
    """Choose the keys that a line of so many cells has room for.

    The focused part's and the pane's take turns, each from its first one on, which matter most;
    those of the app come last. They stand in the order in which they came.
    """
    found = {one.name: one for one in keys}
    always = tuple(found[name] for name in _ALWAYS if name in found)
    others = [one for one in keys if one.name not in _ALWAYS]
    room = width - sum(one.width for one in always) - 1
    if sum(one.width for one in others) <= room:
        return Fitted(tuple(others), 0, always)
    room -= len(said_of(len(others))) + 1
    chosen = set[str]()
    for one in _by_turns(others):
        if one.width <= room:
            room -= one.width
            chosen.add(one.action)
    taken = tuple(one for one in others if one.action in chosen)
    return Fitted(taken, len(others) - len(taken), always)


def said_of(more: int) -> str:
    """Say that there are more keys than are shown."""
    return f"+{more} more"


def _by_turns(keys: Sequence[Shown]) -> list[Shown]:
    of_app = [one for one in keys if one.name.startswith("app.")]
    of_part = [one for one in keys if one.part]
    of_pane = [one for one in keys if not one.part and one not in of_app]
    turns = chain.from_iterable(zip_longest(of_part, of_pane))
    return [one for one in (*turns, *of_app) if one is not None]


class KeyBar(Footer):
    """Drawn anew only when another key works, or one no more, or there is another width.

    Textual's footer makes all its keys anew whenever somebody asks it to look at them. That costs
    as much as drawing all else, and is asked for whenever a queue was looked at, another part gets
    the focus, or a notice comes and goes. And it cuts what there is no room for.
    """

    def __init__(self) -> None:
        super().__init__(show_command_palette=False, compact=True)
        self._shown = Fitted()
        self._looks: int | None = None
        """Since which return of its screen a look is under way, if one is."""

    def compose(self) -> ComposeResult:
        """Draw the keys that were chosen."""
        for one in self._shown.keys:
            yield _drawn(one)
        if self._shown.more:
            yield FooterLabel(said_of(self._shown.more), classes="more", markup=False)
        with HorizontalGroup(classes="always"):
            for one in self._shown.always:
                yield _drawn(one)

    def bindings_changed(self, screen: Screen[object]) -> None:
        """Look at the keys once all that is under way has been done."""
        self._bindings_ready = True
        # While another window has the focus no part of this one has: its keys stay as they are.
        may_look = screen.app.app_focus or self._shown == Fitted()
        if not may_look or not self.is_attached or screen is not self.screen:
            return
        # Textual leaves a call to the screen on top, and forgets it if that one is left before.
        if self._looks != screen.stack_updates and self.call_after_refresh(self._look):
            self._looks = screen.stack_updates

    def on_resize(self) -> None:
        """Take the room that there is now."""
        if self._bindings_ready:
            self.bindings_changed(self.screen)

    async def _look(self) -> None:
        self._looks = None
        if not self.is_attached:
            return  # its screen was left meanwhile
        wanted = fitted(self._keys(), self.app.size.width)
        if wanted != self._shown:
            self._shown = wanted
            await self.recompose()

    def _keys(self) -> list[Shown]:
        keys: dict[str, Shown] = {}
        outer = (self.screen, self.app)
        for node, one, enabled, tooltip in self.screen.active_bindings.values():
            if one.show and one.action not in keys and not self._is_typed(one, node):
                display = self.app.get_key_display(one)
                keys[one.action] = Shown(
                    one.id or "",
                    one.key,
                    display,
                    one.description,
                    one.action,
                    enabled,
                    tooltip,
                    node not in outer,
                )
        return list(keys.values())

    def _is_typed(self, one: Binding, node: DOMNode) -> bool:
        """Whether the key only writes its character into the line that has the focus.

        Textual leaves out letters by itself, but no characters that have other names in Unicode.
        """
        focused = self.screen.focused
        if focused is None or node is focused:
            return False
        character = shown_key(one.key)
        return len(character) == 1 and focused.check_consume_key(one.key, character)


def _drawn(one: Shown) -> FooterKey:
    return FooterKey(
        one.key,
        one.display,
        one.label,
        one.action,
        disabled=not one.enabled,
        tooltip=one.tooltip,
        classes="-compact",
    )
