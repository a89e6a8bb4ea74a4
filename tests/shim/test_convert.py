"""Columns become Arrow unbent, or text with the kind of each cell."""

from __future__ import annotations

import ast
import datetime as dt
import decimal
import json
import pathlib
import subprocess
import sys
from typing import Any

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from casparian.shim import convert, families, frames, nesting, python_columns, slices

from . import conversion_table as cases
from .conversion_table import CLEAN, DAY, DIRTY, NAIVE, NAN, TAGGED_DTYPES, TYPED, P, U

D = decimal.Decimal


def _as_pandas(values: list[Any]) -> tuple[pa.Table, dict[str, str]]:
    return convert.safe_to_arrow(cases.object_frame(values))


def _as_rows(values: list[Any]) -> tuple[pa.Table, dict[str, str]]:
    return convert.rows_to_arrow([{"x": value} for value in values])


def test_a_frame_is_the_same_by_way_of_its_series(monkeypatch: pytest.MonkeyPatch) -> None:
    days = pd.to_datetime(["2024-02-29", None])
    frame = pd.DataFrame(
        {
            "int": [1, 2],
            "text": ["a", None],
            "mixed": pd.Series([1, "x"], dtype=object),
            "day": days,
            "zone": days.tz_localize("UTC"),
            "took": days - days[0],
            "kind": pd.Categorical(["a", None]),
            "small": pd.array([1, None], "Int8"),
            "sparse": pd.arrays.SparseArray([0.5, None]),
            "month": days.to_period("M"),
            "complex": [1j, 2j],
        }
    )
    by_arrays = convert.safe_to_arrow(frame)
    monkeypatch.delattr(pd.DataFrame, "_iter_column_arrays")
    assert convert.safe_to_arrow(frame) == by_arrays
    assert by_arrays[0].num_columns > len(frame.columns)  # there are kinds beside


both = pytest.mark.parametrize("made", [_as_pandas, _as_rows])


@both
@pytest.mark.parametrize(("values", "type_", "expected"), CLEAN)
def test_one_kind_is_converted(made: Any, values: list[Any], type_: Any, expected: Any) -> None:
    table, notes = made(values)
    assert table.schema == pa.schema([("x", type_)])
    assert table["x"].to_pylist() == expected
    assert notes == {}


@both
@pytest.mark.parametrize(("values", "texts", "kinds"), DIRTY)
def test_other_columns_are_tagged(made: Any, values: list[Any], texts: Any, kinds: Any) -> None:
    table, notes = made(values)
    assert table.column_names == ["x", "_cf_kind__x"]
    assert table.schema.field("x").type == pa.string()
    assert table.schema.field("x").metadata == {b"cf.tagged": b"1"}
    assert table.schema.field("_cf_kind__x").type == pa.dictionary(pa.int32(), pa.string())
    table.validate(full=True)
    assert table["_cf_kind__x"].to_pylist() == kinds
    assert texts is None or table["x"].to_pylist() == texts
    assert list(notes) == ["x"]


def test_notes_name_counts_and_an_example() -> None:
    _, notes = _as_rows([*range(999), "Unknown"])
    assert notes == {"x": "mixed types: int (999), str (1), e.g. 'Unknown' in row 1000"}
    _, notes = _as_rows([P, None])
    assert notes == {"x": "object:PurePosixPath (1): no Arrow type, e.g. /a in row 1"}
    _, notes = _as_rows([1, "y" * 500])
    assert len(notes["x"]) < 120


def test_a_column_of_uuids_is_tagged_without_a_warning() -> None:
    table, notes = _as_rows([U, None])
    assert table["_cf_kind__x"].to_pylist() == ["uuid", None]
    assert notes == {}


def test_nanoseconds_of_timestamps_are_kept() -> None:
    fine = pd.Timestamp("2024-01-01 00:00:00.000000789")
    table, _ = _as_pandas([fine, None, dt.datetime(2024, 1, 1)])
    assert table.schema.field("x").type == pa.timestamp("ns")
    assert table["x"].cast(pa.int64()).to_pylist()[0] == fine.value
    table, _ = _as_pandas([fine.tz_localize("Europe/Berlin")])
    assert table.schema.field("x").type == pa.timestamp("ns", "Europe/Berlin")
    assert table["x"].cast(pa.int64()).to_pylist() == [fine.tz_localize("Europe/Berlin").value]
    table, _ = _as_pandas([fine, dt.datetime(3000, 1, 1)])
    assert table["x"].to_pylist() == ["2024-01-01T00:00:00.000000789", "3000-01-01T00:00:00"]


