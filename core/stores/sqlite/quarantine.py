"""Quarantined rows in SQLite."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from casparian.core.stores.quarantine import (
    QuarantinedRow,
    Reason,
    ReasonCount,
    ReasonInJob,
    ReasonsPage,
    StoredGroup,
    StoredReason,
)
from casparian.core.stores.sqlite.job_rows import conditions_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence

    from casparian.core.stores.jobs import JobFilter
    from casparian.core.stores.sqlite.connection import Connection

_NEWEST: Final = 2**62
"""No job's place is behind it."""

_FORGET_REASONS: Final = """
    DELETE FROM cf_quarantine_reasons
    WHERE seq = (SELECT seq FROM cf_jobs WHERE job_id = :job_id)
"""
_NOTE_REASON: Final = """
    INSERT INTO cf_quarantine_reasons
    SELECT seq, ?, ?, ?, ?, ?, ?, ? FROM cf_jobs WHERE job_id = ?
"""
#: The place of the job that has the last of so many reasons.
_LAST_OF_PAGE: Final = """
    SELECT seq FROM cf_quarantine_reasons WHERE seq < :before
    ORDER BY seq DESC LIMIT 1 OFFSET :most
"""


def replace_rows(raw: sqlite3.Connection, job_id: str, rows: Iterable[QuarantinedRow]) -> int:
    """Put rows in place of whatever a job has, within a transaction; returns how many."""
    if raw.execute("DELETE FROM cf_quarantine WHERE job_id = ?", (job_id,)).rowcount:
        raw.execute(_FORGET_REASONS, {"job_id": job_id})
    reasons = _Reasons()
    done = raw.executemany(
        "INSERT INTO cf_quarantine VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            (
                job_id,
                row.output,
                row.row_number,
                json.dumps([asdict(reason) for reason in row.reasons], ensure_ascii=False),
                row.raw,
                row.raw_bytes,
                row.raw_sha256,
            )
            for row in map(reasons.noted, rows)
        ),
    )
    raw.executemany(_NOTE_REASON, reasons.lines(job_id))
    return max(done.rowcount, 0)


class _Reasons:
    """Counts the reasons of rows on their way into the store."""

    def __init__(self) -> None:
        self._cells: dict[tuple[str, str, str], int] = {}
        self._rows: dict[tuple[str, str, str], int] = {}
        self._first: dict[tuple[str, str, str], int] = {}
        self._hint: dict[tuple[str, str, str], tuple[int, str]] = {}

    def noted(self, row: QuarantinedRow) -> QuarantinedRow:
        """Count a row's; rows may come in any order."""
        keys = [(row.output, reason.column, reason.error_type) for reason in row.reasons]
        for key, reason in zip(keys, row.reasons, strict=True):
            self._cells[key] = self._cells.get(key, 0) + 1
            if reason.hint and row.row_number < self._hint.get(key, (_NEWEST, ""))[0]:
                self._hint[key] = (row.row_number, reason.hint)
        for key in dict.fromkeys(keys):
            self._rows[key] = self._rows.get(key, 0) + 1
            self._first[key] = min(self._first.get(key, _NEWEST), row.row_number)
        return row

    def lines(self, job_id: str) -> Iterator[tuple[object, ...]]:
        """Yield what the store keeps of each reason."""
        for key, cells in self._cells.items():
            hint = self._hint.get(key, (0, ""))[1]
            yield (*key, cells, self._rows[key], self._first[key], hint, job_id)


