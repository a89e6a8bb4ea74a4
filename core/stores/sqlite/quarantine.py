"""Quarantined rows in SQLite."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from casparian.core.stores.quarantine import QuarantinedRow, StoredGroup, StoredReason

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from casparian.core.stores.sqlite.connection import Connection


def replace_rows(raw: sqlite3.Connection, job_id: str, rows: Iterable[QuarantinedRow]) -> int:
    """Put rows in place of whatever a job has, within a transaction; returns how many."""
    raw.execute("DELETE FROM cf_quarantine WHERE job_id = ?", (job_id,))
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
            for row in rows
        ),
    )
    return max(done.rowcount, 0)


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

    def delete_for_job(self, job_id: str) -> int:
        """Forget a job's rows; returns how many there were."""
        return self._connection.write(
            lambda raw, _: (
                raw.execute("DELETE FROM cf_quarantine WHERE job_id = ?", (job_id,)).rowcount
            )
        )
