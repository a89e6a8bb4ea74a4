"""Quarantined rows in the store: why each was refused, and the beginning of what it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from casparian.core.stores.jobs import JobFilter


@dataclass(frozen=True, slots=True)
class StoredReason:
    """One reason of a row."""

    column: str
    error_type: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """A row that was refused.

    ``row_number`` is zero-based, through the whole output. ``raw`` is the row as JSON, at most
    4 KiB of it; ``raw_bytes`` and ``raw_sha256`` are of the whole.
    """

    output: str
    row_number: int
    reasons: tuple[StoredReason, ...]
    raw: str
    raw_bytes: int
    raw_sha256: str


@dataclass(frozen=True, slots=True)
class StoredGroup:
    """All cells of a job that were refused for the same kind of reason, and the first of them."""

    output: str
    column: str
    error_type: str
    cells: int
    first_row: int
    message: str


@dataclass(frozen=True, slots=True)
class Reason:
    """A kind of reason, of whatever job."""

    parser: str
    output: str
    column: str
    error_type: str


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """How often jobs have a reason: cells, the rows that these are in, and how many jobs.

    ``hint`` is one that some cell of them has; it may be empty.
    """

    reason: Reason
    cells: int
    rows: int
    jobs: int
    hint: str


@dataclass(frozen=True, slots=True)
class ReasonsPage:
    """The reasons of some jobs; ``before`` is the key of the next page, None if it is the last."""

    counts: tuple[ReasonCount, ...]
    before: int | None


@dataclass(frozen=True, slots=True)
class ReasonInJob:
    """A job (by its ``seq``) that has a reason: in how many rows, and in which first."""

    seq: int
    rows: int
    first_row: int


class QuarantineStore(Protocol):
    """The quarantined rows of jobs. A job's rows are replaced as a whole."""

    def insert_many(self, job_id: str, rows: Iterable[QuarantinedRow]) -> int:
        """Put rows in place of whatever the job had; returns how many."""
        ...

    def list_for_job(
        self, job_id: str, *, after: tuple[str, int] | None = None, limit: int = 100
    ) -> Sequence[QuarantinedRow]:
        """Return rows by output and row number, those behind ``after``."""
        ...

    def groups(self, job_id: str) -> Sequence[StoredGroup]:
        """Return the kinds of reasons, the most frequent first."""
        ...

    def counts(self, job_ids: Sequence[str]) -> dict[str, int]:
        """Return how many rows each job has here."""
        ...

    def reasons(
        self, filter_: JobFilter, *, before: int | None = None, most: int = 20_000
    ) -> ReasonsPage:
        """Return the reasons of the jobs that pass, summed over some jobs, the newest first.

        A page looks at about ``most`` pairs of a job and a reason, and at no rows. Jobs whose set
        another one has replaced are left out.
        """
        ...

    def jobs_with(
        self, filter_: JobFilter, reason: Reason, *, upto: int | None = None, limit: int = 100
    ) -> Sequence[ReasonInJob]:
        """Return the jobs that pass and have a reason, the newest first, from ``upto`` on."""
        ...

    def delete_for_job(self, job_id: str) -> int:
        """Forget a job's rows; returns how many there were."""
        ...
