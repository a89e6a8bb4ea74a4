"""The palette: everything that can be done now, found by its name."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from textual.command import DiscoveryHit, Hit, Hits, Provider

from casparian.app.tui.actions import Action, actions_of, why_not

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Commands(Provider):
    """Actions of the pane that is shown, and of the app."""

    async def discover(self) -> Hits:
        """All of them."""
        own = self._own()
        for action, node in self._now():
            yield DiscoveryHit(
                _title(action), partial(self._do, node, action), help=_keys(action, own)
            )

    async def search(self, query: str) -> Hits:
        """Those whose name or help match."""
        matcher, own = self.matcher(query), self._own()
        for action, node in self._now():
            score = matcher.match(_title(action))
            if score > 0:
                yield Hit(
                    score,
                    matcher.highlight(_title(action)),
                    partial(self._do, node, action),
                    help=_keys(action, own),
                )

    def _own(self) -> Mapping[str, str]:
        return getattr(self.app, "keys", {})

    def _now(self) -> Iterator[tuple[Action, Any]]:
        from casparian.app.tui.app import CasparianApp

        app = self.app
        assert isinstance(app, CasparianApp)
        for area, node in app.areas():
            for action in actions_of(area):
                if action.id != "app.palette" and not why_not(node, action.id):
                    yield action, node

    async def _do(self, node: Any, action: Action) -> None:
        await node.action_do(action.id)


def _title(action: Action) -> str:
    return f"{action.area}: {action.help}"


def _keys(action: Action, own: Mapping[str, str]) -> str:
    from casparian.app.tui.help import shown_key

    return shown_key(own.get(action.id, action.key))
