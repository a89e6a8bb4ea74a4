"""Values that would be written out without end are not; large ones of their own members are."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest

from casparian.shim import cells, nesting, python_columns

np = pytest.importorskip("numpy")
pd = pytest.importorskip("pandas")


def _levels(count: int, hold: Any, value: Any = 1) -> Any:
    for _ in range(count):
        value = hold(value)
    return value


def _array(value: Any) -> Any:
    made = np.empty(2, dtype=object)
    made[0] = made[1] = value
    return made


BOMBS = [
    _levels(40, lambda v: [v, v]),
    _levels(40, lambda v: (v, v)),
    _levels(40, lambda v: {"a": v, "b": v}),
    _levels(7, lambda v: [v] * 1000),
    _levels(14, lambda v: {f"k{i}": v for i in range(100)}),
    _levels(40, _array),
    _levels(40, lambda v: pd.Series([v, v], dtype=object)),
    {frozenset({1}): _levels(40, lambda v: [v, v])},
    [pa.array([[0] * 10_000])] * 1000,
]


@pytest.mark.parametrize("value", BOMBS, ids=range(len(BOMBS)))
def test_repetition_ends(value: Any) -> None:
    assert cells.cell(value) == ("json", nesting.TOO_REPETITIVE)
    column = python_columns.python_column([value, None, [1]])
    assert column.array.to_pylist() == [nesting.TOO_REPETITIVE, None, "[1]"]
    assert column.note is not None
    assert nesting.TOO_REPETITIVE in column.note


def test_its_text_is_json() -> None:
    assert json.loads(nesting.TOO_REPETITIVE).startswith("<repeats more than 1000000 members")
    assert json.loads(nesting.TOO_DEEP).startswith("<recursive")


def test_members_of_its_own_have_no_limit() -> None:
    flat = [*range(1_100_000)]
    assert json.loads(str(cells.cell(flat)[1])) == flat
    nested = [[[i, i] for i in range(300)] for _ in range(100)]
    assert json.loads(str(cells.cell(nested)[1])) == nested
    column = python_columns.python_column([nested, None])
    assert column.array.type == pa.list_(pa.list_(pa.list_(pa.int64())))
    assert column.array.to_pylist() == [nested, None]
    assert python_columns.python_column([np.zeros(1_200_000)]).kinds is None


def test_some_repetition_is_kept() -> None:
    row = {"a": [1] * 100}
    value = [row] * 5_000
    assert python_columns.python_column([value]).array.to_pylist() == [value]
    assert json.loads(str(cells.cell(value)[1])) == value
    (text,) = python_columns.python_column([[row] * 20_000]).array.to_pylist()
    assert text == nesting.TOO_REPETITIVE


def test_an_end_that_is_missing_is_found_behind_many_members() -> None:
    value: list[Any] = [*range(20_000)]
    value.append(value)
    assert cells.cell(value) == ("json", nesting.TOO_DEEP)
    assert python_columns.python_column([value]).array.to_pylist() == [nesting.TOO_DEEP]