def test_a_zone_that_arrow_would_change_stays_text() -> None:
    tz = pytest.importorskip("dateutil.tz")
    table, _ = _as_pandas([NAIVE.replace(tzinfo=tz.tzoffset(None, 3600))])
    assert table["x"].to_pylist() == ["2024-01-02T03:00:00+01:00"]


# ------------------------------------------------------------------- dtypes of pandas


def _one(series: Any) -> pa.Table:
    return convert.safe_to_arrow(pd.DataFrame({"x": series}))[0]


@pytest.mark.parametrize(("series", "type_", "expected"), TYPED)
def test_typed_columns(series: Any, type_: Any, expected: Any) -> None:
    table = _one(series)
    assert table.schema == pa.schema([("x", type_)])
    assert table["x"].to_pylist() == expected


@pytest.mark.parametrize(("series", "texts", "kinds"), TAGGED_DTYPES)
def test_dtypes_without_an_arrow_type(series: Any, texts: Any, kinds: Any) -> None:
    table = _one(series)
    assert table["x"].to_pylist() == texts
    if kinds is not None:
        assert [k.split("_")[0] if k else k for k in table["_cf_kind__x"].to_pylist()] == kinds


def test_text_of_more_than_two_gibibytes_keeps_its_wide_offsets() -> None:
    size = 2**31 + 8
    content, ends = np.zeros(size, np.uint8), np.array([0, 4, size])  # never written: no memory
    text = pa.LargeStringArray.from_buffers(2, pa.py_buffer(ends), pa.py_buffer(content))
    table = _one(pd.Series(pd.arrays.ArrowExtensionArray(pa.chunked_array([text]))))
    assert table.schema == pa.schema([("x", pa.large_string())])


def test_a_far_year_stays_native() -> None:
    table = _one(pd.Series(np.array(["9999-12-31", "+300000-01-01"], "M8[s]")))
    assert table.schema.field("x").type == pa.timestamp("s")


def test_an_extension_array_without_arrow_gets_its_census() -> None:
    array = pd.arrays.NumpyExtensionArray(np.array([cases.itself(), 1], dtype=object))
    table = _one(pd.Series(array))
    assert table["x"].to_pylist() == [nesting.TOO_DEEP, "1"]


def test_the_frame_is_not_changed_and_the_index_is_dropped() -> None:
    frame = pd.DataFrame(
        {"a": [1, "x"], "c": pd.Categorical(["u", None]), "l": [[1], ["x"]], 5: [1.5, NAN]},
        index=pd.Index(["p", "q"], name="key"),
    )
    before = frame.copy(deep=True)
    table, _ = convert.safe_to_arrow(frame)
    pd.testing.assert_frame_equal(frame, before)
    assert table.column_names == ["a", "c", "l", "5", "_cf_kind__a", "_cf_kind__l"]
    assert table.schema.metadata is None
    filtered, _ = convert.safe_to_arrow(frame[frame["a"] == 1])
    assert filtered.num_rows == 1


# ------------------------------------------------------------------- names


@pytest.mark.parametrize(("rows", "columns", "code", "words"), cases.REFUSED)
def test_bad_names_are_structural(rows: Any, columns: Any, code: str, words: str) -> None:
    with pytest.raises(convert.StructuralError, match=words) as caught:
        convert.safe_to_arrow(cases.refused_frame(rows, columns))
    assert caught.value.code == code


def test_other_names_become_text() -> None:
    names = [1, (2, 3), DAY, b"x", "y", None]
    assert convert.column_names(names) == ["1", "(2, 3)", "2024-01-02", "x", "y", "None"]


