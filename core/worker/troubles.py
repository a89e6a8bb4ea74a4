"""What goes wrong again and again is told once in a while."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

TELL_AGAIN_S: Final = 30.0
"""So long the same trouble isn't told of again."""


class Troubles:
    """Tells ``on_problem`` of troubles; of the same one that goes on, every half minute."""

    def __init__(self, on_problem: Callable[[str], None]) -> None:
        self._on_problem = on_problem
        self._told = ""
        self._told_at = 0.0

    def met(self, sentence: str) -> None:
        """Say what goes wrong, unless that was just said."""
        now = time.monotonic()
        if sentence != self._told or now - self._told_at >= TELL_AGAIN_S:
            self._told, self._told_at = sentence, now
            self._on_problem(sentence)
