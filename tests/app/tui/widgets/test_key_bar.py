"""The line of keys is drawn anew when another key works, and not otherwise."""

from __future__ import annotations

from typing import ClassVar

import pytest
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType

from casparian.app.tui.widgets.key_bar import KeyBar


class Keys(App[None]):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("x", "do_it", "Do it")]
    able = True

    def compose(self) -> ComposeResult:
        yield KeyBar()

    def action_do_it(self) -> None:
        """Nothing."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "do_it":
            return True if self.able else None
        return super().check_action(action, parameters)


@pytest.mark.asyncio
async def test_it_is_drawn_anew_only_if_another_key_works(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[bool] = []
    recompose = KeyBar.recompose

    async def counted(bar: KeyBar) -> None:
        drawn.append(True)
        await recompose(bar)

    monkeypatch.setattr(KeyBar, "recompose", counted)
    app = Keys()
    async with app.run_test() as pilot:
        await pilot.pause()
        before = len(drawn)
        for _ in range(5):
            app.screen.refresh_bindings()
            await pilot.pause()
        assert len(drawn) == before
        app.able = False
        app.screen.refresh_bindings()
        await pilot.pause()
        assert len(drawn) == before + 1
        key = app.query("FooterKey").first()
        assert key.has_class("-disabled")