def test_no_rows_have_no_type() -> None:
    table, notes = _as_pandas([])
    assert table.schema == pa.schema([("x", pa.null())])
    assert notes == {}


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (pd.DataFrame(index=range(5)), "5 rows without a column; give the rows a column"),
        (pd.DataFrame({"a": [1]})[[]], "1 row without a column"),
        ([{}, {}], "2 rows without a column"),
        (pa.table({"a": [1, 2, 3]}).select([]), "3 rows without a column"),
    ],
)
def test_rows_without_a_column_are_structural(frame: Any, words: str) -> None:
    with pytest.raises(convert.StructuralError, match=words) as caught:
        list(frames.normalise(frame, "x"))
    assert caught.value.code == "output_shape"


def test_no_rows_and_no_columns_are_a_table_of_nothing() -> None:
    for frame in (pd.DataFrame(), pa.table({})):
        (made,) = frames.normalise(frame, "x")
        assert made.table.shape == (0, 0)


def test_rows_have_the_union_of_keys() -> None:
    table, _ = convert.rows_to_arrow([{"b": 1}, {"a": "x", "b": None}, {}])
    assert table.to_pydict() == {"b": [1, None, None], "a": [None, "x", None]}


# ------------------------------------------------------------------- Arrow


def test_arrow_passes_without_metadata() -> None:
    field = pa.field("x", pa.int64(), metadata={b"cf.tagged": b"1"})
    table = pa.table([[1, None]], schema=pa.schema([field], metadata={b"pandas": b"{}"}))
    result, notes = convert.arrow_to_arrow(table)
    assert result.schema.metadata is None
    assert result.schema.field("x").metadata is None
    assert result["x"].chunk(0).buffers()[1].address == table["x"].chunk(0).buffers()[1].address
    assert notes == {}


ARROW = [
    (pa.array([0.5, NAN], pa.float32()).cast(pa.float16()), pa.float32()),
    (pa.array(["a"], pa.string_view()), pa.large_string()),
    (pa.array([b"a"], pa.binary_view()), pa.large_binary()),
    (pa.array([["a"]], pa.list_(pa.string_view())), pa.list_(pa.large_string())),
    (pa.array([[0.5]], pa.list_(pa.float16(), 1)), pa.list_(pa.float32(), 1)),
    (pa.array([[1]], pa.list_view(pa.int8())), pa.list_(pa.int8())),
    (pa.array([{"h": 0.5}], pa.struct([("h", pa.float16())])), pa.struct([("h", pa.float32())])),
    (pa.RunEndEncodedArray.from_arrays([2], ["a"]), pa.string()),
    (pa.ExtensionArray.from_storage(pa.bool8(), pa.array([1], pa.int8())), pa.bool_()),
    (pa.array(['{"a": 1}'], pa.json_()), pa.string()),
    (pa.array([[(1, 2)]], pa.map_(pa.int8(), pa.int8())), pa.map_(pa.int8(), pa.int8())),
    (pa.array(["a"]).dictionary_encode(), pa.dictionary(pa.int32(), pa.string())),
]


@pytest.mark.parametrize(("array", "type_"), ARROW)
def test_arrow_types_that_not_every_reader_knows(array: Any, type_: Any) -> None:
    result, _ = convert.arrow_to_arrow(pa.table({"x": array}))
    assert result.schema == pa.schema([("x", type_)])
    assert [v == v for v in result["x"].to_pylist()] == [v == v for v in array.to_pylist()]


def test_extension_types_become_tagged_text() -> None:
    class Secret(pa.ExtensionType):
        def __init__(self) -> None:
            super().__init__(pa.int64(), "test.secret")

        def __arrow_ext_serialize__(self) -> bytes:
            return b""

    period = pa.array(pd.Series(pd.PeriodIndex(["2024-01", None], freq="M")))
    secret = pa.ExtensionArray.from_storage(Secret(), pa.array([5, None]))
    union = pa.UnionArray.from_sparse(
        pa.array([0, 1], pa.int8()), [pa.array([1, 0]), pa.array(["", "x"])]
    )
    table = pa.table({"p": period, "s": secret, "u": union})
    result, notes = convert.arrow_to_arrow(table)
    assert result["p"].to_pylist() == ["2024-01", None]
    assert result["s"].to_pylist() == ["5", None]
    assert result["u"].to_pylist() == ["1", "x"]
    assert result["_cf_kind__p"].to_pylist() == ["object:Period", None]
    assert result["_cf_kind__s"].to_pylist() == ["object:test.secret", None]
    assert result["_cf_kind__u"].to_pylist() == ["int", "str"]
    assert set(notes) == {"p", "s", "u"}


