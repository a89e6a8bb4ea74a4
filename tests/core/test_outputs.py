"""The outputs of one run: nothing is published whose rows don't add up."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from casparian.core.contract.parse import parse_outputs
from casparian.core.events import Batch, Hello
from casparian.core.outputs import OutputSet, UnbalancedRows
from casparian.core.sinks.errors import SinkError
from casparian.core.sinks.run import RunSinks
from casparian.core.sinks.uri import parse_sink
from casparian.core.sinks.writer import OutputWriter
from casparian.core.validation import OutputFailed


@contextmanager
def outputs_of(
    columns: dict[str, str], folder: Path, *, whatif: bool = False, first_rows: int | None = None
) -> Iterator[OutputSet]:
    with OutputSet(
        open_sinks=lambda _: RunSinks(
            parse_sink("parquet", default_dir=folder / "output"),
            folder / "in.csv",
            variant="" if first_rows is None else f".first{first_rows}",
        ),
        whatif=whatif,
        first_rows=first_rows,
    ) as made:
        hello = Hello("p", "1", ("p",), None, "parser", None, "p", "python", {})
        both = {"p": {"columns": columns}, "q": {"columns": {"b": "date"}}}
        contract = parse_outputs(both, parser_name="p", where="x")
        made.begin(hello, contract)
        yield made


@pytest.fixture
def outputs(tmp_path: Path):
    with outputs_of({"a": "int64"}, tmp_path) as made:
        yield made


def _batch(values: list[str], name: str = "a") -> Batch:
    return frame(pa.table({name: values}))


def frame(table: pa.Table) -> Batch:
    return Batch("p", table, None, None, None, 1, 0)


def test_rows_that_do_not_add_up_are_never_published(outputs: OutputSet, tmp_path: Path) -> None:
    outputs.take(_batch(["1", "2", "x"]))
    outputs._outputs["p"].valid -= 1
    with pytest.raises(UnbalancedRows, match="3 rows came, 1 are valid and 1 rejected"):
        outputs.publish()
    assert not list((tmp_path / "output").rglob("p/in-*.parquet"))


def test_what_was_not_published_is_gone_when_the_set_is_closed(
    outputs: OutputSet, tmp_path: Path
) -> None:
    outputs.take(_batch(["1", "2", "x"]))
    outputs.__exit__(None, None, None)
    assert not (tmp_path / "output").exists()


def test_large_batches_are_judged_on_threads_as_small_ones_are_in_line(tmp_path: Path) -> None:
    rows = 300_000
    values = [str(n) for n in range(rows)]
    for bad in (0, 65_535, 262_143, 262_144, 299_999):
        values[bad] = f"x{bad}"
    table = pa.table({"n": values})

    def run(folder: Path, step: int) -> tuple[list[int], list[str], list[int]]:
        with outputs_of({"n": "int64"}, folder) as outputs:
            for start in range(0, rows, step):
                outputs.take(frame(table.slice(start, step)))
            outputs.publish()
            output, _ = outputs.summary().outputs
            quarantine = pq.read_table(str(output.quarantine_uri).removeprefix("parquet://"))
            numbers = quarantine["row_number"].to_pylist()
            written = pq.read_table(output.uri.removeprefix("parquet://"))["n"].to_pylist()
            return numbers, quarantine["error_message"].to_pylist(), written

    threaded = run(tmp_path / "a", rows)
    assert threaded == run(tmp_path / "b", 4_000)
    assert threaded[0] == [0, 65_535, 262_143, 262_144, 299_999]
    assert threaded[1][4] == "row 300000: n: 'x299999' is not an int64"
    assert threaded[2] == [n for n in range(rows) if n not in threaded[0]]


def test_the_first_failure_in_the_order_of_rows_is_the_runs_error(tmp_path: Path) -> None:
    """A later frame lacks a column, and is met while earlier rows are still being judged."""
    with outputs_of({"n": "int64"}, tmp_path) as outputs:
        outputs.take(frame(pa.table({"n": ["x"] * 70_000})))
        with pytest.raises(OutputFailed) as caught:
            outputs.take(frame(pa.table({"m": ["1"]})))
        assert caught.value.error_type == "quarantine_limit_exceeded"


def test_a_failed_run_still_counts_rows_that_were_being_judged(tmp_path: Path) -> None:
    with outputs_of({"n": "int64"}, tmp_path) as outputs:
        outputs.take(frame(pa.table({"n": ["1", "x"] + ["2"] * 70_000})))
        outputs.discard(keep_quarantine=True)
        assert outputs.rows_quarantined == 1
        assert outputs.summary().outputs[0].rows == 70_001
    assert [path.name for path in tmp_path.rglob("*.parquet")] == [
        path.name for path in tmp_path.rglob("*.quarantine.failed.parquet")
    ]


def test_a_disk_that_fills_up_behind_the_reader_fails_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: object, table: object) -> None:
        raise SinkError("no space left on device")

    monkeypatch.setattr(OutputWriter, "write", full)
    with outputs_of({"n": "string"}, tmp_path) as outputs:
        outputs.take(frame(pa.table({"n": ["x" * 100] * 60_000})))
        with pytest.raises(SinkError, match="no space"):
            outputs.publish()
    assert not list(tmp_path.rglob("*.parquet"))


def test_a_report_cuts_a_long_row_and_says_how_long_it_was(
    outputs: OutputSet, tmp_path: Path
) -> None:
    outputs.take(_batch(["1", "2", "x" * 9_000]))
    outputs.publish()
    [row] = outputs.summary().rejected
    [file] = (tmp_path / "output").rglob("*.quarantine.parquet")
    [whole] = pq.read_table(file).to_pylist()
    assert whole["raw"] == f'{{"a": "{"x" * 9_000}"}}'
    assert row.raw.text == whole["raw"][:4096]
    assert row.raw.bytes == whole["raw_bytes"] == len(whole["raw"])
    assert row.raw.sha256 == whole["raw_sha256"]
    assert row.raw.sha256 == hashlib.sha256(whole["raw"].encode()).hexdigest()


def published(folder: Path) -> dict[str, int]:
    """Return the rows of every file that is there, by its output's folder."""
    found = (folder / "output").rglob("*.parquet")
    return {
        f"{path.parent.name}{'?' if 'quarantine' in path.name else ''}": pq.read_metadata(
            path
        ).num_rows
        for path in found
    }


