"""Whatever a parser returns or yields becomes named tables, or one sentence."""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from casparian.shim import frames
from casparian.shim.casparian_types import Output

from .conversion_table import Closed, Hostile

if TYPE_CHECKING:
    from collections.abc import Iterator

np = pytest.importorskip("numpy")
pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")

ROWS = [{"a": 1}, {"a": 2}]
TABLE = pa.table({"a": [1, 2]})
SCHEMA = TABLE.schema


def _all(item: Any, default: str | None = "out") -> list[frames.Frame]:
    return list(frames.normalise(item, default))


class Stream:
    """A foreign frame: nothing but Arrow's C stream."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return TABLE.__arrow_c_stream__(requested_schema)


class Batch:
    """A foreign frame: nothing but Arrow's C array."""

    def __arrow_c_array__(self, requested_schema: object = None) -> object:
        return TABLE.to_batches()[0].__arrow_c_array__(requested_schema)


@pytest.mark.parametrize(
    "item",
    [
        ROWS,
        tuple(ROWS),
        pd.DataFrame(ROWS),
        pl.DataFrame(ROWS),
        pl.LazyFrame(ROWS),
        TABLE,
        TABLE.to_batches()[0],
        TABLE.to_reader(),
        Stream(),
        Batch(),
        [TABLE],
        {"out": TABLE},
        {"out": ROWS},
        Output("out", ROWS),
        [Output("out", pd.DataFrame(ROWS))],
        Output("out", [TABLE]),
        iter([TABLE]),
        Output("out", (rows for rows in [ROWS])),
        [None, TABLE, []],
    ],
    ids=lambda item: type(item).__name__,
)
def test_everything_that_is_a_frame(item: Any) -> None:
    (frame,) = _all(item)
    assert (frame.output, frame.notes) == ("out", {})
    assert frame.table.equals(TABLE)


@pytest.mark.parametrize(
    "item", [None, [], (), {}, {"a": None, "b": []}, [None], Output("a", None), iter(())]
)
def test_nothing(item: Any) -> None:
    assert _all(item, None) == []


def test_an_output_says_where_its_rows_go() -> None:
    output = Output("o", ROWS, sink="csv", table="t", compression="zstd")
    (frame,) = _all(output, None)
    assert (frame.sink, frame.sink_table, frame.compression) == ("csv", "t", "zstd")


def test_another_copy_of_the_class_is_an_output_too() -> None:
    fake = type("Output", (), {})
    derived = type("Mine", (fake,), {"name": "o", "frame": TABLE})
    (frame,) = _all(derived(), None)
    assert (frame.output, frame.sink) == ("o", None)


def test_a_list_of_unnamed_frames_is_one_output() -> None:
    assert [f.output for f in _all([TABLE, pd.DataFrame(ROWS), ROWS[:1] and [ROWS[0]]])] == [
        "out",
        "out",
        "out",
    ]


def test_a_dict_of_frames_keeps_its_order() -> None:
    made = _all({"b": TABLE, "a": (t for t in [TABLE, TABLE]), "c": None}, None)
    assert [frame.output for frame in made] == ["b", "a", "a"]


def test_a_dirty_frame_carries_its_notes() -> None:
    (frame,) = _all([{"a": 1}, {"a": "x"}])
    assert frame.table.column_names == ["a", "_cf_kind__a"]
    assert frame.notes == {"a": "mixed types: int (1), str (1), e.g. 'x' in row 2"}


def test_schemas_of_empty_frames_are_kept() -> None:
    empty = TABLE.schema.empty_table()
    for item in (empty, empty.to_reader(), pd.DataFrame({"a": pd.Series([], dtype="int64")})):
        (frame,) = _all(item)
        assert frame.table.schema == SCHEMA
        assert frame.table.num_rows == 0


@pytest.mark.parametrize(
    ("item", "type_"),
    [
        (pd.DataFrame({"a": []}, dtype=object), pa.null()),
        (pd.DataFrame({"a": pd.Series([], dtype="category")}), pa.null()),
        (pd.DataFrame({"a": pd.Series([], dtype="period[M]")}), pa.null()),
        (pl.DataFrame(schema={"a": pl.String}), pa.large_string()),
        (pl.DataFrame(schema={"a": pl.Int128}), pa.null()),
        (pl.LazyFrame(schema={"a": pl.Int64}), pa.int64()),
        (pa.schema([("a", pa.int8())]).empty_table(), pa.int8()),
        (pa.schema([("a", pa.string_view())]).empty_table(), pa.large_string()),
        (pa.RecordBatch.from_pylist([], schema=SCHEMA), pa.int64()),
        (pa.RecordBatchReader.from_batches(SCHEMA, []), pa.int64()),
    ],
)
def test_empty_frames_of_every_library(item: Any, type_: pa.DataType) -> None:
    (frame,) = _all(item)
    assert frame.table.schema == pa.schema([("a", type_)])
    assert frame.table.num_rows == 0


