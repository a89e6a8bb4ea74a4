"""A table, as it is filtered and sorted, into a file: CSV, JSON lines or Parquet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from casparian.app.tui.widgets.cells import unique_names
from casparian.core.errors import CasparianError
from casparian.core.sinks.csv import write_csv
from casparian.core.sinks.jsonl import write_jsonl
from casparian.core.sinks.parquet import DEFAULT_COMPRESSION, rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ENDINGS = (".csv", ".jsonl", ".parquet")


class ExportError(CasparianError):
    """A file that can't be written."""


def check_export(path: Path) -> None:
    """Raise `ExportError` if a table can't become this file; one that is there is left alone."""
    if path.suffix.lower() not in ENDINGS:
        raise ExportError(
            f"{path.name} has no ending that says its format", hint=f"one of {' '.join(ENDINGS)}"
        )
    if path.exists():
        raise ExportError(f"{path} is there already", hint="another name")
    if not path.parent.is_dir():
        raise ExportError(f"{path.parent} is no folder", hint="another place")


def export(tables: Iterator[pa.Table], schema: pa.Schema, path: Path) -> int:
    """Write all rows, and return how many; the file appears when it is complete.

    Raises:
        ExportError: it can't be written, or this format can't hold the values.
    """
    check_export(path)
    counted = _Counted(tables, unique_names(schema.names))
    schema = pa.schema(
        [field.with_name(name) for field, name in zip(schema, counted.names, strict=True)]
    )
    part = path.with_name(f".{path.name}.part")
    ending = path.suffix.lower()
    try:
        try:
            if ending == ".parquet":
                rewrite(
                    iter(counted),
                    part,
                    schema,
                    compression=DEFAULT_COMPRESSION,
                    metadata={},
                    wanted=path,
                )
            else:
                write = write_csv if ending == ".csv" else write_jsonl
                with part.open("xb") as file:
                    write(counted, schema, file)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except CasparianError:
        raise
    except (OSError, ValueError, pa.ArrowException) as error:
        raise ExportError(f"cannot write {path}: {error}") from error
    return counted.rows


class _Counted:
    """Tables on their way, under names of their own, counted."""

    def __init__(self, tables: Iterator[pa.Table], names: list[str]) -> None:
        self._tables = tables
        self.names = names
        self.rows = 0

    def __iter__(self) -> Iterator[Any]:
        for table in self._tables:
            self.rows += table.num_rows
            yield table.rename_columns(self.names)