def test_half_of_the_rows_may_be_bad_and_no_more(tmp_path: Path) -> None:
    with outputs_of({"a": "int64"}, tmp_path / "half") as outputs:
        outputs.take(_batch(["x"] * 50))
        outputs.take(_batch(["1"] * 50))
        outputs.publish()
    assert published(tmp_path / "half") == {"p": 50, "p?": 50, "q": 0}
    with outputs_of({"a": "int64"}, tmp_path / "more") as outputs:
        outputs.take(_batch(["1"] * 49))
        outputs.take(_batch(["x"] * 51))
        with pytest.raises(OutputFailed, match=r"51 of 100 rows \(51.0%\)"):
            outputs.publish()
        outputs.discard(keep_quarantine=True)
    assert published(tmp_path / "more") == {"p?": 51}


def test_ten_thousand_bad_rows_are_too_many_with_the_next_one(tmp_path: Path) -> None:
    with outputs_of({"a": "int64"}, tmp_path) as outputs:
        outputs.take(_batch(["1"] * 20_000))
        outputs.take(_batch(["x"] * 10_000))
        outputs.take(_batch(["x"]))  # may still be judged when this returns
        with pytest.raises(OutputFailed, match=r"10,001 of the first 30,001 rows"):
            outputs.publish()


def test_a_declared_output_of_no_rows_is_there_and_empty(tmp_path: Path) -> None:
    with outputs_of({"a": "int64"}, tmp_path) as outputs:
        outputs.publish()
    assert published(tmp_path) == {"p": 0, "q": 0}
    # Of the first rows only, it may be that its rows were still to come.
    with outputs_of({"a": "int64"}, tmp_path / "some", first_rows=1) as outputs:
        outputs.take(_batch(["1", "2"]))
        outputs.publish()
    assert published(tmp_path / "some") == {"p": 1}


def test_what_if_judges_everything_and_writes_nothing(tmp_path: Path) -> None:
    with outputs_of({"a": "int64"}, tmp_path, whatif=True) as outputs:
        outputs.take(_batch(["1", "2", "x"]))
        outputs.publish()
        assert outputs.summary().outputs[0].rows_quarantined == 1
        assert [row.row_number for row in outputs.summary().rejected] == [2]
    assert not list(tmp_path.iterdir())


def test_a_report_holds_a_hundred_rows_however_they_come_and_counts_the_rest(
    tmp_path: Path,
) -> None:
    with outputs_of({"a": "int64"}, tmp_path) as outputs:
        for _ in range(3):
            outputs.take(_batch(["x"] * 60 + ["1"] * 60))
        outputs.publish()
        summary = outputs.summary()
    assert [row.row_number for row in summary.rejected] == [*range(60), *range(120, 160)]
    [group] = summary.groups
    assert (group.count, len(group.examples)) == (180, 3)


def test_all_frames_of_an_output_go_to_one_place(outputs: OutputSet) -> None:
    outputs.take(_batch(["1"]))
    with pytest.raises(OutputFailed, match="name different places") as caught:
        outputs.take(Batch("p", pa.table({"a": ["2"]}), None, None, "zstd", 1, 0))
    assert caught.value.error_type == "unsupported_output_type"
