"""How often the pane looks at the store: paused, slower, faster."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from casparian.app.tui.prod.state import RATES

if TYPE_CHECKING:
    from casparian.app.tui.prod.host import ProdHost
    from casparian.app.tui.prod.state import ProdState


class RateDeeds:
    """The part of the pane that has to do with that; a mixin for its screen."""

    state: ProdState
    _host: ProdHost

    def do_pause(self) -> None:
        """Look no more, or again."""
        node: Any = self
        node._become(replace(self.state, paused=not self.state.paused))
        self._host.rest(self.state.paused)

    def do_slower(self) -> None:
        """Look less often."""
        self._take_rate(1)

    def why_not_slower(self) -> str:
        """There is a slowest rate."""
        return "" if self.state.every < RATES[-1] else "this is the slowest"

    def do_faster(self) -> None:
        """Look more often."""
        self._take_rate(-1)

    def why_not_faster(self) -> str:
        """There is a fastest rate."""
        return "" if self.state.every > RATES[0] else "this is the fastest"

    def _take_rate(self, by: int) -> None:
        node: Any = self
        every = RATES[RATES.index(self.state.every) + by]
        node._become(replace(self.state, every=every))
        self._host.every(self.state.rate)
