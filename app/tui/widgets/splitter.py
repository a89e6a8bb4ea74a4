"""`Splitter`: the line between two parts of a pane, which keys and the mouse move."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, Protocol, cast

from rich.text import Text
from textual.widget import Widget

if TYPE_CHECKING:
    from textual import events
    from textual.dom import DOMNode
    from textual.geometry import Offset

    from casparian.app.tui.sizes import Sizes

Side = Literal["left", "right", "above", "below"]

#: Cells that a key moves it, and that are left of what it makes smaller.
_STEP: Final = {"width": 4, "height": 2}
_LEAST: Final = {"width": 12, "height": 4}


class _KeepsSizes(Protocol):
    sizes: Sizes


class Splitter(Widget):
    """One line of cells beside a part whose size it sets; the other part takes the rest.

    Args:
        part: the id of the part, a sibling; its size is kept under that name.
        side: where the part lies of the line.
    """

    def __init__(self, part: str, side: Side) -> None:
        self.axis: Literal["width", "height"] = "width" if side in ("left", "right") else "height"
        super().__init__(id=f"{part}-splitter", classes=f"-{self.axis}")
        self._part_id = part
        self._grows = 1 if side in ("left", "above") else -1
        self._wanted: int | None = None
        self._dragged_from: tuple[Offset, int] | None = None

    def on_mount(self) -> None:
        """Take the size of the last time."""
        size = self._sizes.get(self._part_id)
        if size is not None:
            self._set(size)
        self.watch(self.screen, "maximized", self._maximized, init=False)

    def _maximized(self, maximized: Widget | None) -> None:
        """A part that fills the pane is as large as that."""
        part = self.part
        setattr(part.styles, self.axis, None if maximized is part else self._wanted)

    @property
    def part(self) -> Widget:
        """The part whose size it sets."""
        assert isinstance(self.parent, Widget)
        return self.parent.query_one(f"#{self._part_id}")

    @property
    def is_of_use(self) -> bool:
        """Whether both parts are shown."""
        return self.part.display and self.part.outer_size.area > 0

    def change(self, by: int, node: DOMNode | None = None) -> None:
        """Make the part larger by some steps; or smaller, if ``node`` lies in the other part."""
        if node is not None and self.part not in node.ancestors_with_self:
            by = -by
        self._resize(self._now + by * _STEP[self.axis])
        self._keep()

    def reset(self) -> None:
        """Let the part be as large as it comes."""
        self._set(None)
        self._keep()

    # The mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Begin to drag."""
        if event.button == 1:
            self._dragged_from = event.screen_offset, self._now
            self.capture_mouse()
            self.add_class("-dragged")

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Follow the mouse."""
        if self._dragged_from is not None:
            start, size = self._dragged_from
            moved = event.screen_offset - start
            self._resize(size + self._grows * (moved.x if self.axis == "width" else moved.y))

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Keep where it was let go."""
        if self._dragged_from is not None:
            start, _ = self._dragged_from
            self._dragged_from = None
            self.release_mouse()
            self.remove_class("-dragged")
            if event.screen_offset != start:
                self._keep()

    def on_click(self, event: events.Click) -> None:
        """Two clicks let the part be as it comes."""
        if event.chain == 2:
            self.reset()

    # What it sets

    @property
    def _now(self) -> int:
        return int(getattr(self.part.outer_size, self.axis))

    def _resize(self, size: int) -> None:
        assert isinstance(self.parent, Widget)
        least, room = _LEAST[self.axis], int(getattr(self.parent.size, self.axis))
        self._set(max(least, min(size, room - 1 - least)))

    def _set(self, size: int | None) -> None:
        self._wanted = size
        setattr(self.part.styles, self.axis, size)  # None: as the stylesheet says

    def _keep(self) -> None:
        try:
            self._sizes.keep(self._part_id, self._wanted)
        except OSError as error:
            said = f"its size can't be kept for the next time: {error.strerror}"
            self.notify(said, severity="warning", markup=False)

    @property
    def _sizes(self) -> Sizes:
        return cast("_KeepsSizes", self.app).sizes

    def render(self) -> Text:
        """Draw a line while the mouse is there; else the gap says enough."""
        if not (self.mouse_hover or self.has_class("-dragged")):
            return Text()
        if self.axis == "height":
            return Text("─" * self.size.width, no_wrap=True)
        return Text("\n".join("│" * self.size.height))


def splitter_of(node: DOMNode | None) -> Splitter | None:
    """Return the line that is nearest to what has the focus: first those around it."""
    for one in () if node is None else node.ancestors_with_self:
        if isinstance(one.parent, Widget):
            for sibling in one.parent.children:
                if isinstance(sibling, Splitter) and sibling.is_of_use:
                    return sibling
    return None
