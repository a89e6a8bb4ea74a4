"""Words that are drawn only when they are others: each drawing lays the whole screen out anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.text import Text
    from textual.widgets import Static


def say(where: Static, words: Text | str) -> None:
    """Have a widget say something, if it doesn't yet."""
    if where.content != words:
        where.update(words)