def test_arrow_with_two_columns_of_one_name() -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    with pytest.raises(convert.StructuralError, match="duplicate"):
        convert.arrow_to_arrow(table)


# ------------------------------------------------------------------- slices


def test_slices_are_zero_copy_and_in_order() -> None:
    table = pa.table({"x": list(range(100_000))})
    pieces = list(slices.pieces(table, max_bytes=100_000))
    assert all(piece.nbytes <= 100_000 for piece in pieces)
    assert len(pieces) < 20
    assert pa.concat_tables(pieces).equals(table)
    data = table["x"].chunk(0).buffers()[1]
    assert all(piece[0].chunk(0).buffers()[1].address == data.address for piece in pieces)


def test_slices_by_rows_and_of_nothing() -> None:
    table = pa.table({"x": list(range(10))})
    assert [piece.num_rows for piece in slices.pieces(table, max_rows=4)] == [3, 3, 3, 1]
    (empty,) = slices.pieces(table.slice(0, 0))
    assert (empty.num_rows, empty.schema) == (0, table.schema)
    (empty,) = slices.pieces(table.schema.empty_table())
    assert (empty.num_rows, empty.schema) == (0, table.schema)


def test_a_row_that_is_too_large_is_yielded_alone() -> None:
    texts = ["a" * 10] * 500 + ["b" * 2_000_000] + ["c" * 10] * 500
    pieces = list(slices.pieces(pa.table({"x": texts}), max_bytes=1_000_000))
    assert [text for piece in pieces for text in piece["x"].to_pylist()] == texts
    assert [piece.num_rows for piece in pieces if piece.nbytes > 1_000_000] == [1]
    assert len(pieces) < 40


def test_small_chunks_are_joined() -> None:
    column = pa.chunked_array([[i] for i in range(1000)])
    (piece,) = slices.pieces(pa.table({"x": column}))
    assert piece["x"].num_chunks == 1
    large = pa.chunked_array([list(range(5_000))] * 3)
    (piece,) = slices.pieces(pa.table({"x": large}))
    assert piece["x"].num_chunks == 3, "these are sent as they are"


def test_slices_do_not_repeat_a_large_dictionary() -> None:
    words = [f"{i:0200}" for i in range(2000)]
    table = pa.table({"x": pa.array(words).dictionary_encode()})
    pieces = list(slices.pieces(table, max_bytes=100_000))
    assert [text for piece in pieces for text in piece["x"].to_pylist()] == words
    assert len(pieces) < 20


def test_slices_of_tagged_columns_keep_their_kinds() -> None:
    table, _ = _as_rows([1, "a"] * 1000)
    pieces = list(slices.pieces(table, max_bytes=2_000))
    assert len(pieces) > 2
    joined = pa.concat_tables(pieces)
    assert joined["_cf_kind__x"].to_pylist() == ["int", "str"] * 1000


# ------------------------------------------------------------------- anything at all

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(st.characters(exclude_categories=())),
    st.binary(),
    st.decimals(),
    st.dates(),
    st.datetimes(timezones=st.none() | st.timezones()),
    st.times(),
    st.timedeltas(),
    st.uuids(),
    st.complex_numbers(),
    st.sampled_from(
        [
            pd.NA,
            pd.NaT,
            cases.Word.A,
            cases.Number.ONE,
            cases.Colour.RED,
            cases.Broken(),
            cases.Custom(),
            cases.LyingFloat(1.5),
            P,
            np.float16(1),
            np.int8(1),
            np.uint64(2**64 - 1),
            np.datetime64("2024-01-02T03"),
            np.timedelta64(1, "ns"),
            np.array([1.5]),
            np.array([[1]]),
            pd.Timestamp(1, unit="ns"),
            pd.Timedelta(1, "ns"),
            range(3),
            object,
        ]
    ),
)
anything = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.tuples(inner, inner),
        st.dictionaries(st.text(max_size=2) | st.integers(), inner, max_size=3),
        st.frozensets(st.integers() | st.text(), max_size=3),
    ),
    max_leaves=6,
)


