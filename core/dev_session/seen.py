"""What a contract declares against what came of it: a line for each column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from casparian.core.contract.model import Column
    from casparian.core.dev_session.results import OutputFiles, RunResult


@dataclass(frozen=True, slots=True)
class SeenColumn:
    """One column. ``declared`` is empty without a contract, or if it doesn't name the column.

    ``seen`` is empty if the parser yields no such column. ``bad`` maps error types to how many
    cells had them. ``violates`` is said of a column that is there, or isn't, against the contract.
    """

    output: str
    name: str
    declared: str
    seen: str
    nullable: bool
    nulls: int
    bad: tuple[tuple[str, int], ...]
    options: str
    violates: str = ""


def seen_columns(result: RunResult) -> list[SeenColumn]:
    """Return the columns of all outputs of a run, declared ones first.

    Raises OSError or pyarrow's errors if a file of the run can't be read.
    """
    found = []
    about = None if result.report.error is None else result.report.error.about
    for output in result.outputs:
        declared = None if result.contract is None else result.contract.output(output.name)
        columns = {} if declared is None else {column.name: column for column in declared.columns}
        seen, nulls = dict(output.came), _nulls_of(output)
        takes_more = declared is None or declared.extra_columns != "fail"
        for name in [*columns, *(name for name in seen if name not in columns)]:
            column = columns.get(name)
            bad = tuple(
                (group.error_type, group.count)
                for group in result.report.groups
                if (group.output, group.column) == (output.name, name)
            )
            found.append(
                SeenColumn(
                    output.name,
                    name,
                    "" if column is None else str(column.type),
                    seen.get(name, ""),
                    column.nullable if column is not None else True,
                    nulls.get(name, 0),
                    bad,
                    "" if column is None else _options(column),
                    _violation(
                        is_missing=bool(seen) and name not in seen,
                        is_unexpected=column is None and not takes_more,
                        impossible=f"{seen.get(name, '')} can't become {column.type.with_article}"
                        if column is not None and about == (output.name, name)
                        else "",
                    ),
                )
            )
    return found


def seen_table(columns: list[SeenColumn]) -> pa.Table:
    """Return the same as a table of texts and numbers."""
    several = len({column.output for column in columns}) > 1
    made: dict[str, pa.Array] = {}
    if several:
        made["output"] = pa.array([column.output for column in columns])
    made["column"] = pa.array([column.name for column in columns], pa.string())
    made["declared"] = pa.array([column.declared or None for column in columns], pa.string())
    made["seen"] = pa.array([column.seen or None for column in columns], pa.string())
    made["nullable"] = pa.array([column.nullable for column in columns], pa.bool_())
    made["nulls"] = pa.array([column.nulls for column in columns], pa.int64())
    made["bad cells"] = pa.array([sum(n for _, n in column.bad) for column in columns], pa.int64())
    made["reasons"] = pa.array(
        [
            column.violates or ", ".join(f"{kind} {count:,}" for kind, count in column.bad)
            for column in columns
        ],
        pa.string(),
    )
    made["options"] = pa.array([column.options for column in columns], pa.string())
    return pa.table(made)


def _options(column: Column) -> str:
    given = column.canonical().items()
    return ", ".join(f"{k} = {v}" for k, v in given if k not in ("type", "nullable"))


def _violation(*, is_missing: bool, is_unexpected: bool, impossible: str) -> str:
    if is_missing:
        return "missing column"
    return "unexpected column" if is_unexpected else impossible


def _nulls_of(output: OutputFiles) -> dict[str, int]:
    """Return how many nulls the top level of each column of the valid rows has."""
    import pyarrow.parquet as pq

    if output.rows is None:
        return {}
    with output.rows.open("rb") as source, pq.ParquetFile(source) as file:
        nulls = dict.fromkeys(file.schema_arrow.names, 0)
        for group in range(file.num_row_groups):
            row_group = file.metadata.row_group(group)
            for at in range(row_group.num_columns):
                chunk = row_group.column(at)
                if chunk.path_in_schema in nulls and chunk.statistics is not None:
                    nulls[chunk.path_in_schema] += chunk.statistics.null_count or 0
    return nulls
