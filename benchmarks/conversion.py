"""Conversion: ``safe_to_arrow`` of clean columns, against ``pa.Table.from_pandas`` alone.

Both must bring the same column. Of categories that is their values, which ``from_pandas`` leaves
as codes: so it has them decoded as well, and the ratio to the codes alone is told beside it.

Times as objects are at the edge of the target, and why is measured as well. Arrow takes a time for
its clock alone and drops its zone, so each is asked for it first, and that it is a time at all:
Arrow takes numbers for times, too.
"""

from __future__ import annotations

import datetime as dt
import decimal
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas.api.types import infer_dtype

from benchmarks.paired import paired, report
from casparian.shim.convert import safe_to_arrow

ROWS, RUNS, TARGET = 100_000, 25, 1.3
NUMBERS = np.random.default_rng(1).integers(0, 10**6, ROWS).tolist()
NOON = dt.datetime.fromisoformat("2024-01-01T12:00")

#: One kind of cell for each; as objects, the only columns that need a census.
CELLS: dict[str, Callable[[int], Any]] = {
    "int": int,
    "str": str,
    "float": lambda n: n / 7,
    "bool": lambda n: n % 2 == 0,
    "bytes": lambda n: b"%d" % n,
    "date": lambda n: (NOON + dt.timedelta(days=n % 10_000)).date(),
    "datetime": lambda n: NOON + dt.timedelta(seconds=n),
    "datetime, UTC": lambda n: (NOON + dt.timedelta(seconds=n)).replace(tzinfo=dt.UTC),
    "time": lambda n: (NOON + dt.timedelta(seconds=n)).time(),
    "timedelta": lambda n: dt.timedelta(seconds=n),
    "Decimal": lambda n: decimal.Decimal(n) / 100,
    "dict": lambda n: {"a": n, "b": "y"},
    "list": lambda n: [n, n],
}


def _time_floor(column: pd.Series) -> Callable[[], object]:
    values = column.to_numpy()

    def least() -> object:
        cells = values.tolist()
        zoned = [cell for cell in cells if cell.tzinfo is not None]
        return zoned, infer_dtype(values, skipna=False), pa.array(cells, pa.time64("us"))

    return least


#: Where the target is missed: what can't be left out, and a call that does that alone.
MISSED: dict[str, tuple[str, Callable[[pd.Series], Callable[[], object]]]] = {
    "object, time": ("asking each for its kind and its zone, and Arrow's conversion", _time_floor),
}


def _objects(cells: list[Any]) -> pd.Series:
    array = np.empty(len(cells), dtype=object)
    array[:] = cells
    return pd.Series(array, dtype=object)


def _columns() -> dict[str, pd.Series]:
    cells = {name: [make(n) for n in NUMBERS] for name, make in CELLS.items()}
    gaps = {
        f"{name}, a tenth None": [None if i % 10 == 0 else cell for i, cell in enumerate(made)]
        for name, made in cells.items()
        if name in ("int", "str", "float", "date")
    }
    columns = {f"object, {name}": _objects(made) for name, made in (cells | gaps).items()}
    texts = cells["str"]
    return columns | {
        "int64": pd.Series(NUMBERS),
        "float64": pd.Series(cells["float"]),
        "datetime64": pd.Series(cells["datetime"]),
        "str": pd.Series(texts, dtype="str"),
        "category": pd.Series([text[-2:] for text in texts], dtype="category"),
    }


def _order_lines(columns: dict[str, pd.Series]) -> pd.DataFrame:
    """A frame as ``read_csv`` and a little Python leave it."""
    return pd.DataFrame(
        {
            "id": columns["int64"],
            "customer": columns["str"],
            "country": columns["object, str"],
            "quantity": columns["object, int, a tenth None"],
            "price": columns["float64"],
            "discount": columns["object, float, a tenth None"],
            "total": columns["object, Decimal"],
            "ordered_at": columns["datetime64"],
            "shipped_on": columns["object, date, a tenth None"],
            "paid": columns["object, bool"],
        }
    )


def _check(frame: pd.DataFrame) -> None:
    """Both must bring the same values, or their times say nothing."""
    ours, notes = safe_to_arrow(frame)
    plain = _plain(frame)
    alike = ours.schema.types == plain.schema.types and ours.to_pylist() == plain.to_pylist()
    if notes or not alike:
        sys.exit(f"safe_to_arrow and from_pandas differ: {notes or list(frame.columns)}")


def _as_it_comes(frame: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(frame, preserve_index=False)


def _plain(frame: pd.DataFrame) -> pa.Table:
    """What a script would write to have the values, and not pandas' codes and long text."""
    table = _as_it_comes(frame)
    for place, column in enumerate(table.columns):
        if pa.types.is_dictionary(column.type) or pa.types.is_large_string(column.type):
            table = table.set_column(place, table.field(place).name, column.cast(pa.string()))
    return table


def _ratio(name: str, frame: pd.DataFrame) -> None:
    _check(frame)
    codes = isinstance(frame.dtypes.iloc[0], pd.CategoricalDtype)
    other = _plain if codes else _as_it_comes
    ours, plain, ratio = paired(lambda: safe_to_arrow(frame), lambda: other(frame), runs=RUNS)
    each = 1e9 / frame.size
    title = f"{name}: {ours * each:.1f} ns a cell, from_pandas {plain * each:.1f}; ratio"
    report(title, ratio, f"at most {TARGET}{_missed(name, frame) if ratio > TARGET else ''}")
    if codes:
        pair = (lambda: safe_to_arrow(frame), lambda: _as_it_comes(frame))
        report(f"{name}, against its codes alone", paired(*pair, runs=RUNS)[2], "told, no target")


def _missed(name: str, frame: pd.DataFrame) -> str:
    """Say what of a missed target can't be left out, and how long that takes by itself."""
    if name not in MISSED:
        return ""
    what, floor = MISSED[name]
    _, _, least = paired(floor(frame.iloc[:, 0]), lambda: _as_it_comes(frame), runs=RUNS)
    return f"; missed: {what} takes {least:.2f}"


def main() -> None:
    columns = _columns()
    _ratio("a frame of ten columns", _order_lines(columns))
    for name, column in columns.items():
        _ratio(name, column.to_frame("c"))


if __name__ == "__main__":
    main()
