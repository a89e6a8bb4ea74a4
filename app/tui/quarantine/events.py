"""What is asked of whoever has the store about quarantined rows, and what is answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from casparian.core.queueing.quarantine_replays import ReplayReport
    from casparian.core.queueing.reason_rows import RowInJob, RowKey
    from casparian.core.stores.jobs import JobFilter
    from casparian.core.stores.quarantine import Reason, ReasonCount


@dataclass(frozen=True, slots=True)
class ReasonsSeen:
    """The reasons of the jobs that pass; if it isn't over, of the newest of them so far."""

    wanted: JobFilter
    counts: Sequence[ReasonCount]
    is_over: bool = True


@dataclass(frozen=True, slots=True)
class RowsWanted:
    """A page of the rows that have a reason: those behind a key, None for the first page."""

    wanted: JobFilter
    reason: Reason
    after: RowKey | None = None


@dataclass(frozen=True, slots=True)
class RowsSeen:
    """The page, or its beginning if it isn't over.

    ``bad`` are rows and columns of the table, counted from 0; ``after`` is the key of the next
    page, None if this is the last.
    """

    wanted: RowsWanted
    rows: Sequence[RowInJob]
    table: pa.Table
    bad: frozenset[tuple[int, int]]
    after: RowKey | None
    is_over: bool = True


@dataclass(frozen=True, slots=True)
class QuarantineTrouble:
    """The store can't be looked at now; it is tried again."""

    said: str


@dataclass(frozen=True, slots=True)
class QuarantineTold:
    """What became of an export or a replay."""

    said: str
    is_problem: bool = False


@dataclass(frozen=True, slots=True)
class Replaying:
    """How far the inputs of many jobs are queued; ``problem`` says what broke it off.

    ``has_worker`` is whether anybody is there to do them, which is known once it is over.
    """

    report: ReplayReport
    is_over: bool = False
    has_worker: bool = True
    problem: str = ""


QuarantineEvent = ReasonsSeen | RowsSeen | QuarantineTrouble | QuarantineTold | Replaying
