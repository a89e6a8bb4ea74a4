"""The same values in Parquet, CSV, JSON lines and SQLite."""

from __future__ import annotations

import csv
import json
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from casparian.core.sinks.errors import SinkError
from casparian.core.sinks.text import json_text, text

KINDS = ("parquet", "csv", "jsonl", "sqlite")
BERLIN = "Europe/Berlin"

VALUES: dict[str, tuple[Any, list[Any]]] = {
    "whole": (pa.int64(), [2**63 - 1, None, -(2**63)]),
    "unsigned": (pa.uint64(), [2**63 - 1, None, 0]),
    "amount": (
        pa.decimal128(38, 10),
        [Decimal("1234567890123456789012345678.0123456789"), None, Decimal("-0.0000000001")],
    ),
    "zero": (pa.decimal128(38, 10), [Decimal("0E-10"), Decimal("-1.5"), None]),
    "utc": (
        pa.timestamp("us", "UTC"),
        [datetime(2024, 3, 31, 1, 30, 0, 1, UTC), None, datetime(1969, 12, 31, tzinfo=UTC)],
    ),
    "berlin": (
        pa.timestamp("us", BERLIN),
        [
            datetime(2024, 10, 27, 0, 30, tzinfo=UTC),
            None,
            datetime(2024, 10, 27, 1, 30, tzinfo=UTC),
        ],
    ),
    "naive": (pa.timestamp("ms"), [datetime(2024, 2, 29, 23, 59, 59, 999000), None, datetime.min]),
    "second": (pa.timestamp("s", "UTC"), [datetime(2024, 2, 29, tzinfo=UTC), None, None]),
    "day": (pa.date32(), [date(2024, 2, 29), None, date(1, 1, 1)]),
    "clock": (pa.time64("us"), [time(23, 59, 59, 999999), None, time()]),
    "words": (pa.string(), ['ü "quoted", 日本\r\nline', "", None]),
    "odd": (pa.string(), [" padded ", "\u2028\\\t\x00", "null"]),
    "float": (pa.float64(), [0.1, None, 1e300]),
    "short": (pa.float32(), [1.0, None, -0.5]),
    "flag": (pa.bool_(), [True, None, False]),
    "bytes": (pa.binary(), [b"\x00\xff", None, b""]),
    "nothing": (pa.null(), [None, None, None]),
    "list": (pa.list_(pa.decimal128(4, 2)), [[Decimal("1.50"), None], None, []]),
    "struct": (
        pa.struct([("a", pa.int8()), ("b", pa.date32())]),
        [{"a": 1, "b": date(2024, 1, 1)}, None, {"a": None, "b": None}],
    ),
    "pairs": (pa.map_(pa.string(), pa.int8()), [[("a", 1), ("a", 2)], None, []]),
}
TABLE = pa.table({name: pa.array(values, kind) for name, (kind, values) in VALUES.items()})


def write(place: Any, kind: str, table: pa.Table, *, contract: bool = True) -> Any:
    with place.run(kind) as run:
        writer = run.open("sales", table.schema if contract else None)
        writer.write(table)
        run.publish()
    return writer


def from_text(spelled: Any, kind: Any, *, from_json: bool = False) -> Any:
    """Read a value back the way somebody else would."""
    if spelled is None:
        return None
    types = pa.types
    if types.is_decimal(kind):
        return Decimal(spelled)
    if types.is_timestamp(kind):
        return datetime.fromisoformat(spelled)
    if types.is_date(kind):
        return date.fromisoformat(spelled)
    if types.is_time(kind):
        return time.fromisoformat(spelled)
    if types.is_integer(kind):
        return int(spelled)
    if types.is_floating(kind):
        return float(spelled)
    if types.is_boolean(kind) and isinstance(spelled, str):
        return {"true": True, "false": False}[spelled]
    if types.is_boolean(kind):
        return bool(spelled)
    if types.is_binary(kind):
        import base64

        return spelled if isinstance(spelled, bytes) else base64.b64decode(spelled)
    if types.is_nested(kind):
        value = spelled if from_json else json.loads(spelled)
        if types.is_map(kind):
            return [(key, item) for key, item in value]
        if types.is_list(kind):
            return [from_text(item, kind.value_type) for item in value]
        return {f.name: from_text(value[f.name], f.type) for f in kind}
    return spelled


def in_utc(value: Any) -> Any:
    """Python calls times in an hour that happens twice unequal across zones, even if equal."""
    zoned = isinstance(value, datetime) and value.tzinfo is not None
    return value.astimezone(UTC) if zoned else value


def read(writer: Any) -> list[dict[str, Any]]:
    path, kind = writer.target.path, str(writer.target.kind)
    if kind == "parquet":
        return pq.read_table(path).to_pylist()
    if kind == "csv":
        # A reader that knows a quoted empty field from an empty one.
        options = pa.csv.ConvertOptions(
            column_types=dict.fromkeys(VALUES, pa.string()),
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            null_values=[""],
        )
        parsing = pa.csv.ParseOptions(newlines_in_values=True)
        raw = pa.csv.read_csv(path, convert_options=options, parse_options=parsing).to_pylist()
    elif kind == "jsonl":
        raw = [json.loads(line) for line in path.read_text("utf-8").split("\n")[:-1]]
    else:
        with closing(sqlite3.connect(path)) as db:
            db.row_factory = sqlite3.Row
            raw = [dict(row) for row in db.execute('SELECT * FROM "sales" ORDER BY rowid')]
    return [
        {name: from_text(row[name], VALUES[name][0], from_json=kind == "jsonl") for name in VALUES}
        for row in raw
    ]


