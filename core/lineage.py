"""Where a published row comes from: the job, the bundle, and the row that the parser gave."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Mapping

Numbers = np.ndarray[Any, np.dtype[np.int64]]

JOB, SOURCE, VERSION, ROW = "_cf_job_id", "_cf_source_hash", "_cf_parser_version", "_cf_row"

_FIELDS: Final = (
    pa.field(JOB, pa.string(), nullable=False),
    pa.field(SOURCE, pa.string(), nullable=False),
    pa.field(VERSION, pa.string(), nullable=False),
    pa.field(ROW, pa.int64(), nullable=False),
)


@dataclass(frozen=True, slots=True)
class Lineage:
    """The lineage of one job's rows; ``metadata`` goes into the files' own.

    With ``columns`` each valid row says it as well: ``_cf_row`` is its zero-based number through
    the whole output, quarantined rows counted.
    """

    job_id: str
    source_hash: str
    parser_version: str
    columns: bool = True
    metadata: Mapping[str, str] = field(default_factory=dict)

    def schema(self, schema: pa.Schema) -> pa.Schema:
        """Return an output's schema with the columns of lineage behind it."""
        return pa.schema([*schema, *_FIELDS]) if self.columns else schema

    def added(self, table: pa.Table, *, first_row: int, rejected: Numbers | None) -> pa.Table:
        """Return valid rows with their lineage.

        Args:
            table: the valid rows of a slice, in their order.
            first_row: the number of the slice's first row.
            rejected: the numbers of its rows that are not in ``table``, ascending.
        """
        if not self.columns:
            return table
        count = table.num_rows
        gone = 0 if rejected is None else len(rejected)
        numbers = np.arange(first_row, first_row + count + gone, dtype=np.int64)
        if gone:
            numbers = np.delete(numbers, rejected - first_row)  # type: ignore[operator]
        constant = (self.job_id, self.source_hash, self.parser_version)
        columns = [
            *table.columns,
            *(pa.repeat(pa.scalar(value), count) for value in constant),
            pa.array(numbers),
        ]
        return pa.Table.from_arrays(columns, schema=self.schema(table.schema))