def test_schemas_may_differ_from_frame_to_frame() -> None:
    pieces = [[{"a": None}], [{"a": 1}], [{"a": 0.5}], [{"a": "x"}, {"a": 1}], [{"b": b"x"}], TABLE]
    made = [frame.table for frame in _all(iter(pieces))]
    assert [str(table.schema.types[0]) for table in made] == [
        "null",
        "int64",
        "double",
        "string",
        "binary",
        "int64",
    ]
    assert [table.column_names[0] for table in made] == ["a", "a", "a", "a", "b", "a"]


@pytest.mark.parametrize("of", [Hostile, Closed, lambda: Closed], ids=["object", "class", "type"])
def test_cells_are_not_asked_whether_they_are_frames(of: Any) -> None:
    for item in ([{"a": of()}], [{"a": 1}, {"a": [of()]}], iter([[{"a": of()}]])):
        (frame,) = _all(item)
        assert frame.table.column_names == ["a", "_cf_kind__a"]


def test_ten_thousand_columns() -> None:
    names = [f"c{place}" for place in range(10_000)]
    row: dict[str, Any] = dict.fromkeys(names, 1)
    for item in ([row], pd.DataFrame([row])):
        (frame,) = _all(item)
        assert frame.table.schema == pa.schema([(name, pa.int64()) for name in names])
    (frame,) = _all([row, row | {"c9999": "x"}])
    assert frame.table.column_names == [*names, "_cf_kind__c9999"]


# ------------------------------------------------------------------- streaming


def test_an_iterator_is_not_read_ahead() -> None:
    seen: list[int] = []

    def pieces() -> Iterator[Any]:
        for number in range(3):
            seen.append(number)
            yield [{"a": number}]

    for item in (pieces(), Output("out", pieces()), {"out": pieces()}):
        seen.clear()
        made = frames.normalise(item, "out")
        assert next(made).table["a"].to_pylist() == [0]
        assert seen == [0]
        assert len(list(made)) == 2


def test_a_reader_is_not_read_ahead() -> None:
    seen: list[int] = []

    def batches() -> Iterator[pa.RecordBatch]:
        for number in range(3):
            seen.append(number)
            yield pa.record_batch({"a": [number]}, schema=SCHEMA)

    reader = pa.RecordBatchReader.from_batches(SCHEMA, batches())
    made = frames.normalise(reader, "out")
    assert next(made).table["a"].to_pylist() == [0]
    assert seen == [0]


def test_a_readers_own_error_is_passed_on() -> None:
    def batches() -> Iterator[pa.RecordBatch]:
        yield pa.record_batch({"a": [1]}, schema=SCHEMA)
        raise OSError("torn")

    reader = pa.RecordBatchReader.from_batches(SCHEMA, batches())
    with pytest.raises(OSError, match="torn"):
        _all(reader)


# ------------------------------------------------------------------- polars


def test_polars_types() -> None:
    frame = pl.DataFrame(
        {
            "f": [1.0, float("nan")],
            "s": ["a", None],
            "t": [dt.time(1), None],
            "c": pl.Series(["x", "x"], dtype=pl.Categorical),
            "i": pl.Series([2**100, None], dtype=pl.Int128),
            "l": [["a"], None],
        }
    )
    (made,) = _all(frame)
    names = ["f", "s", "t", "c", "i", "l"]
    assert made.table.column_names == [*names, "_cf_kind__i"]
    assert made.table["f"].to_pylist()[1] != made.table["f"].to_pylist()[1]
    assert made.table["s"].null_count == 1
    assert made.table["t"].type == pa.time64("ns")
    assert made.table["c"].to_pylist() == ["x", "x"]
    assert made.table["i"].to_pylist() == [str(2**100), None]
    assert all(field.metadata is None for field in made.table.schema if field.name in names[:4])
    (made,) = _all(pl.DataFrame({"i": pl.Series([1], dtype=pl.Int128), "z": ["a"]}))
    assert made.table.schema.field("i").type == pa.int64()


def test_polars_integers_that_arrow_has_no_type_for_may_be_nested() -> None:
    nested = pl.Series([[2**100, 1], None], dtype=pl.List(pl.Int128))
    small = pl.Series([{"n": 1}, None], dtype=pl.Struct({"n": pl.Int128}))
    (made,) = _all(pl.DataFrame({"nested": nested, "small": small, "z": [1, 2]}))
    assert made.table["nested"].to_pylist() == [f"[{2**100}, 1]", None]
    assert made.table["_cf_kind__nested"].to_pylist() == ["json", None]
    assert made.table["small"].to_pylist() == [{"n": 1}, None]


