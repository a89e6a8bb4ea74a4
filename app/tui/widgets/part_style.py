"""How a part of a widget looks: what the stylesheet says of its component class, and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.style import Style

if TYPE_CHECKING:
    from textual.widget import Widget


def part_style(widget: Widget, name: str) -> Style:
    """Return only what a part adds, with its colours as they come out on the background."""
    full = widget.get_component_rich_style(name)
    own = widget.get_component_rich_style(name, partial=True)
    return own + Style(
        color=full.color if own.color else None, bgcolor=full.bgcolor if own.bgcolor else None
    )
