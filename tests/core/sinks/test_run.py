"""What a dev run leaves behind, and what it never does."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from casparian.core.errors import CasparianError
from casparian.core.sinks import publishing
from casparian.core.sinks.errors import SinkError
from casparian.core.sinks.uri import parse_sink

KINDS = ("parquet", "csv", "jsonl", "sqlite")
FILES = ("parquet", "csv", "jsonl")
ROWS = pa.table({"x": [1, 2]})


def go(
    place: Any,
    sink: str = "parquet",
    table: pa.Table | None = ROWS,
    *,
    bad: pa.Table | None = None,
    fail: bool = False,
    output: str = "sales",
    **options: Any,
) -> Any:
    """One whole run of one output."""
    with place.run(sink, **options) as run:
        writer = run.open(output, None)
        if table is not None:
            writer.write(table)
        if bad is not None:
            writer.quarantine(bad)
        if fail:
            run.abort(keep_quarantine=True)
        else:
            run.publish()
    return writer


@pytest.mark.parametrize("kind", FILES)
def test_each_input_has_its_file_named_by_its_stem_and_absolute_path(place: Any, kind: str) -> None:
    digest = hashlib.sha256(os.fsencode(str(place.input))).hexdigest()[:8]
    writer = go(place, kind)
    assert place.files() == [f"sales/sales_2024_01-{digest}.{kind}"]
    assert writer.uri == f"{kind}://{place.output}/sales/sales_2024_01-{digest}.{kind}"


def test_inputs_of_the_same_name_in_two_folders_do_not_meet(place: Any) -> None:
    for folder in ("a", "b"):
        go(place, input_path=place.root / folder / "x.csv")
    assert len(place.files()) == 2


def test_a_variant_has_a_file_of_its_own(place: Any) -> None:
    go(place)
    assert go(place, variant="-v2").uri.endswith("-v2.parquet")
    assert len(place.files()) == 2


def test_very_long_and_odd_names_are_written(place: Any) -> None:
    go(place, input_path=place.root / ("ü" * 120 + ".csv"), bad=ROWS)
    go(place, "sqlite", input_path=place.root / os.fsdecode(b"\xff.csv"))
    for kind in KINDS:
        go(place, kind, input_path=place.root / os.fsdecode(b"[a]* \xff?#%20.csv"), bad=ROWS)
    assert place.temporary() == []


@pytest.mark.parametrize("kind", KINDS)
def test_quarantine_lies_beside_the_output(place: Any, kind: str, rejected: pa.Table) -> None:
    writer = go(place, kind, bad=rejected)
    assert (writer.rows, writer.quarantined) == (2, 1)
    if kind == "sqlite":
        with closing(sqlite3.connect(writer.target.path)) as db:
            row = db.execute('SELECT "row", reasons, _cf_input FROM sales_quarantine').fetchone()
        assert row == (
            999,
            '[{"column":"age","message":"row 1000: age: \'Unknown\' is not an int64"}]',
            writer.target.input_id,
        )
        assert writer.quarantine_uri.endswith("casparian.sqlite#sales_quarantine")
    else:
        path = writer.target.path.with_suffix(".quarantine.parquet")
        assert pq.read_table(path).equals(rejected)
        assert writer.quarantine_uri == f"parquet://{path}"


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_input_replaces_its_own_rows_and_no_others(
    place: Any, kind: str, rejected: pa.Table
) -> None:
    other = place.root / "other.csv"
    go(place, kind, bad=rejected)
    go(place, kind, pa.table({"x": [7]}), bad=rejected, input_path=other)
    writer = go(place, kind, pa.table({"x": [3]}))
    if kind == "sqlite":
        with closing(sqlite3.connect(writer.target.path)) as db:
            assert db.execute("SELECT x FROM sales ORDER BY x").fetchall() == [(3,), (7,)]
            assert db.execute("SELECT count(*) FROM sales_quarantine").fetchone() == (1,)
    else:
        assert len(place.files()) == 3  # the older quarantine of this input is gone
    assert place.temporary() == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_failed_run_leaves_earlier_outputs_untouched_and_keeps_its_rejected_rows(
    place: Any, kind: str, rejected: pa.Table
) -> None:
    writer = go(place, kind, bad=rejected)
    before = {name: (place.output / name).read_bytes() for name in place.files()}
    go(place, kind, pa.table({"x": [9]}), bad=rejected, fail=True)
    after = place.files()
    assert {name: (place.output / name).read_bytes() for name in before} == before
    (failed,) = set(after) - set(before)
    assert failed.endswith(".quarantine.failed.parquet")
    assert pq.read_table(place.output / failed).equals(rejected)
    assert writer.target.quarantine_failed == place.output / failed

    go(place, kind)
    assert failed not in place.files(), "a successful run removes an older failed one"
    assert not any("quarantine" in name for name in place.files())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("prepared", [False, True])
def test_an_aborted_run_leaves_nothing(
    place: Any, kind: str, prepared: bool, rejected: pa.Table
) -> None:
    with place.run(kind) as run:
        writer = run.open("sales", None)
        writer.write(ROWS)
        writer.write(pa.table({"x": ["a"]}))
        writer.quarantine(rejected)
        if prepared:
            run.prepare()
        assert place.visible() == []
        assert place.temporary() != []
    assert place.files() == []
    assert run.abort(keep_quarantine=True).kept == {}


@pytest.mark.parametrize("kind", KINDS)
def test_a_failure_after_prepare_still_keeps_the_rejected_rows(
    place: Any, kind: str, rejected: pa.Table
) -> None:
    with place.run(kind) as run:
        writer = run.open("sales", None)
        writer.write(ROWS)
        writer.quarantine(rejected)
        run.prepare()
        aborted = run.abort(keep_quarantine=True)
    assert aborted.problems == ()
    assert pq.read_table(aborted.kept["sales"]).equals(rejected)
    assert place.files() == [str(aborted.kept["sales"].relative_to(place.output))]


@pytest.mark.parametrize("kinds", [("parquet", "csv"), ("sqlite", "parquet"), ("csv", "sqlite")])
def test_two_outputs_and_the_second_fails_to_prepare_neither_is_visible(
    place: Any, kinds: tuple[str, str]
) -> None:
    with place.run() as run:
        run.open("good", None, sink=kinds[0]).write(ROWS)
        bad = run.open("bad", None, sink=kinds[1])
        bad.write(ROWS)
        bad.target.path.mkdir(parents=True)
        with pytest.raises(SinkError, match="is a folder, not a file"):
            run.prepare()
        run.abort(keep_quarantine=True)
    assert place.files() == []


@pytest.mark.parametrize("kinds", [("parquet", "csv"), ("sqlite", "parquet")])
def test_two_outputs_and_the_second_fails_to_publish_the_first_is_as_before(
    place: Any, kinds: tuple[str, str], rejected: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    with place.run() as run:
        for name, kind in zip(("good", "bad"), kinds, strict=True):
            run.open(name, None, sink=kind).write(ROWS)
        run.publish()
    before = {name: (place.output / name).read_bytes() for name in place.files()}

    with place.run() as run:
        for name, kind in zip(("good", "bad"), kinds, strict=True):
            writer = run.open(name, None, sink=kind)
            writer.write(pa.table({"x": [99]}))
            writer.quarantine(rejected)
        run.prepare()
        real = Path.replace

        def replace(self: Path, target: Path) -> Path:
            if target == writer.target.path and ".old." not in self.name:
                raise OSError(28, "No space left on device")
            return real(self, target)

        monkeypatch.setattr(Path, "replace", replace)
        with pytest.raises(SinkError, match="disk is full") as caught:
            run.publish()
        assert caught.value.retryable
        monkeypatch.undo()
        assert {name: (place.output / name).read_bytes() for name in place.visible()} == before
        aborted = run.abort(keep_quarantine=True)
    assert sorted(aborted.kept) == ["bad", "good"]
    assert place.temporary() == []


def test_readers_never_find_the_output_missing_while_it_is_replaced(place: Any) -> None:
    path = go(place).target.path
    missing: list[str] = []
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            if not path.exists():
                missing.append("missing")

    thread = threading.Thread(target=watch)
    thread.start()
    for _ in range(30):
        go(place)
    done.set()
    thread.join()
    assert missing == []


def test_the_command_lines_sink_beats_the_parsers(place: Any) -> None:
    with place.run("csv", overridden=True) as run:
        assert run.open("a", None, sink="parquet://elsewhere").uri.startswith("csv://")
    with place.run("csv") as run:
        assert run.open("a", None, sink="jsonl").uri.startswith(f"jsonl://{place.output}/a/")
        assert run.open("b", None).uri.startswith("csv://")
    with place.run(f"sqlite://{place.output}/db.sqlite") as run:
        assert run.open("a", None, sink="csv").uri.startswith(f"csv://{place.output}/a/")
    assert not place.output.exists()


@pytest.mark.parametrize("kind", KINDS)
def test_a_plan_says_where_and_whether_it_replaces_and_touches_nothing(
    place: Any, kind: str
) -> None:
    with place.run(kind) as run:
        plan = run.open("sales", None).plan()
        assert not plan.replaces
    assert not place.output.exists()
    uri = go(place, kind).uri
    assert plan.uri == uri
    stat = [(p.name, p.stat().st_mtime_ns) for p in place.output.rglob("*")]
    with place.run(kind) as run:
        assert run.open("sales", None).plan().replaces
        assert not run.open("other", None).plan().replaces
    assert [(p.name, p.stat().st_mtime_ns) for p in place.output.rglob("*")] == stat


def test_a_contract_without_rows_is_an_empty_file_with_its_columns(place: Any) -> None:
    schema = pa.schema([("x", pa.int64()), ("y", pa.decimal128(12, 2))])
    for kind in KINDS:
        with place.run(kind) as run:
            writer = run.open("sales", schema)
            run.publish()
        assert writer.target.path.exists()
    with place.run() as run:
        assert pq.read_schema(run.open("sales", None).target.path) == schema


@pytest.mark.parametrize("kind", KINDS)
def test_a_parser_that_yields_nothing_leaves_nothing_of_an_earlier_run(
    place: Any, kind: str
) -> None:
    go(place, kind, None)
    assert not place.output.exists()
    writer = go(place, kind)
    go(place, kind, None)
    if kind == "sqlite":
        with closing(sqlite3.connect(writer.target.path)) as db:
            assert db.execute("SELECT count(*) FROM sales").fetchone() == (0,)
    else:
        assert place.files() == []


def test_columns_are_taken_by_name_and_types_must_be_the_contracts(place: Any) -> None:
    schema = pa.schema([("a", pa.int64()), ("b", pa.string())])
    with place.run() as run:
        writer = run.open("sales", schema)
        writer.write(pa.table({"b": ["x"], "a": [1]}))
        with pytest.raises(SinkError, match="column 'a' is double, the contract says int64"):
            writer.write(pa.table({"a": [1.5], "b": ["x"]}))
        with pytest.raises(SinkError, match=r"the contract \['a', 'b'\]"):
            writer.write(pa.table({"a": [1]}))
        run.publish()
    assert pq.read_table(writer.target.path).to_pydict() == {"a": [1], "b": ["x"]}


def test_metadata_and_compression_reach_the_file(place: Any) -> None:
    for contract in (ROWS.schema, None):
        with place.run() as run:
            writer = run.open(
                "sales", contract, compression="gzip", metadata={"casparian.parser": "sales"}
            )
            writer.write(ROWS.replace_schema_metadata({"pandas": "{}"}))
            run.publish()
        found = pq.read_metadata(writer.target.path)
        assert found.metadata[b"casparian.parser"] == b"sales"
        assert b"pandas" not in found.metadata
        assert found.row_group(0).column(0).compression == "GZIP"


@pytest.mark.parametrize("name", ["snappy", "gzip", "zstd", "lz4", "none", None])
def test_every_compression_reads_back(place: Any, name: str | None) -> None:
    with place.run() as run:
        writer = run.open("sales", None, compression=name)
        writer.write(ROWS)
        run.publish()
    assert pq.read_table(writer.target.path).equals(ROWS)


def test_an_unknown_compression_is_answered_with_what_was_meant(place: Any) -> None:
    with place.run() as run, pytest.raises(SinkError, match="did you mean 'zstd'"):
        run.open("sales", None, compression="zst")


@pytest.mark.parametrize("name", ["", "..", "a/b", "a\\b"])
def test_an_output_that_would_leave_its_folder_is_refused(place: Any, name: str) -> None:
    with place.run() as run, pytest.raises(CasparianError):
        run.open(name, None)


def test_two_outputs_for_one_place_are_refused(place: Any) -> None:
    with place.run("sqlite") as run:
        run.open("a", None, table="t")
        with pytest.raises(SinkError, match="outputs 'a' and 'b' both go to table 'T'"):
            run.open("b", None, table="T")
        with pytest.raises(SinkError, match="both go to table 'a_quarantine'"):
            run.open("a_quarantine", None)
        with pytest.raises(SinkError, match="opened twice"):
            run.open("a", None)


def test_what_parquet_cannot_store_is_said(place: Any) -> None:
    with place.run() as run:
        writer = run.open("sales", None)
        with pytest.raises(SinkError, match="column 'x' holds a struct without fields"):
            writer.write(pa.table({"x": pa.array([{}], pa.struct([]))}))
        with pytest.raises(SinkError, match="columns named twice: 'a'"):
            writer.write(pa.Table.from_arrays([pa.array([1])] * 2, names=["a", "a"]))
        with pytest.raises(SinkError, match="month_day_nano_interval"):
            writer.write(pa.table({"x": pa.nulls(1, pa.month_day_nano_interval())}))
    assert place.files() == []


def test_after_publishing_nothing_more_is_taken(place: Any) -> None:
    writer = go(place)
    with pytest.raises(SinkError, match="is published"):
        writer.write(ROWS)
    assert writer.abort(keep_quarantine=True) is None
    assert writer.target.path.exists()


def test_a_folder_that_another_run_holds_for_long_is_said(
    place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    monkeypatch.setattr(publishing, "LOCK_SECONDS", 0.05)
    folder = go(place).target.path.parent
    descriptor = os.open(folder, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    with pytest.raises(SinkError, match="another run has been publishing"):
        go(place)
    os.close(descriptor)
    assert place.temporary() == []


def test_sinks_can_be_given_by_another_rule_than_dev_modes(place: Any) -> None:
    from casparian.core.sinks.target import Target
    from casparian.core.sinks.uri import SinkKind
    from casparian.core.sinks.writer import OutputWriter

    folder = place.root / "staging" / "job.1"
    target = Target(
        kind=SinkKind.PARQUET,
        output="sales",
        place=str(folder / "sales.parquet"),
        input_id="job",
        quarantine_place=str(folder / "sales.quarantine.parquet"),
        failed_place=str(folder / "sales.quarantine.failed.parquet"),
        temp_stem="sales",
    )
    writer = OutputWriter(target, ROWS.schema)
    writer.write(ROWS)
    writer.prepare()
    writer.publish()
    assert [p.name for p in folder.iterdir()] == ["sales.parquet"]


def test_default_sink_of_dev_mode_parses(place: Any) -> None:
    assert str(parse_sink("parquet", default_dir=place.output)) == f"parquet://{place.output}"