@pytest.mark.parametrize(
    ("series", "type_"),
    [
        (pl.Series(["a"]), pa.large_string()),
        (pl.Series([b"a"]), pa.large_binary()),
        (pl.Series([["a"]]), pa.large_list(pa.large_string())),
        (pl.Series([[1, 2]], dtype=pl.Array(pl.Int8, 2)), pa.list_(pa.int8(), 2)),
        (pl.Series([{"a": 1}]), pa.struct([("a", pa.int64())])),
        (pl.Series([0.5], dtype=pl.Float32), pa.float32()),
        (pl.Series([dt.timedelta(1)]), pa.duration("us")),
        (pl.Series([dt.datetime(2024, 1, 2)], dtype=pl.Datetime("ns")), pa.timestamp("ns")),
        (pl.Series(["1.5"]).cast(pl.Decimal(10, 2)), pa.decimal128(10, 2)),
        (pl.Series([None], dtype=pl.Null), pa.null()),
    ],
)
def test_polars_large_types_pass_as_they_are(series: Any, type_: pa.DataType) -> None:
    (made,) = _all(pl.DataFrame({"x": series}))
    assert made.table.schema == pa.schema([("x", type_)])


# ------------------------------------------------------------------- refusals


@dataclasses.dataclass
class Row:
    a: int


Point = collections.namedtuple("Point", "a")

REFUSED = [
    ({"a": 1, "b": "x"}, r"'a' is a int; if it is a row, yield a list of dicts: \[row\]"),
    ({"a": [1, 2]}, r"pd\.DataFrame\(d\)"),
    ({"a": np.array([1])}, r"pa\.table\(d\)"),
    ([1, 2], "item 0 of the list is a int; a list holds rows as dicts"),
    ([(1, 2)], r"dict\(zip\(columns, row\)\)"),
    ([Point(1)], r"row\._asdict\(\)"),
    ([Row(1)], r"dataclasses\.asdict"),
    (["name", TABLE], r"Output\(name, frame\)"),
    ([TABLE, {"a": 1}], "a list holds dicts only, or frames only"),
    ([{"a": TABLE}], "yield the dict of frames itself"),
    (pd.Series([1]), r"pandas\.Series is one column, not a frame; write \.to_frame\(\)"),
    (pl.Series([1]), r"polars\.Series is one column"),
    ([pd.Series([1])], r"\.to_frame\(\)"),
    (pl.DataFrame({"o": pl.Series([object()], dtype=pl.Object)}), "'o' has the type Object"),
    ("data.csv", "a str is not a frame; read the file"),
    (5, "a int is not a frame; a parser returns or yields"),
    (np.zeros((2, 2)), r"numpy\.ndarray is not a frame; give its columns names"),
    (pa.array([1]), r"pa\.table\({name: array}\)"),
    (pa.chunked_array([[1]]), r"pa\.table\({name: array}\)"),
    (Output("o", {"a": TABLE}), "one Output for each"),
    (Output("o", iter([{"a": 1}])), r"yield a list of dicts: \[row\]"),
    (Output("o", iter([Output("p", TABLE)])), "can't hold Outputs"),
    (Output("o", [1]), "item 0 of the list is a int"),
    (iter([{"a": 1}]), r"yield a list of dicts: \[row\]"),
    ({"a": Output("a", TABLE)}, "the dict's 'a' is an Output"),
    (Output("o", TABLE, sink=5), "the sink of Output"),  # type: ignore[arg-type]
    (Output("Bad Name", TABLE), "'Bad Name' can't name an output: .* e.g. 'bad_name'"),
    ({"1": TABLE}, "'1' can't name an output"),
    ({"a" * 64: TABLE}, "1 to 63"),
    ({"a\n": TABLE}, "can't name"),
    ({5: TABLE}, "must be a string, not a int"),
    ([Output("a", TABLE), Output("a", TABLE)], "'a' occurs twice"),
    (pd.DataFrame([[1, 2]], columns=["a", "a"]), "duplicate column names: 'a'"),
    ([{"_cf_row": 1}], "begin with '_cf_'"),
    (pa.table({"_cf_kind__a": [1]}), "begin with '_cf_'"),
    (
        pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("a", "x")])),
        r"df\.columns = \['_'\.join\(map\(str, c\)\) for c in df\.columns\]",
    ),
]


@pytest.mark.parametrize(("item", "words"), REFUSED)
def test_the_sentence_says_what_to_write_instead(item: Any, words: str) -> None:
    with pytest.raises(frames.StructuralError, match=words):
        _all(item)


def test_unnamed_frames_of_a_parser_with_several_outputs() -> None:
    for item in (TABLE, ROWS, [TABLE]):
        with pytest.raises(frames.StructuralError, match="a frame needs a name"):
            _all(item, None)


@pytest.mark.parametrize(
    "item", [{"good": TABLE, "Bad": TABLE}, [Output("good", TABLE), Output("Bad", TABLE)]]
)
def test_names_are_checked_before_the_first_table(item: Any) -> None:
    with pytest.raises(frames.StructuralError, match="'Bad'"):
        next(frames.normalise(item, "out"))
