"""Data files as tables, a part at a time: CSV and its kin, JSON lines, a JSON array, Parquet."""

from __future__ import annotations

import csv
import json
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from casparian.core.errors import CasparianError

from .file_format import SampleError, look_at
from .json_columns import json_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from .file_format import SampleFormat

_PART_ROWS: Final = 65_536
_BLOCK: Final = 1 << 24
"""Bytes of a CSV file read at once; no cell may be longer."""

DATA_SUFFIXES: Final = (".csv", ".tsv", ".tab", ".psv", ".txt", ".jsonl", ".ndjson", ".json")


class DataFileError(CasparianError):
    """A file that can't be read as a table."""


class DataFile:
    """A file of rows.

    Cells of CSV are texts as they stand there, an empty one is an empty text; those of JSON are
    what a parser gets from ``json.loads``, and a name that an object lacks is null.
    """

    def __init__(self, path: Path) -> None:
        """Look at the file. Raises DataFileError if it holds no table."""
        self.path = path
        self.broken = 0
        """Records met so far that are no rows: with more or fewer cells, or no JSON object."""
        if path.exists() and not path.is_file():
            # It is looked at first, and a pipe would have nothing left then.
            raise DataFileError(
                f"{path} is no plain file", hint="save it to a file, which can be read twice"
            )
        try:
            self.format: SampleFormat = look_at(path)
        except SampleError as error:
            raise DataFileError(error.message, hint=error.hint) from error
        except OSError as error:
            raise DataFileError(f"{path}: it can't be read: {error.strerror}") from error
        if self.format.kind == "lines":
            raise DataFileError(
                f"{path} is plain text, and no table",
                hint="a parser makes rows of it: casparian new NAME --sample FILE",
            )

    def tables(self, expected: Iterable[str] = ()) -> Iterator[pa.Table]:
        """Yield the rows in their order.

        ``expected`` are columns that are null if no object of a part has them.
        Raises DataFileError.
        """
        try:
            if self.format.kind == "parquet":
                yield from self._parquet()
            elif self.format.kind == "csv":
                yield from self._csv()
            else:
                yield from self._json(list(expected))
        except (pa.ArrowException, OSError, UnicodeError) as error:
            text = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise DataFileError(f"{self.path} can't be read as {self.format}: {text}") from error

    def _parquet(self) -> Iterator[pa.Table]:
        import pyarrow.parquet as pq

        with pq.ParquetFile(self.path) as file:
            yield file.schema_arrow.empty_table()
            for batch in file.iter_batches(_PART_ROWS):
                yield pa.Table.from_batches([batch])

    def _csv(self) -> Iterator[pa.Table]:
        from pyarrow import csv as arrow_csv

        found = self.format
        names = list(found.columns)
        yield pa.schema([(name, pa.string()) for name in names]).empty_table()
        skipped = self._lines_above()
        if skipped is None:
            return
        read = arrow_csv.ReadOptions(
            column_names=[str(number) for number in range(len(names))],
            skip_rows=skipped,
            block_size=_BLOCK,
            encoding="utf8" if found.encoding.startswith("utf-8") else found.encoding,
        )
        parse = arrow_csv.ParseOptions(
            delimiter=found.delimiter,
            quote_char=found.quote or False,
            double_quote=found.escape is None,
            escape_char=found.escape or False,
            newlines_in_values=found.quote is not None,
            invalid_row_handler=self._skip,
        )
        convert = arrow_csv.ConvertOptions(
            column_types={name: pa.string() for name in read.column_names},
            strings_can_be_null=False,
        )
        with arrow_csv.open_csv(self.path, read, parse, convert) as reader:
            for batch in reader:
                yield pa.Table.from_batches([batch]).rename_columns(names)

    def _skip(self, _row: Any) -> str:
        self.broken += 1
        return "skip"

    def _lines_above(self) -> int | None:
        """Count the lines of title and header; None if nothing follows them."""
        found = self.format
        with self.path.open(encoding=found.encoding, newline="") as file:
            reader = csv.reader(file, **found.dialect)
            above = 0
            for cells in reader:
                if not cells:
                    continue
                if not found.header:
                    return 0
                if above:
                    return above
                if not found.titled or (len(cells) == len(found.columns) and all(cells)):
                    above = reader.line_num
        return None

    def _json(self, expected: list[str]) -> Iterator[pa.Table]:
        names = dict.fromkeys(expected)
        objects = self._objects()
        while rows := list(islice(objects, _PART_ROWS)):
            for row in rows:
                names.update(dict.fromkeys(row))
            yield json_table(rows, names)

    def _objects(self) -> Iterator[dict[str, Any]]:
        with self.path.open(encoding=self.format.encoding, newline="\n") as file:
            items: Iterable[Any]
            items = json.load(file) if self.format.kind == "json" else map(_loaded, file)
            for item in items:
                if isinstance(item, dict):
                    yield item
                elif item is not _BLANK:
                    self.broken += 1


_BLANK: Final = object()


def _loaded(line: str) -> Any:
    if not line.strip():
        return _BLANK
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None
