"""A job's rows in a SQLite database: loaded once, whoever tries how often."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from casparian.core.sinks import sqlite
from casparian.core.sinks.sqlite import Load, Promotion, Transaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


def parquet_load(table: str, job_id: str, file: Path | None) -> Load:
    """Return the rows of a staged file as a load; without a file, the job's rows go away."""
    if file is None:
        return Load(table, job_id, None, _nothing)
    import pyarrow as pa
    import pyarrow.parquet as pq

    def tables() -> Iterable[Any]:
        with file.open("rb") as source, pq.ParquetFile(source) as opened:
            for batch in opened.iter_batches():
                yield pa.Table.from_batches([batch])

    with file.open("rb") as source:
        schema = pq.read_schema(source).remove_metadata()
    return Load(table, job_id, schema, tables)


def check_loads(path: Path, loads: Sequence[Load]) -> None:
    """Refuse what `load_once` would refuse. Raises SinkError."""
    for load in loads:
        sqlite.check(path, load)


def load_once(
    path: Path,
    job_id: str,
    fence: int,
    loads: Sequence[Load],
    *,
    replaces: Sequence[tuple[str, int]] = (),
) -> bool:
    """Load a job's set in one transaction, in place of its older one and of other jobs' sets.

    ``replaces`` names jobs, each with the fence up to which its set is meant. Returns False if a
    newer set of the job is there. Raises SinkError; then nothing has changed.
    """
    transaction = Transaction(path)
    try:
        before = transaction.promotion(job_id)
        if before is not None and before.fence >= fence:
            transaction.roll_back(alone=False)
            return before.fence == fence
        tables = tuple(load.table for load in loads)
        for table in () if before is None else before.tables:
            if table not in tables:
                transaction.load(Load(table, job_id, None, _nothing))
        for other, newest in replaces:
            _unload(transaction, other, newest)
        for load in loads:
            transaction.load(load)
        transaction.record(job_id, Promotion(fence, tables))
        transaction.commit()
    except BaseException:
        transaction.roll_back(alone=False)
        raise
    return True


def loaded_fence(path: Path, job_id: str) -> int | None:
    """Return the fence of a job's set in a database; None if it has none. Raises SinkError."""
    return sqlite.loaded_fence(path, job_id)


def unload(path: Path, job_id: str, fence: int) -> None:
    """Remove a job's set in one transaction, if it is of this fence or an older one.

    Raises SinkError; then nothing has changed.
    """
    transaction = Transaction(path)
    try:
        _unload(transaction, job_id, fence)
        transaction.commit()
    except BaseException:
        transaction.roll_back(alone=False)
        raise


def _unload(transaction: Transaction, job_id: str, fence: int) -> None:
    there = transaction.promotion(job_id)
    if there is None or there.fence > fence:
        return
    for table in there.tables:
        transaction.load(Load(table, job_id, None, _nothing))
    transaction.record(job_id, None)


def _nothing() -> Iterable[Any]:
    return ()
