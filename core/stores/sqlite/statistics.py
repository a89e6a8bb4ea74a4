"""Sums over jobs in SQLite; each reads the jobs that ended in its time, and no others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from casparian.core.stores.jobs import JobFilter
from casparian.core.stores.sqlite.job_rows import page_query
from casparian.core.stores.statistics import FailureTally, MinuteTally, Tally

if TYPE_CHECKING:
    from casparian.core.stores.sqlite.connection import Connection
    from casparian.core.stores.states import JobStatus

_ENDED: Final = """
    SELECT parser, status, count(*),
        coalesce(sum(CASE WHEN replaced_by IS NULL THEN rows END), 0),
        coalesce(sum(CASE WHEN replaced_by IS NULL AND rows IS NOT NULL THEN quarantined END), 0),
        sum(input_size), coalesce(sum(max(finished_at - started_at, 0)), 0)
    FROM cf_jobs WHERE finished_at IS NOT NULL AND finished_at >= :since
        AND (:until IS NULL OR finished_at < :until)
    GROUP BY parser, status ORDER BY parser, status
"""

_BY_MINUTE: Final = """
    SELECT finished_at / 60000 AS minute, status, count(*)
    FROM cf_jobs WHERE finished_at IS NOT NULL AND finished_at >= :since
        AND finished_at < :until
    GROUP BY minute, status
"""
_NEVER: Final = 2**62

# SQLite takes the other columns of a group from the row that has the maximum.
_FAILURES: Final = """
    SELECT parser, coalesce(error ->> 'error_class', '') AS kind, count(*) AS jobs, job_id,
        coalesce(error ->> 'message', ''), max(finished_at)
    FROM cf_jobs WHERE finished_at IS NOT NULL AND finished_at >= :since
        AND (:until IS NULL OR finished_at < :until) AND status IN ('failed', 'dead_letter')
    GROUP BY parser, kind ORDER BY jobs DESC, parser, kind
"""

_BY_BUNDLE: Final = """
    SELECT source_hash, status, count(*) FROM cf_jobs GROUP BY source_hash, status
    ORDER BY source_hash, status
"""

_OLDEST: Final = page_query(JobFilter(statuses=("pending",)), "oldest", None, 1)


class SqliteStatistics:
    """See :class:`casparian.core.stores.statistics.Statistics`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def ended(self, *, since: int, until: int | None = None) -> list[Tally]:
        """Return the sums of the jobs that ended in a time, by parser and state."""
        rows = self._connection.read(_ENDED, {"since": since, "until": until})
        return [Tally(*row) for row in rows]

    def ended_by_minute(self, *, since: int, until: int | None = None) -> list[MinuteTally]:
        """Return how many jobs ended in each minute of a time, by state."""
        named = {"since": since, "until": _NEVER if until is None else until}
        return [MinuteTally(*row) for row in self._connection.read(_BY_MINUTE, named)]

    def failures(self, *, since: int, until: int | None = None) -> list[FailureTally]:
        """Return the failed jobs and dead letters of a time by class."""
        rows = self._connection.read(_FAILURES, {"since": since, "until": until})
        return [FailureTally(*tuple(row)[:5]) for row in rows]

    def by_bundle(self) -> dict[str, dict[JobStatus, int]]:
        """Return how many jobs there are in each state, by their bundle's hash."""
        found: dict[str, dict[JobStatus, int]] = {}
        for source_hash, status, jobs in self._connection.read(_BY_BUNDLE):
            found.setdefault(source_hash, {})[status] = jobs
        return found

    def oldest_pending(self) -> int | None:
        """Return when the pending job that waits longest was queued."""
        rows = self._connection.read(*_OLDEST)
        return rows[0]["created_at"] if rows else None
