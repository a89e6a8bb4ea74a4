"""Sums over jobs, for people: how much was done, how fast, and what went wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from casparian.core.stores.states import JobStatus


@dataclass(frozen=True, slots=True)
class Tally:
    """A parser's jobs that ended in one state.

    ``rows`` and ``quarantined`` are those of completed jobs whose sets stand: what another job's
    set has replaced is counted there alone. ``input_bytes`` is the size of all their inputs;
    ``busy_ms`` is how long their last attempts took, in milliseconds, summed.
    """

    parser: str
    status: JobStatus
    jobs: int
    rows: int
    quarantined: int
    input_bytes: int
    busy_ms: int


@dataclass(frozen=True, slots=True)
class FailureTally:
    """Jobs of a parser that ended with the same class of error; the newest of them as example."""

    parser: str
    error_class: str
    jobs: int
    job_id: str
    message: str


@dataclass(frozen=True, slots=True)
class MinuteTally:
    """Jobs that ended in one state within one minute, counted since 1970."""

    minute: int
    status: JobStatus
    jobs: int


class Statistics(Protocol):
    """Sums over jobs, as they stand now. Those that were pruned are in none."""

    def ended(self, *, since: int, until: int | None = None) -> Sequence[Tally]:
        """Return the sums of the jobs that ended in a time, by parser and state."""
        ...

    def ended_by_minute(self, *, since: int, until: int | None = None) -> Sequence[MinuteTally]:
        """Return how many jobs ended in each minute of a time, by state."""
        ...

    def failures(self, *, since: int, until: int | None = None) -> Sequence[FailureTally]:
        """Return the failed jobs and dead letters of a time by class, the most frequent first."""
        ...

    def by_bundle(self) -> Mapping[str, Mapping[JobStatus, int]]:
        """Return how many jobs there are in each state, by their bundle's hash; reads all jobs."""
        ...

    def oldest_pending(self) -> int | None:
        """Return when the pending job that waits longest was queued; None if none is pending."""
        ...
