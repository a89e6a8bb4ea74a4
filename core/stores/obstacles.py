"""What keeps a bundle's jobs from being run though they are fit to run: no environment, so far.

An obstacle is one worker's: another, on another machine or with a network, may do the same jobs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class NewObstacle:
    """A worker can't run a bundle's jobs now: why, and what to try.

    ``next_try_in_ms`` is how long it leaves them alone.
    """

    worker_id: str
    host: str
    parser: str
    parser_version: str
    source_hash: str
    error_class: str
    message: str
    hint: str
    next_try_in_ms: int


@dataclass(frozen=True, slots=True)
class Obstacle:
    """An obstacle as it stands in the store; times are milliseconds since 1970."""

    worker_id: str
    host: str
    parser: str
    parser_version: str
    source_hash: str
    error_class: str
    message: str
    hint: str
    since: int
    tried_at: int
    next_try_at: int


class ObstacleStore(Protocol):
    """What workers have met, for people to see. Nothing is decided here: each worker knows its own.

    Raises StoreUnreachableError where the store can't be used.
    """

    def note(self, obstacle: NewObstacle) -> None:
        """Note what a worker has met now; ``since`` stays when it has met it before."""
        ...

    def clear(self, worker_id: str, source_hash: str) -> None:
        """A worker can run the bundle's jobs: forget what it met, and what those that left did."""
        ...

    def list(self) -> Sequence[Obstacle]:
        """Return the obstacles of bundles whose jobs wait, by parser, the newest first."""
        ...
