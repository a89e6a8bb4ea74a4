"""What goes wrong again and again: it is told once in a while, what it hinders is done later."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from casparian.core.stores.errors import StoreUnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

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


class Patience:
    """To be entered for what the store is needed for: if it is out of reach, that is done later.

    A class, as a worker enters it some times for each job, and a generator takes five times the
    steps.

    Args:
        troubles: are told of it.
        wait: is called then: whoever holds the store is given room.
    """

    def __init__(self, troubles: Troubles, wait: Callable[[], None]) -> None:
        self._troubles = troubles
        self._wait = wait

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if not isinstance(error, StoreUnreachableError):
            return False
        self._troubles.met(f"{error.message}; trying again")
        self._wait()
        return True
