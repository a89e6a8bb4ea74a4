"""Quarantined rows of a job, whole where its published set is, else as the store has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from casparian.core.publishing.manifest import ManifestError
from casparian.core.quarantine import QUARANTINE_SCHEMA
from casparian.core.queueing.comparison import quarantined_rows
from casparian.core.queueing.published import published_set

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from casparian.core.stores.jobs import Job
    from casparian.core.stores.quarantine import QuarantinedRow
    from casparian.core.stores.store import Store

_ROWS = 1_000


def quarantine_files(job: Job) -> dict[str, Path]:
    """Return the files of whole quarantined rows that are there, by output."""
    try:
        published = published_set(job)
    except ManifestError:
        return {}
    if published is None:
        return {}
    found = {output.name: published.quarantine_file(output.name) for output in published.outputs}
    return {name: path for name, path in found.items() if path is not None}


def whole_raw(job: Job, row: QuarantinedRow) -> str | None:
    """Return a row as it came, whole; None if only its beginning is kept."""
    if row.raw_bytes == len(row.raw.encode()):
        return row.raw
    path = quarantine_files(job).get(row.output)
    if path is None:
        return None
    table = pq.read_table(path, columns=["raw"], filters=pc.field("row_number") == row.row_number)
    found: list[str] = table["raw"].to_pylist()
    return found[0] if found else None


def file_tables(path: Path) -> Iterator[Any]:
    """Yield a file's rows, some at a time."""
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_ROWS):
            yield pa.Table.from_batches([batch]).select(QUARANTINE_SCHEMA.names)


def store_tables(store: Store, job: Job, outputs: Sequence[str]) -> Iterator[Any]:
    """Yield the rows that the store has of other outputs than these, some at a time."""
    rows: list[QuarantinedRow] = []
    for row in quarantined_rows(store, job.job_id):
        if row.output not in outputs:
            rows.append(row)
        if len(rows) == _ROWS:
            yield _table(rows)
            rows = []
    if rows:
        yield _table(rows)


def _table(rows: Sequence[QuarantinedRow]) -> Any:
    return pa.Table.from_pylist(
        [
            {
                "output": row.output,
                "row_number": row.row_number,
                "column": row.reasons[0].column if row.reasons else "",
                "error_type": row.reasons[0].error_type if row.reasons else "",
                "error_message": row.reasons[0].message if row.reasons else "",
                "reasons": [
                    {
                        "column": reason.column,
                        "error_type": reason.error_type,
                        "message": reason.message,
                        "hint": reason.hint,
                    }
                    for reason in row.reasons
                ],
                "raw": row.raw,
                "raw_bytes": row.raw_bytes,
                "raw_sha256": row.raw_sha256,
            }
            for row in rows
        ],
        schema=QUARANTINE_SCHEMA,
    )
