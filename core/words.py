"""Numbers and names in sentences."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def counted(number: int, word: str) -> str:
    """Return ``1 cell`` or ``2,000 cells``."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def what_is_known(name: str, known: Iterable[str], *, if_none: str) -> str:
    """Say what a name that isn't known may be meant for: the nearest one, or all there are."""
    names = sorted(set(known))
    near = difflib.get_close_matches(name, names, n=1)
    if near:
        return f"did you mean {near[0]}?"
    return f"there are: {', '.join(names)}" if names else if_none
