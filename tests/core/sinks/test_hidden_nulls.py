"""A null struct whose fields may not be null is written, and comes back, as what it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from casparian.core.sinks import parquet
from casparian.core.sinks.errors import SinkError

ID = pa.struct([pa.field("id", pa.int64(), nullable=False), ("note", pa.string())])
POINT = pa.struct([pa.field("tags", pa.list_(pa.string()), nullable=False), ("of", ID)])
OUTER = pa.struct(
    [
        pa.field("inner", ID, nullable=False),
        pa.field("points", pa.list_(POINT), nullable=False),
        pa.field("price", pa.decimal128(5, 2), nullable=False),
        pa.field("at", pa.timestamp("us", "UTC"), nullable=False),
    ]
)


def _written(tmp_path: Path, column: Any) -> Any:
    table = pa.table({"x": column})
    path = tmp_path / "x.parquet"
    parquet.rewrite(iter([table]), path, table.schema, compression="none", metadata={}, wanted=path)
    return pq.read_table(path).column("x").to_pylist()


def _with_nulls_below(values: list[Any], type_: Any) -> Any:
    """Return values with what Arrow's kernels leave under a null: nulls."""
    places = [place if value is not None else None for place, value in enumerate(values)]
    return pa.array(values, type_).take(pa.array(places, pa.int64()))


WHOLE = {"id": 1, "note": None}


@pytest.mark.parametrize(
    ("type_", "values"),
    [
        (ID, [WHOLE, None]),
        (ID, [None, None]),
        (pa.list_(ID), [[WHOLE, None], None, []]),
        (pa.large_list(ID), [None, [None, WHOLE]]),
        (OUTER, [None]),
    ],
)
def test_a_null_struct_is_no_reason_to_fail(tmp_path: Path, type_: Any, values: list[Any]) -> None:
    assert _written(tmp_path, _with_nulls_below(values, type_)) == values


def test_whatever_its_fields_are(tmp_path: Path) -> None:
    whole = {
        "inner": WHOLE,
        "points": [{"tags": ["a"], "of": None}, None],
        "price": None,
        "at": None,
    }
    type_ = pa.struct([*list(OUTER)[:2], *(field.with_nullable(True) for field in list(OUTER)[2:])])
    values = [None, whole, None]
    assert _written(tmp_path, _with_nulls_below(values, type_)) == values
    sliced = _with_nulls_below([whole, *values, whole], type_).slice(1, 3)
    (tmp_path / "x.parquet").unlink()
    assert _written(tmp_path, sliced) == values


def test_a_null_in_a_struct_that_is_there_is_told(tmp_path: Path) -> None:
    fields = [pa.array([None, None], pa.int64()), pa.array(["a", "b"])]
    broken = pa.StructArray.from_arrays(fields, fields=list(ID), mask=pa.array([True, False]))
    with pytest.raises(SinkError, match="non-nullable"):
        _written(tmp_path, broken)
