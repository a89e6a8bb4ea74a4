"""One engine over the data of `dirty_rows`, in a process of its own; prints one line of JSON.

    python -m benchmarks.validation_engines ENGINE FOLDER [ROWS]

Each finds the bad cells of every column; the line has the seconds, the memory that came on top of
the mapped data, and how many verdicts differ from the truth.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

os.environ.setdefault("POLARS_MAX_THREADS", str(len(os.sched_getaffinity(0))))

import numpy as np
import pyarrow as pa

from benchmarks.dirty_rows import BAD, CONTRACT, LARGEST, LONGEST, STATES, batches, truth_of

Masks = dict[str, np.ndarray[Any, Any]]
Engine = Callable[[], Masks]

_INT = r"^(?:0|-?[1-9][0-9]{0,18})$"
_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_NUMBER = r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$"


def _validator() -> Any:
    from casparian.core.lean_arrow import keep_pandas_out

    keep_pandas_out()  # as the command does: Arrow would load pandas on its first conversion
    from casparian.core.contract import parse_outputs
    from casparian.core.validation import OutputValidator

    return OutputValidator(parse_outputs({"t": {"columns": CONTRACT}}, parser_name="t").outputs[0])


def ours(data: list[pa.RecordBatch]) -> Engine:
    """Judge all cells: typed values and a mask of the bad ones."""
    from casparian.core.pipeline import Ahead
    from casparian.core.validation.slices import judge_cells

    contract = _validator().contract
    names = data[0].schema.names

    def run() -> Masks:
        ahead: Ahead[int, Any] = Ahead()
        found: list[Masks] = []

        def keep(results: Iterator[tuple[int, Any]]) -> None:
            for rows, masks in results:
                found.append(
                    {
                        name: masks[name].to_numpy(zero_copy_only=False)
                        if name in masks
                        else np.zeros(rows, bool)
                        for name in names
                    }
                )

        for batch in data:
            table = pa.Table.from_batches([batch])
            ahead.submit(
                batch.num_rows, lambda table=table: judge_cells(table, names, {}, contract).masks
            )
            keep(ahead.ready())
        keep(ahead.rest())
        ahead.close()
        return {name: np.concatenate([part[name] for part in found]) for name in names}

    return run


def ours_split(data: list[pa.RecordBatch], error_types: dict[str, list[str]]) -> Engine:
    """The same, with good rows apart, all reasons and hints, and the table of quarantined rows."""
    from casparian.core.pipeline import Ahead
    from casparian.core.quarantine import Summary, quarantine_table

    validator = _validator()
    quarantined: list[pa.Table] = []

    def run() -> Masks:
        ahead: Ahead[None, Any] = Ahead()
        summary = Summary()
        rows = good = 0

        def settle(results: Iterator[tuple[None, Any]]) -> None:
            nonlocal rows, good
            for _, judged in results:
                verdict = validator.settle(judged, first_row=rows)
                rows += verdict.received
                good += verdict.valid.num_rows
                if len(verdict.rejected):
                    summary.add("t", verdict.rejected)
                    quarantined.append(quarantine_table("t", verdict.rejected))

        for batch in data:
            for judge in validator.slices(batch):
                ahead.submit(None, judge)
            settle(ahead.ready())
        settle(ahead.rest())
        ahead.close()
        if good + summary.rows != rows:
            raise SystemExit("rows are lost")
        return {}

    def masks() -> Masks:
        """What the table of quarantined rows says: the bad cells, and which error types."""
        found = {name: np.zeros(sum(b.num_rows for b in data), bool) for name in CONTRACT}
        for table in quarantined:
            for row, reasons in zip(
                table["row_number"].to_pylist(), table["reasons"].to_pylist(), strict=True
            ):
                for reason in reasons:
                    found[reason["column"]][row] = True
                    error_types[reason["column"]].append(reason["error_type"])
        return found

    run.masks = masks  # type: ignore[attr-defined]
    return run


def polars_guarded(data: list[pa.RecordBatch]) -> Engine:
    """Regular expressions in front of casts, the fastest strict way in polars."""
    import polars as pl

    frame = pl.from_arrow(pa.Table.from_batches(data))
    assert isinstance(frame, pl.DataFrame)
    column = pl.col

    def guarded(name: str, regex: str) -> pl.Expr:
        return pl.when(column(name).str.contains(regex)).then(column(name))

    expressions = [
        guarded("c_int", _INT).cast(pl.Int64, strict=False).is_null().alias("c_int"),
        guarded("c_date", _DATE).str.to_date("%Y-%m-%d", strict=False).is_null().alias("c_date"),
        (~guarded("c_float", _NUMBER).cast(pl.Float64, strict=False).is_finite())
        .fill_null(True)
        .alias("c_float"),
        (~column("c_enum").is_in(STATES)).fill_null(True).alias("c_enum"),
        (~column("c_nint").is_between(0, LARGEST)).fill_null(False).alias("c_nint"),
        (column("c_text").is_null() | (column("c_text").str.len_chars() > LONGEST)).alias("c_text"),
    ]

    def run() -> Masks:
        result = frame.lazy().select(expressions).collect()
        return {name: result[name].to_numpy() for name in CONTRACT}

    return run


def pydantic_rows(data: list[pa.RecordBatch]) -> Engine:
    """A pydantic model per row."""
    import pydantic

    class Row(pydantic.BaseModel):
        c_int: Annotated[int, pydantic.Field(ge=-(2**63), lt=2**63)]
        c_date: dt.date
        c_float: Annotated[float, pydantic.Field(allow_inf_nan=False)]
        c_enum: Literal["active", "inactive", "pending", "deleted", "archived"]
        c_nint: Annotated[int, pydantic.Field(ge=0, le=LARGEST)] | None
        c_text: Annotated[str, pydantic.Field(max_length=LONGEST)]

    def run() -> Masks:
        found = {name: np.zeros(sum(b.num_rows for b in data), bool) for name in CONTRACT}
        number = 0
        for batch in data:
            for row in batch.to_pylist():
                try:
                    Row.model_validate(row)
                except pydantic.ValidationError as error:
                    for problem in error.errors(include_url=False, include_context=False):
                        found[str(problem["loc"][0])][number] = True
                number += 1
        return found

    return run


def pandera_pandas(data: list[pa.RecordBatch]) -> Engine:
    """A lazy pandera schema with coercion, on pandas."""
    import pandas as pd
    import pandera.pandas as pandera

    frame = pa.Table.from_batches(data).to_pandas()
    frame["c_nint"] = frame["c_nint"].astype("Int64")
    schema = pandera.DataFrameSchema(
        {
            "c_int": pandera.Column("int64", coerce=True),
            "c_date": pandera.Column("datetime64[us]", coerce=True),
            "c_float": pandera.Column("float64", coerce=True),
            "c_enum": pandera.Column(str, pandera.Check.isin(STATES)),
            "c_nint": pandera.Column("Int64", pandera.Check.in_range(0, LARGEST), nullable=True),
            "c_text": pandera.Column(str, pandera.Check.str_length(max_value=LONGEST)),
        }
    )

    def run() -> Masks:
        found = {name: np.zeros(len(frame), bool) for name in CONTRACT}
        try:
            schema.validate(frame, lazy=True)
        except pandera.errors.SchemaErrors as errors:
            cases = errors.failure_cases.dropna(subset=["index"])
            assert isinstance(cases, pd.DataFrame)
            for name, group in cases.groupby("column"):
                found[str(name)][group["index"].astype(int).to_numpy()] = True
        return found

    return run


def _peak_mb() -> float:
    """Most resident memory since `_forget_peak`, mapped data included."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def _wrong_types(error_types: dict[str, list[str]], truth: Masks) -> int:
    """Count error types that differ from the truth; both are in the order of the rows."""
    wrong = 0
    for name, kinds in truth.items():
        known = [*BAD[name].values()]
        expected = [known[kind - 1] for kind in kinds[kinds > 0]]
        got = error_types[name]
        wrong += abs(len(expected) - len(got))
        wrong += sum(a != b for a, b in zip(expected, got, strict=False))
    return wrong


def main() -> None:
    name, folder = sys.argv[1], Path(sys.argv[2])
    data = batches(folder, int(sys.argv[3]) if len(sys.argv) > 3 else None)
    rows = sum(batch.num_rows for batch in data)
    truth = truth_of(folder, rows)
    error_types: dict[str, list[str]] = {column: [] for column in CONTRACT}
    _forget_peak()
    before = _peak_mb()
    engine = ours_split(data, error_types) if name == "ours_split" else globals()[name](data)
    started = time.perf_counter()
    found = engine()
    seconds = time.perf_counter() - started
    extra = _peak_mb() - before
    if name == "ours_split":
        found = engine.masks()  # type: ignore[attr-defined]
    wrong = sum(int((found[column] != (truth[column] > 0)).sum()) for column in CONTRACT)
    if name == "ours_split":
        wrong += _wrong_types(error_types, truth)
    print(json.dumps({"seconds": seconds, "extra_mb": extra, "rows": rows, "wrong": wrong}))


if __name__ == "__main__":
    main()
