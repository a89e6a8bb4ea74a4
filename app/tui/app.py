"""The terminal app: two panes, their keys, and what holds everywhere."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from textual.binding import Binding
from textual.command import CommandPalette
from textual.screen import Screen

from casparian.app.tui.actions import ACTIONS, Doing, bindings_of, why_not
from casparian.app.tui.dev.pane import DevScreen
from casparian.app.tui.keys_in_order import KeysInOrder
from casparian.app.tui.looks import KeptStylesheet
from casparian.app.tui.sizes import Sizes
from casparian.app.tui.starting import collect_again
from casparian.app.tui.widgets.splitter import Splitter, splitter_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from textual.actions import ActionParseResult
    from textual.command import Provider
    from textual.dom import DOMNode
    from textual.widget import Widget

    from casparian.app.tui.dev.host import DevHost
    from casparian.app.tui.prod.host import ProdHost
    from casparian.app.tui.prod.pane import ProdScreen

Pane = Literal["dev", "prod"]

ONLY_LOOKS = "casparian tui --web only looks at the queue, unless it is given --allow-actions"

THEMES = ("textual-dark", "textual-light", "ansi-dark")


def _commands() -> type[Provider]:
    from casparian.app.tui.palette import Commands  # nobody asks for it before the first paint

    return Commands


class CasparianApp(Doing, KeysInOrder):
    """The app. ``dev`` and ``prod`` give the panes what they show; it begins in ``first``.

    ``notices`` are told when it is there, ``sizes`` are those of the parts of the panes. One that
    ``only_looks`` has no Dev pane, which runs what a parser says, and writes no files.
    """

    area = "app"
    TITLE = "casparian"
    CSS_PATH = "../../casparian.tcss"
    BINDINGS = bindings_of("app")
    COMMANDS: ClassVar[set[Any]] = {_commands}
    COMMAND_PALETTE_BINDING = "ctrl+backslash"  # ours is an action like any other
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - Textual's own form
        (0, "-narrow"),
        (100, "-medium"),
        (150, "-wide"),
    ]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (32, "-high")]  # noqa: RUF012

    def __init__(
        self,
        dev: DevHost,
        prod: Callable[[], ProdHost] | None = None,
        *,
        first: Pane = "dev",
        keys: Mapping[str, str] | None = None,
        notices: Sequence[str] = (),
        sizes: Sizes | None = None,
        only_looks: bool = False,
    ) -> None:
        # It begins in one of the panes: a screen of Textual's own before it would be painted first.
        self.DEFAULT_MODE = first  # type: ignore[misc]
        super().__init__()
        self.stylesheet: KeptStylesheet = KeptStylesheet(variables=self.get_css_variables())
        self._dev = dev
        self._prod = prod
        self.keys = dict(keys or {})
        self._notices = notices
        self._only_looks = only_looks
        self.sizes = Sizes() if sizes is None else sizes
        self.add_mode("dev", lambda: DevScreen(self._dev))
        if self._prod is not None:
            self.add_mode("prod", self._prod_screen)

    def on_mount(self) -> None:
        """Take a person's own keys."""
        if self.keys:
            self.set_keymap(self.keys)
        self.call_later(self.call_after_refresh, self._painted)

    def _painted(self) -> None:
        """Say what was to be said at the start."""
        collect_again()
        self.stylesheet.whole()
        for notice in self._notices:
            self.notify(notice, severity="warning", markup=False)

    def _prod_screen(self) -> Screen[None]:
        from casparian.app.tui.prod.pane import ProdScreen  # many look at the Dev pane only

        assert self._prod is not None
        self.stylesheet.whole()
        return ProdScreen(self._prod())

    async def run_action(
        self,
        action: str | ActionParseResult,
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Do an action; of one that can't be done now, say why."""
        if await super().run_action(action, default_namespace, namespaces):
            return True
        target, name, parameters = self._parse_action(
            action, self if default_namespace is None else default_namespace, namespaces
        )
        if name != "do" or not parameters:
            return False
        reason = why_not(target, str(parameters[0]))
        if reason:
            self.notify(reason, severity="warning", markup=False, timeout=4)
        return bool(reason)

    @property
    def shown_screen(self) -> Screen[Any]:
        """The screen that is shown: the palette lies over it."""
        return next(
            one for one in reversed(self.screen_stack) if not isinstance(one, CommandPalette)
        )

    def prod_pane(self) -> ProdScreen | None:
        """Return the Prod pane, if it has been gone to."""
        from casparian.app.tui.prod.pane import ProdScreen

        stack = self._screen_stacks.get("prod", ())
        return next((one for one in stack if isinstance(one, ProdScreen)), None)

    def areas(self) -> list[tuple[str, Any]]:
        """Return the areas whose actions can be done here: the pane's first, then the app's."""
        here = [(node.area, node) for node in (self.shown_screen, self) if isinstance(node, Doing)]
        return [(area, node) for area, node in here if area in {a.area for a in ACTIONS}]

    def copy_to_clipboard(self, text: str) -> None:
        """Copy a text, over ssh and through tmux or screen too; no more than terminals take."""
        from casparian.app.tui.clipboard import capped, sequences, tell_tmux

        taken = capped(text)
        if len(taken) < len(text):
            said = f"only the first {len(taken):,} of {len(text):,} characters were copied"
            self.notify(said, severity="warning")
        self._clipboard = text = taken
        environment = dict(os.environ)
        if self._driver is not None and not self._driver.is_headless:
            if self._driver.is_web:
                super().copy_to_clipboard(text)
                return
            self._driver.write(sequences(text, environment))
            self.run_worker(partial(tell_tmux, text, environment), thread=True, group="clipboard")

    def do_help(self) -> None:
        """Show the keys."""
        from casparian.app.tui.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.areas(), self.parts(), self.keys))

    def parts(self) -> list[tuple[str, DOMNode, list[Binding]]]:
        """Return the keys of what has the focus, and of what it lies in."""
        focused = self.shown_screen.focused
        nodes = [] if focused is None else focused.ancestors_with_self
        parts = []
        for node in nodes:
            if isinstance(node, Screen):
                break
            bound = (one for one in node.BINDINGS if isinstance(one, Binding) and one.tooltip)
            # Those of the pane are told with the pane's.
            named = [one for one in bound if not one.action.startswith("screen.")]
            if node.BINDING_GROUP_TITLE and named:
                parts.append((str(node.BINDING_GROUP_TITLE), node, named))
        return parts

    def do_palette(self) -> None:
        """Open the palette."""
        self.action_command_palette()

    def do_jump(self) -> None:
        """Show the letters, or put them away."""
        from casparian.app.tui.jump import JumpScreen, go_to, targets_of

        def chosen(target: Widget | None) -> None:
            if target is not None:
                go_to(target)

        if isinstance(self.screen, JumpScreen):
            self.screen.close()
        else:
            self.push_screen(JumpScreen(targets_of(self.screen)), chosen)

    def do_theme(self) -> None:
        """Take the next theme."""
        there = THEMES.index(self.theme) if self.theme in THEMES else -1
        self.theme = THEMES[(there + 1) % len(THEMES)]

    def do_maximize(self) -> None:
        """Let the focused part fill the pane, or not."""
        if self.screen.maximized is not None:
            self.screen.minimize()
        elif self.screen.focused is not None:
            self.screen.maximize(self.screen.focused)

    def why_not_larger(self) -> str:
        """There must be a part beside it."""
        screen = self.shown_screen
        there = splitter_of(screen.focused) is not None and screen.maximized is None
        return "" if there else "there is no part beside it that could give way"

    def do_larger(self) -> None:
        """Make the focused part larger."""
        self._move_splitter(1)

    def why_not_smaller(self) -> str:
        """There must be a part beside it."""
        return self.why_not_larger()

    def do_smaller(self) -> None:
        """Make the focused part smaller."""
        self._move_splitter(-1)

    def _move_splitter(self, by: int) -> None:
        focused = self.screen.focused
        splitter = splitter_of(focused)
        assert splitter is not None
        splitter.change(by, focused)

    def do_usual(self) -> None:
        """Let all parts of the pane be as large as they come."""
        for splitter in self.screen.query(Splitter):
            splitter.reset()

    def do_quit(self) -> None:
        """Leave, once what the screen is doing is done: what is half built can't be taken down."""
        self.screen.call_later(self.exit)

    def why_not_dev(self) -> str:
        """It must be allowed to act."""
        return ONLY_LOOKS if self._only_looks else ""

    def why_not_write(self) -> str:
        """It must be allowed to write files."""
        return self.why_not_dev()

    def do_dev(self) -> None:
        """Go to the Dev pane."""
        self.switch_mode("dev")

    async def try_in_dev(self, parser: Path, sample: Path) -> None:
        """Go to the Dev pane with a parser and a file to try it on."""
        await self.switch_mode("dev")
        screen = self.screen
        assert isinstance(screen, DevScreen)
        screen.take(parser, sample)

    def why_not_prod(self) -> str:
        """There must be a store."""
        return "" if self._prod is not None else "no store was named"

    def do_prod(self) -> None:
        """Go to the Prod pane."""
        self.switch_mode("prod")
