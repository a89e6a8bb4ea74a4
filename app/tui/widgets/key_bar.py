"""The line of keys at the bottom, drawn anew only when another key works, or one no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widgets import Footer

if TYPE_CHECKING:
    from textual.screen import Screen


class KeyBar(Footer):
    """Textual's footer makes all its keys anew whenever somebody asks it to look at them.

    That costs as much as drawing all else, and is asked for whenever a queue was looked at, another
    part gets the focus, or a notice comes and goes.
    """

    def __init__(self) -> None:
        super().__init__(show_command_palette=False, compact=True)
        self._shown: tuple[tuple[object, ...], ...] = ()
        self._looks = False

    def bindings_changed(self, screen: Screen[object]) -> None:
        """Look at the keys once all that is under way has been done."""
        self._bindings_ready = True
        if screen.app.app_focus and self.is_attached and screen is self.screen and not self._looks:
            self._looks = self.call_after_refresh(self._look)

    async def _look(self) -> None:
        self._looks = False
        if not self.is_attached:
            return  # its screen was left meanwhile
        wanted = tuple(
            (one.key, self.app.get_key_display(one), one.description, one.action, enabled, tooltip)
            for _, one, enabled, tooltip in self.screen.active_bindings.values()
            if one.show
        )
        if wanted != self._shown:
            self._shown = wanted
            await self.recompose()