@pytest.mark.parametrize("contract", [True, False], ids=["contract", "inferred"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_sink_gives_the_same_values_back(place: Any, kind: str, contract: bool) -> None:
    rows = read(write(place, kind, TABLE, contract=contract))
    for name in VALUES:
        got = [in_utc(row[name]) for row in rows]
        assert got == [in_utc(value) for value in TABLE[name].to_pylist()], name


def test_csv_is_read_by_python_too(place: Any) -> None:
    writer = write(place, "csv", TABLE.select(["words", "amount", "utc"]))
    with writer.target.path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["words", "amount", "utc"]
    assert rows[1] == [
        'ü "quoted", 日本\r\nline',
        "1234567890123456789012345678.0123456789",
        "2024-03-31T01:30:00.000001Z",
    ]


def test_csv_tells_null_from_the_empty_text(place: Any) -> None:
    table = pa.table({"a": ["", None, "x"], "b": ["1", "2", "3"]})
    assert write(place, "csv", table).target.path.read_bytes() == b'a,b\n"",1\n,2\nx,3\n'


def test_jsonl_spells_each_kind_as_documented(place: Any) -> None:
    table = pa.table(
        {
            'the "name"': [1],
            "d": [Decimal("1.10")],
            "n": [float("nan")],
            "i": [float("-inf")],
            "f": [1.0],
            "b": [b"\xff"],
            "z": pa.nulls(1),
        }
    )
    assert write(place, "jsonl", table).target.path.read_text("utf-8") == (
        '{"the \\"name\\"":1,"d":"1.10","n":"NaN","i":"-Infinity","f":1.0,"b":"/w==","z":null}\n'
    )


def test_nan_is_not_null_in_any_sink(place: Any) -> None:
    table = pa.table({"f": [float("nan"), None, float("inf")]})
    writer = write(place, "sqlite", table)
    with closing(sqlite3.connect(writer.target.path)) as db:
        assert db.execute("SELECT f FROM sales").fetchall() == [("NaN",), (None,), (float("inf"),)]
    assert text(table["f"]).to_pylist() == ["NaN", None, "Infinity"]
    assert json_text(table["f"]).to_pylist() == ['"NaN"', "null", '"Infinity"']


def test_an_hour_that_happens_twice_stays_two_hours() -> None:
    assert text(TABLE["berlin"]).to_pylist() == [
        "2024-10-27T02:30:00.000000+02:00",
        None,
        "2024-10-27T02:30:00.000000+01:00",
    ]


def test_decimals_never_get_an_exponent() -> None:
    assert text(TABLE["zero"]).to_pylist() == ["0.0000000000", "-1.5000000000", None]


def test_durations_and_nanoseconds_are_exact() -> None:
    values = pa.array([timedelta(seconds=-1, microseconds=5), None], pa.duration("us"))
    assert text(values).to_pylist() == ["-PT0.999995S", None]
    nanos = pa.array([1], pa.timestamp("ns", "+05:30"))
    assert text(nanos).to_pylist() == ["1970-01-01T05:30:00.000000001+05:30"]
    assert json_text(pa.array([[1]], pa.list_(pa.timestamp("ns")))).to_pylist() == [
        '["1970-01-01T00:00:00.000000001"]'
    ]


def test_a_slice_is_spelled_as_the_slice_it_is() -> None:
    for name in TABLE.column_names:
        whole = text(TABLE[name]).to_pylist()
        assert text(TABLE[name].chunk(0).slice(1, 2)).to_pylist() == whole[1:], name
        whole = json_text(TABLE[name]).to_pylist()
        assert json_text(TABLE[name].chunk(0).slice(1, 2)).to_pylist() == whole[1:], name


def test_fixed_size_lists_and_uuids() -> None:
    pairs = pa.array([[1, 2], None, [3, 4]], pa.list_(pa.int8(), 2))
    assert json_text(pairs).to_pylist() == ["[1,2]", "null", "[3,4]"]
    assert json_text(pairs.slice(1)).to_pylist() == ["null", "[3,4]"]
    ids = pa.ExtensionArray.from_storage(pa.uuid(), pa.array([b"\0" * 16], pa.binary(16)))
    assert text(ids).to_pylist() == ["00000000-0000-0000-0000-000000000000"]


def test_a_number_beyond_sqlites_integers_names_the_column(place: Any) -> None:
    with place.run("sqlite") as run:
        writer = run.open("sales", None)
        writer.write(pa.table({"id": pa.array([2**63], pa.uint64())}))
        with pytest.raises(SinkError, match="column 'id' holds 9223372036854775808"):
            run.prepare()
    assert place.files() == []


def test_many_rows_in_pieces_stay_in_order(place: Any) -> None:
    numbers = pa.table({"x": pa.array(range(200_000))})
    path = write(place, "csv", numbers).target.path
    assert path.read_text().split() == ["x", *map(str, range(200_000))]


def test_a_timezone_that_is_a_plain_offset(place: Any) -> None:
    zone = timezone(timedelta(hours=-3, minutes=-30))
    value = datetime(2024, 1, 1, tzinfo=zone)
    spelled = text(pa.array([value], pa.timestamp("us", "-03:30"))).to_pylist()[0]
    assert datetime.fromisoformat(spelled) == value
    assert spelled.endswith("-03:30")
