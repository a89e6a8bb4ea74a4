"""Workers: who is there, how busy, and when last heard of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class NewWorker:
    """A supervisor process. ``worker_id`` is made anew at every start, and never used again.

    A pid says little alone: ``boot_id`` and ``pid_started`` say which boot, and which process.
    """

    worker_id: str
    host: str
    pid: int
    slots: int
    version: str
    boot_id: str = ""
    pid_started: int = 0


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker as it stands in the store; ``busy`` is how many jobs it holds now."""

    worker_id: str
    host: str
    pid: int
    slots: int
    version: str
    boot_id: str
    pid_started: int
    started_at: int
    last_seen: int
    busy: int
    retired_at: int | None


class WorkerStore(Protocol):
    """Who works. Nothing is decided here: leases decide, this is what people see."""

    def announce(self, worker: NewWorker) -> None:
        """Say that a worker is there."""
        ...

    def beat(self, worker_id: str) -> bool:
        """Say that it still is. False if it is unknown or retired."""
        ...

    def list(self, *, retired: bool = False) -> Sequence[Worker]:
        """Return the workers, the oldest first; with ``retired`` those that have gone, too."""
        ...

    def retire(self, worker_id: str) -> None:
        """Say that it has gone."""
        ...

    def forget(self, *, before: int) -> int:
        """Forget workers last seen before a time that hold no job; returns how many."""
        ...
