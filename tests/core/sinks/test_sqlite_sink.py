"""A SQLite file belongs to its owner; a run only adds and replaces its own rows."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from casparian.core.sinks import sqlite
from casparian.core.sinks.errors import SinkError

if TYPE_CHECKING:
    from pathlib import Path

ROWS = pa.table({"x": [1, 2]})


def go(place: Any, table: pa.Table, *, name: str | None = None, **options: Any) -> Path:
    with place.run("sqlite", **options) as run:
        writer = run.open("sales", None, table=name)
        writer.write(table)
        run.publish()
    return writer.target.path


def query(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(sql).fetchall()


def database(place: Any, *statements: str) -> Path:
    path = place.output / "casparian.sqlite"
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as db:
        for statement in statements:
            db.execute(statement)
        db.commit()
    return path


def test_the_types_are_sqlites_and_exact(place: Any) -> None:
    table = pa.table(
        {
            "i": pa.array([1], pa.uint8()),
            "b": [True],
            "f": pa.array([0.5], pa.float32()),
            "d": [Decimal("1.10")],
            "raw": [b"\0"],
            "n": pa.nulls(1),
        }
    )
    path = go(place, table)
    assert query(path, "SELECT name, type FROM pragma_table_info('sales')") == [
        ("i", "INTEGER"),
        ("b", "INTEGER"),
        ("f", "REAL"),
        ("d", "TEXT"),
        ("raw", "BLOB"),
        ("n", ""),
        ("_cf_input", "TEXT"),
    ]
    assert query(path, "SELECT * FROM sales")[0][:6] == (1, 1, 0.5, "1.10", b"\0", None)


def test_names_are_quoted(place: Any) -> None:
    path = go(place, pa.table({'a "b" ü; --': [1], "select": [2]}), name='my "table"')
    assert query(path, 'SELECT "select", "a ""b"" ü; --" FROM "my ""table"""') == [(2, 1)]


def test_a_null_column_takes_values_later(place: Any) -> None:
    go(place, pa.table({"x": pa.nulls(1)}))
    path = go(place, pa.table({"x": [5]}), input_path=place.root / "b.csv")
    path = go(place, pa.table({"x": pa.nulls(1)}), input_path=place.root / "c.csv")
    assert query(path, "SELECT x FROM sales ORDER BY x") == [(None,), (None,), (5,)]


@pytest.mark.parametrize(
    ("columns", "complaint"),
    [
        ("x INTEGER", "it has no '_cf_input'"),
        ("y INTEGER, _cf_input TEXT", "it has no 'x'; it also has 'y'"),
        ("x INTEGER, z, _cf_input TEXT", "it also has 'z'"),
        ("x VARCHAR(10), _cf_input TEXT", "'x' is VARCHAR(10) there, INTEGER is needed"),
    ],
)
def test_a_table_with_other_columns_is_refused_saying_which(
    place: Any, columns: str, complaint: str
) -> None:
    path = database(place, f"CREATE TABLE sales ({columns})")
    before = path.read_bytes()
    with place.run("sqlite") as run:
        run.open("sales", None).write(ROWS)
        with pytest.raises(SinkError) as caught:
            run.prepare()
    assert complaint in caught.value.message
    assert path.read_bytes() == before


def test_a_table_made_by_hand_with_fitting_columns_in_another_order_is_used(place: Any) -> None:
    path = database(place, "CREATE TABLE Sales (_cf_input TEXT, X BIGINT)")
    go(place, ROWS)
    assert query(path, "SELECT X FROM sales") == [(1,), (2,)]


def test_other_tables_and_the_journal_mode_are_left_alone(place: Any) -> None:
    for mode in ("wal", "delete"):
        path = database(place, "CREATE TABLE IF NOT EXISTS mine (a)", "INSERT INTO mine VALUES (1)")
        with closing(sqlite3.connect(path)) as db:
            db.execute(f"PRAGMA journal_mode = {mode}")
        go(place, ROWS)
        assert query(path, "PRAGMA journal_mode") == [(mode,)]
    assert query(path, "SELECT count(*) FROM mine") == [(2,)]


def test_a_plan_on_a_wal_database_makes_no_side_files(place: Any) -> None:
    path = database(place, "PRAGMA journal_mode = wal")
    go(place, ROWS)
    before = sorted(p.name for p in path.parent.iterdir())
    with place.run("sqlite") as run:
        assert run.open("sales", None).plan().replaces
    assert sorted(p.name for p in path.parent.iterdir()) == before


def test_several_outputs_share_one_transaction(place: Any) -> None:
    path = database(
        place,
        "CREATE TABLE second (x INTEGER CHECK (x < 2), _cf_input TEXT)",
    )
    with place.run("sqlite") as run:
        run.open("first", None).write(ROWS)
        run.open("second", None).write(ROWS)
        with pytest.raises(SinkError, match="CHECK constraint failed"):
            run.publish()
    assert query(path, "SELECT name FROM sqlite_master") == [("second",)]
    assert place.temporary() == []


def test_a_new_file_that_could_not_be_filled_does_not_stay(
    place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise sqlite3.OperationalError("no luck")

    monkeypatch.setattr(sqlite.Transaction, "_insert", fail)
    with place.run("sqlite") as run:
        run.open("sales", None).write(ROWS)
        with pytest.raises(SinkError, match="no luck"):
            run.publish()
    assert place.files() == []


def test_it_waits_for_another_writer(place: Any) -> None:
    path = database(place, "CREATE TABLE mine (a)")
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.3, lambda: other.execute("COMMIT"))
    timer.start()
    go(place, ROWS)
    timer.join()
    other.close()
    assert query(path, "SELECT count(*) FROM sales") == [(2,)]


def test_but_not_forever(place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.1)
    path = database(place, "CREATE TABLE mine (a)")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(SinkError, match="another program has been writing") as caught:
            go(place, ROWS)
    assert caught.value.retryable
    assert query(path, "SELECT name FROM sqlite_master") == [("mine",)]


def test_what_is_no_database_is_left_alone(place: Any) -> None:
    path = place.output / "casparian.sqlite"
    path.parent.mkdir()
    path.write_text("my notes, and more than sixteen bytes of them")
    with pytest.raises(SinkError, match="is not a SQLite database"):
        go(place, ROWS)
    assert path.read_text().startswith("my notes")


@pytest.mark.parametrize("names", [("a", "A"), ("x", "_CF_INPUT")])
def test_columns_that_sqlite_could_not_tell_apart_are_refused(
    place: Any, names: tuple[str, str]
) -> None:
    with pytest.raises(SinkError, match=r"SQLite does not tell|Casparian's own"):
        go(place, pa.table({name: [1] for name in names}))
