"""Keys one after the other: each is passed on once what the one before it did has been done.

Textual passes each key on to what has the focus at that moment. Of keys that come at once, as over
a slow connection, those behind the one that opens a line to type in would be taken for actions.
"""

from __future__ import annotations

from collections import deque
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Final

from textual import events, on
from textual.app import App
from textual.message import Message

if TYPE_CHECKING:
    from typing import Any

    from textual.screen import Screen
    from textual.timer import Timer
    from textual.widget import Widget

#: So long (seconds) a key may keep others waiting that has not come back to the app: what it was
#: passed on to may have gone since. And so long one that has, and whose effect isn't there yet.
_ON_ITS_WAY: Final = 0.1
_BACK: Final = 1.0


class _Passed(Message):
    """Goes the way of a key, right behind it: from what has the focus up to the app."""

    def __init__(self, number: int, *, again: bool = False) -> None:
        super().__init__()
        self.number = number
        self.again = again


class KeysInOrder(App[None]):
    """An app that takes keys and pastes one after the other."""

    def __init__(self) -> None:
        super().__init__()
        self._numbers = count()
        self._under_way: int | None = None
        self._back: int | None = None
        self._typed: events.Event | None = None
        self._target: Widget | None = None
        self._at: tuple[Screen[Any], Widget | None] | None = None
        self._waiting: deque[events.Event] = deque()
        self._late: Timer | None = None

    async def on_event(self, event: events.Event) -> None:
        """Take an event, or have it wait for a key that came before."""
        is_typed = isinstance(event, events.Key | events.Paste) and not event.is_forwarded
        if not is_typed:
            await super().on_event(event)
        elif self._under_way is None:
            await self._pass_on(event)
        else:
            self._waiting.append(event)
            self._watch_over(self._under_way)

    async def _pass_on(self, event: events.Event) -> None:
        target = self.focused or self.screen
        self._typed, self._target = event, target
        self._at = (self.screen, self.focused)
        self._under_way = number = next(self._numbers)
        await super().on_event(event)
        target.post_message(_Passed(number))
        if self._waiting:
            self._watch_over(number)

    def _watch_over(self, number: int) -> None:
        if self._late is None:
            self._late = self.set_timer(_ON_ITS_WAY, partial(self._is_late, number))

    async def _is_late(self, number: int) -> None:
        if number == self._back == self._under_way:
            self._late = self.set_timer(_BACK, partial(self._go_on, number))
        else:
            await self._go_on(number)

    @on(_Passed)
    def _has_passed(self, message: _Passed) -> None:
        message.stop()
        if message.number == self._under_way:
            self._back = message.number
            # What the key did may have asked for the focus, or for a screen: that comes first.
            self.call_later(self._is_done, message.number, message.again)

    async def _is_done(self, number: int, again: bool) -> None:
        if not self.is_running or number != self._under_way:
            return  # it ends, and there may be no screen any more; or others have gone on
        if self._is_plain() and self._at == (self.screen, self.focused):
            await self._go_on(number)
        elif not again and self._target is not None and self._target.is_running:
            # Once more: behind what the target has told itself because of the key.
            self._target.post_message(_Passed(number, again=True))
        elif not self.screen.call_later(self._go_on, number):
            self.call_later(self._go_on, number)

    def _is_plain(self) -> bool:
        """Whether a key is one of many that are held down, or a part of a text that is typed.

        Of others it is seen only after a while that they close what they were typed into.
        """
        key, following = self._typed, self._waiting[0] if self._waiting else None
        if not isinstance(key, events.Key):
            return False
        if isinstance(following, events.Key) and following.key == key.key != "enter":
            return True
        typed_into = self.focused
        return typed_into is not None and typed_into.check_consume_key(key.key, key.character)

    async def _go_on(self, number: int) -> None:
        """Let the next key follow a key, unless it has done so."""
        if number != self._under_way:
            return
        self._under_way = None
        if self._late is not None:
            self._late.stop()
            self._late = None
        if self._waiting and self.is_running:
            await self._pass_on(self._waiting.popleft())
