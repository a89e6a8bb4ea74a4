"""What the Prod pane asks of whoever has the store: a thread beside it, or a test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from casparian.core.queueing.queue_view import Look, QueueView


@dataclass(frozen=True, slots=True)
class Seen:
    """The store was looked at. ``view`` is None if nothing has changed since the last time.

    ``at`` is milliseconds since 1970, UTC.
    """

    at: int
    view: QueueView | None


@dataclass(frozen=True, slots=True)
class Trouble:
    """The store can't be looked at now; it is tried again after ``again_s`` seconds."""

    message: str
    hint: str
    again_s: float


HostEvent = Seen | Trouble


class ProdHost(Protocol):
    """Looks at a store, and tells of it; every call returns at once."""

    @property
    def where(self) -> str:
        """The store, as it is named."""
        ...

    @property
    def home(self) -> Path:
        """CASPARIAN_HOME: where the logs of jobs are."""
        ...

    @property
    def read_only(self) -> bool:
        """Whether nothing may be changed."""
        ...

    def start(self, on_event: Callable[[HostEvent], None]) -> None:
        """Begin to look; ``on_event`` is called from another thread."""
        ...

    def look(self, look: Look) -> None:
        """Say what is to be looked at; it is, at once, and from then on."""
        ...

    def rest(self, resting: bool) -> None:
        """Look no more for a while, or again."""
        ...

    def every(self, seconds: float) -> None:
        """Say how often to look."""
        ...

    def close(self) -> None:
        """End."""
        ...