@hypothesis.settings(max_examples=150, deadline=None)
@hypothesis.given(st.lists(st.dictionaries(st.sampled_from("ab"), anything), max_size=5))
def test_no_cell_raises_and_nulls_stay_nulls(rows: list[dict[str, Any]]) -> None:
    if not any(rows):
        return
    (frame,) = frames.normalise(rows, "x")
    frame.table.validate(full=True)
    for name in dict.fromkeys(key for row in rows for key in row):
        column = frame.table[name]
        expected = [families.is_null(row.get(name)) for row in rows]
        assert column.is_null().to_pylist() == expected
        if convert.KIND_PREFIX + name in frame.table.column_names:
            kinds = frame.table[convert.KIND_PREFIX + name].to_pylist()
            assert [kind is None for kind in kinds] == expected


def _since_year_1(value: Any) -> Any:
    """Return an aware datetime as its instant: no clock of its zone may ever have shown it."""
    return value.replace(tzinfo=None) - dt.datetime.min - value.utcoffset()


@hypothesis.settings(max_examples=100, deadline=None)
@hypothesis.given(st.lists(scalars, max_size=4))
def test_a_native_column_gives_its_cells_back(values: list[Any]) -> None:
    column = python_columns.python_column(values)
    if column.kinds is not None or str(column.array.type).endswith("[ns]"):
        return
    for value, back in zip(values, column.array.to_pylist(), strict=True):
        if isinstance(value, dt.datetime) and value.tzinfo is not None:
            assert _since_year_1(back) == _since_year_1(value)
        elif isinstance(value, (int, float, str, bytes, D, dt.date, dt.time, dt.timedelta)):
            assert back == value or (back is None and families.is_null(value))


# ------------------------------------------------------------------- where it runs

SHIM = pathlib.Path(convert.__file__).parent


@pytest.mark.parametrize("path", sorted(SHIM.glob("*.py")), ids=lambda path: path.name)
def test_the_grammar_is_that_of_python_3_10(path: pathlib.Path) -> None:
    ast.parse(path.read_text("utf-8"), feature_version=(3, 10))


def test_it_works_without_pandas_polars_and_numpy() -> None:
    code = """
import sys
for name in ("pandas", "polars", "numpy"):
    sys.modules[name] = None
import datetime as dt, decimal, json
from casparian.shim import frames
rows = [{"i": 1, "m": "x", "d": decimal.Decimal("1.5"), "t": dt.datetime(2024, 1, 1), "l": [1]},
        {"i": float("nan"), "m": 2, "d": None, "t": None, "l": ["x"]}]
(frame,) = frames.normalise(rows, "o")
table = frame.table
print(json.dumps([table.column_names, table["m"].to_pylist(), str(table["i"].type)]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    names, mixed, kind = json.loads(done.stdout)
    assert names == ["i", "m", "d", "t", "l", "_cf_kind__m", "_cf_kind__l"]
    assert (mixed, kind) == (["x", "2"], "int64")


def test_pandas_may_come_after_arrow_has_looked_for_it() -> None:
    code = """
import sys

class NoPandas:
    def find_spec(self, name, path=None, target=None):
        if name == "pandas":
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, NoPandas())
import pyarrow as pa
pa.array([0])
del sys.meta_path[0]
import pandas as pd
from casparian.shim import convert
stamps = pd.Series([pd.Timestamp(1), None, pd.NaT, pd.NA], dtype=object)
numbers = pd.Series([1, pd.NA, pd.NaT, float("nan")], dtype=object)
table, notes = convert.safe_to_arrow(pd.DataFrame({"t": stamps, "n": numbers}))
print(table["t"].cast("int64").to_pylist(), table["n"].to_pylist(), notes)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[1, None, None, None] [1, None, None, None] {}"


def test_importing_it_imports_nothing_heavy() -> None:
    code = (
        "import sys, casparian.shim.frames; "
        "print(sorted({'pandas', 'polars', 'pyarrow.compute', 'uuid'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert "pandas" not in done.stdout
    assert "polars" not in done.stdout
    assert "pyarrow.compute" not in done.stdout