class SqliteQuarantine:
    """See :class:`casparian.core.stores.quarantine.QuarantineStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def insert_many(self, job_id: str, rows: Iterable[QuarantinedRow]) -> int:
        """Put rows in place of whatever the job had; returns how many."""
        kept = list(rows)  # the transaction may run again
        return self._connection.write(lambda raw, _: replace_rows(raw, job_id, kept))

    def list_for_job(
        self, job_id: str, *, after: tuple[str, int] | None = None, limit: int = 100
    ) -> list[QuarantinedRow]:
        """Return rows by output and row number, those behind ``after``."""
        output, row_number = after or ("", -1)
        rows = self._connection.read(
            "SELECT output, row_number, reasons, raw, raw_bytes, raw_sha256 FROM cf_quarantine "
            "WHERE job_id = ? AND (output, row_number) > (?, ?) "
            "ORDER BY output, row_number LIMIT ?",
            (job_id, output, row_number, limit),
        )
        return [
            QuarantinedRow(
                row["output"],
                row["row_number"],
                tuple(StoredReason(**reason) for reason in json.loads(row["reasons"])),
                row["raw"],
                row["raw_bytes"],
                row["raw_sha256"],
            )
            for row in rows
        ]

    def groups(self, job_id: str) -> list[StoredGroup]:
        """Return the kinds of reasons, the most frequent first."""
        rows = self._connection.read(
            "SELECT q.output, r.value ->> 'column' AS name, r.value ->> 'error_type' AS kind, "
            "count(*) AS cells, min(q.row_number) AS first_row, r.value ->> 'message' AS message "
            "FROM cf_quarantine q, json_each(q.reasons) r WHERE q.job_id = ? "
            "GROUP BY q.output, name, kind ORDER BY cells DESC, q.output, name, kind",
            (job_id,),
        )
        return [StoredGroup(*row) for row in rows]

    def counts(self, job_ids: Sequence[str]) -> dict[str, int]:
        """Return how many rows each job has here."""
        rows = self._connection.read(
            "SELECT job_id, count(*) FROM cf_quarantine "
            "WHERE job_id IN (SELECT value FROM json_each(?)) GROUP BY job_id",
            (json.dumps(list(job_ids)),),
        )
        found = {row[0]: row[1] for row in rows}
        return {job_id: found.get(job_id, 0) for job_id in job_ids}

    def reasons(
        self, filter_: JobFilter, *, before: int | None = None, most: int = 20_000
    ) -> ReasonsPage:
        """Return the reasons of the jobs that pass, summed over some jobs, the newest first."""
        below = _NEWEST if before is None else before
        last = self._connection.read(_LAST_OF_PAGE, {"before": below, "most": most})
        lowest = last[0]["seq"] if last else None
        values = {"before": below, "lowest": 0 if lowest is None else lowest}
        sql, named = reasons_query(filter_)
        rows = self._connection.read(sql, named | values)
        counts = tuple(ReasonCount(Reason(*row[:4]), *row[4:]) for row in map(tuple, rows))
        return ReasonsPage(counts, lowest)

    def jobs_with(
        self, filter_: JobFilter, reason: Reason, *, upto: int | None = None, limit: int = 100
    ) -> list[ReasonInJob]:
        """Return the jobs that pass and have a reason, the newest first."""
        sql, named = jobs_with_query(filter_)
        values = {f"reason_{name}": value for name, value in asdict(reason).items()}
        values |= {"upto": _NEWEST if upto is None else upto, "limit": limit}
        return [ReasonInJob(*row) for row in self._connection.read(sql, named | values)]

    def delete_for_job(self, job_id: str) -> int:
        """Forget a job's rows; returns how many there were."""
        return self._connection.write(lambda raw, _: _forget(raw, job_id))


def _forget(raw: sqlite3.Connection, job_id: str) -> int:
    raw.execute(_FORGET_REASONS, {"job_id": job_id})
    return raw.execute("DELETE FROM cf_quarantine WHERE job_id = ?", (job_id,)).rowcount


def reasons_query(filter_: JobFilter) -> tuple[str, dict[str, object]]:
    """Return the query of the sums over the jobs of a page, and its parameters."""
    where, values = _standing_jobs(filter_)
    return (
        "SELECT parser, output, column_name, error_type, sum(cells), sum(bad_rows), count(*), "
        f"max(hint) FROM {_OF_JOBS} WHERE reason.seq < :before AND reason.seq >= :lowest "
        f"AND {where} GROUP BY parser, output, column_name, error_type"
    ), values


def jobs_with_query(filter_: JobFilter) -> tuple[str, dict[str, object]]:
    """Return the query of the jobs that have a reason, and its parameters."""
    where, values = _standing_jobs(filter_)
    return (
        f"SELECT reason.seq, bad_rows, first_row FROM {_OF_JOBS} WHERE reason.seq <= :upto "
        "AND output = :reason_output AND column_name = :reason_column "
        f"AND error_type = :reason_error_type AND parser = :reason_parser AND {where} "
        "ORDER BY reason.seq DESC LIMIT :limit"
    ), values


#: Each reason leads to its job: of jobs without quarantine none is looked at.
_OF_JOBS: Final = (
    "cf_quarantine_reasons AS reason CROSS JOIN cf_jobs AS job ON job.seq = reason.seq"
)


def _standing_jobs(filter_: JobFilter) -> tuple[str, dict[str, object]]:
    demands, values = conditions_of(filter_)
    return " AND ".join(["replaced_by IS NULL", *demands]), values
