"""Quarantined rows into a file of their own, for whoever mends the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Final

import pyarrow.compute as pc
import pyarrow.parquet as pq

from casparian.core.errors import CasparianError
from casparian.core.quarantine import QUARANTINE_SCHEMA
from casparian.core.queueing.whole_rows import file_tables, quarantine_files, store_tables
from casparian.core.sinks.csv import write_csv
from casparian.core.sinks.jsonl import write_jsonl
from casparian.core.sinks.temporary import discard, temporary_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from casparian.core.stores.jobs import Job
    from casparian.core.stores.store import Store


class ExportError(CasparianError):
    """The rows can't be exported so."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: rows, and how many of them are cut, for the store had only 4 KiB of each.

    ``files`` are the published files that whole rows came from; ``from_store`` counts rows that
    came from the store.
    """

    path: Path
    rows: int
    files: tuple[Path, ...]
    from_store: int
    cut: int


def export_quarantine(store: Store, job: Job, path: Path, *, force: bool = False) -> Exported:
    """Write a job's quarantined rows to a new ``.parquet``, ``.csv`` or ``.jsonl`` file.

    The file is there whole or not at all; ``force`` lets it take the place of another.

    Raises:
        ExportError: the format is unknown, the file is there already or its folder isn't, or there
            are no rows.
        OSError: it can't be written.
    """
    write = _WRITERS.get(path.suffix.lower())
    if write is None:
        raise ExportError(
            f"{path}: the name says no format", hint=f"one that ends in {', '.join(_WRITERS)}"
        )
    if path.exists() and not force:
        raise ExportError(f"{path} is there already", hint="another name, or --force")
    if not path.absolute().parent.is_dir():
        folder = path.absolute().parent
        raise ExportError(f"{path}: there is no folder {folder}", hint=f"mkdir -p {folder}")
    files = quarantine_files(job)
    counts = {"rows": 0, "stored": 0, "cut": 0}

    def tables() -> Iterator[Any]:
        for file in files.values():
            for table in file_tables(file):
                counts["rows"] += table.num_rows
                yield table
        for table in store_tables(store, job, list(files)):
            counts["rows"] += table.num_rows
            counts["stored"] += table.num_rows
            whole = pc.equal(pc.binary_length(table["raw"]), table["raw_bytes"])
            counts["cut"] += table.num_rows - pc.sum(whole).as_py()
            yield table

    temporary = temporary_path(path.absolute().parent, path.stem, path.suffix.strip("."))
    try:
        with temporary.open("xb") as file:
            write(tables(), QUARANTINE_SCHEMA, file)
        if not counts["rows"]:
            raise ExportError(f"job {job.job_id} has no rows in quarantine")
        temporary.replace(path)
    finally:
        discard(temporary)
    return Exported(path, counts["rows"], tuple(files.values()), counts["stored"], counts["cut"])


def _write_parquet(tables: Iterable[Any], schema: Any, file: IO[bytes]) -> None:
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for table in tables:
            writer.write_table(table.cast(schema))


_WRITERS: Final[dict[str, Callable[[Iterable[Any], Any, IO[bytes]], None]]] = {
    ".parquet": _write_parquet,
    ".csv": write_csv,
    ".jsonl": write_jsonl,
}
