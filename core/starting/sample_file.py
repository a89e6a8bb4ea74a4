"""A sample's records: counted, copied whole or cut, and without those that are no rows."""

from __future__ import annotations

import codecs
import csv
import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from casparian.core.data_files.file_format import SampleError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from casparian.core.data_files.file_format import SampleFormat

MOST_BYTES: Final = 1 << 20
"""A larger sample is cut to this, in whole records."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record as it stands in the file, and whether it is a row as the others are."""

    text: str
    is_row: bool
    has_cells: bool = True
    """Whether it is a record at all: the header and empty lines are not."""


@dataclass(frozen=True, slots=True)
class Counted:
    """How many records a file has, and how many of them are no rows."""

    records: int
    broken: int


def count(path: Path, found: SampleFormat) -> Counted:
    """Count a file's records.

    Raises:
        SampleError: its quotes are broken somewhere.
    """
    if found.kind == "parquet":
        import pyarrow.parquet as pq

        return Counted(_metadata(pq, path).num_rows, 0)
    records = broken = 0
    for record in _records(path, found):
        records += record.has_cells
        broken += record.has_cells and not record.is_row
    return Counted(records, broken)


def copy_cut(path: Path, found: SampleFormat, to: Path, *, most: int = MOST_BYTES) -> bool:
    """Copy a sample; one that is too large is cut after a whole record. Returns whether it was."""
    if path.stat().st_size <= most:
        shutil.copyfile(path, to)
        return False
    if found.kind == "parquet":
        _cut_parquet(path, to, most)
        return True
    size = 0
    rows = 0

    def fitting() -> Iterator[Record]:
        nonlocal size, rows
        for record in _records(path, found):
            size += len(record.text.encode(found.encoding, "replace"))
            if size > most and rows:  # one row is there in any case
                return
            rows += record.has_cells and record.is_row
            yield record

    _write(fitting(), path, found, to)
    return True


def copy_rows(path: Path, found: SampleFormat, to: Path) -> None:
    """Copy a sample without the records that are no rows."""
    rows = (r for r in _records(path, found) if r.is_row or not r.has_cells)
    _write(rows, path, found, to)


def _write(records: Iterable[Record], path: Path, found: SampleFormat, to: Path) -> None:
    encoding = found.encoding
    if encoding == "utf-8-sig":
        with path.open("rb") as source:
            encoding = encoding if source.read(3) == codecs.BOM_UTF8 else "utf-8"
    with to.open("w", encoding=encoding, newline="") as file:
        if found.kind == "json":
            file.write("[\n" + ",\n".join(record.text for record in records) + "\n]\n")
        else:
            file.writelines(record.text for record in records)


def _records(path: Path, found: SampleFormat) -> Iterator[Record]:
    newline = "" if found.kind == "csv" else "\n"
    with path.open(encoding=found.encoding, newline=newline) as file:
        if found.kind == "csv":
            yield from _csv_records(path, file, found)
        elif found.kind == "json":
            for item in json.load(file):
                yield Record(json.dumps(item, ensure_ascii=False), isinstance(item, dict))
        else:
            for line in file:
                blank = found.kind == "jsonl" and not line.strip()
                is_row = found.kind == "lines" or _is_object(line)
                yield Record(line, is_row and not blank, has_cells=not blank)


def _csv_records(path: Path, file: Iterable[str], found: SampleFormat) -> Iterator[Record]:
    taken: list[str] = []

    def lines() -> Iterator[str]:
        for line in file:
            taken.append(line)
            yield line

    reader = csv.reader(lines(), **found.dialect)
    header = found.header
    try:
        for cells in reader:
            text = "".join(taken)
            taken.clear()
            if header and cells:
                whole = len(cells) == len(found.columns) and all(cells)
                header = found.titled and not whole
                yield Record(text, is_row=False, has_cells=False)
            else:
                yield Record(text, len(cells) == len(found.columns), has_cells=bool(cells))
    except csv.Error as error:
        raise SampleError(
            f"{path}, line {reader.line_num}: {error}",
            hint="mend that line, or give a sample without it",
        ) from error


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _metadata(pq: Any, path: Path) -> Any:
    try:
        return pq.read_metadata(path)
    except Exception as error:  # a damaged file raises what it likes
        raise SampleError(f"{path} is no readable Parquet file: {error}") from error


def _cut_parquet(path: Path, to: Path, most: int) -> None:
    """Keep as many of the first rows as their share of the file allows."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        rows = max(1, file.metadata.num_rows * most // path.stat().st_size)
        batch = next(file.iter_batches(batch_size=min(rows, 100_000)))
        with pq.ParquetWriter(to, file.schema_arrow) as writer:
            writer.write_batch(batch.slice(0, rows))
