"""The keys of a log."""

from __future__ import annotations

from typing import Final

from textual.binding import Binding


def _quiet(name: str, keys: str, action: str, text: str) -> Binding:
    return Binding(keys, action, text, show=False, tooltip=text, id=f"log.{name}")


LOG_BINDINGS: Final[tuple[Binding, ...]] = (
    _quiet("up", "up,k", "scroll_up", "Scroll up; the log stays put"),
    _quiet("down", "down,j", "scroll_down", "Scroll down"),
    _quiet("left", "left,h", "scroll_left", "Scroll left"),
    _quiet("right", "right,l", "scroll_right", "Scroll right"),
    _quiet("page_up", "pageup,ctrl+b", "page_up", "Go a page up"),
    _quiet("page_down", "pagedown,ctrl+f", "page_down", "Go a page down"),
    _quiet("home", "home,ctrl+home,g", "scroll_home", "Go to the first line"),
    Binding(
        "end,ctrl+end,G", "follow", "Follow", tooltip="Go to the end and stay", id="log.follow"
    ),
    Binding("slash", "ask_find", "Find", tooltip="Find a text", id="log.find"),
    _quiet("find_next", "n", "find_again(False)", "Go to the next line that has it"),
    _quiet("find_previous", "N", "find_again(True)", "Go to the line before that has it"),
    Binding("f", "levels", "Levels", tooltip="Show all levels, or only some", id="log.levels"),
    Binding("c", "copy", "Copy", tooltip="Copy what is selected, or the last lines", id="log.copy"),
    _quiet("back", "escape", "back", "End the search"),
)
