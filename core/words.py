"""Numbers in sentences."""

from __future__ import annotations


def counted(number: int, word: str) -> str:
    """Return ``1 cell`` or ``2,000 cells``."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"
