"""``casparian quarantine``: rows that were refused can be seen, taken along, and tried again."""

from __future__ import annotations

import csv
import hashlib
import json
import threading
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from casparian.core.publishing.manifest import Manifest, StagedOutput
from casparian.core.quarantine import QUARANTINE_SCHEMA
from casparian.core.queueing.quarantine_export import ExportError
from casparian.core.stores.errors import StoreError, UnknownParserError
from casparian.core.stores.jobs import Lease
from casparian.core.stores.quarantine import QuarantinedRow

from .queued import Queued, bad_row, call


def published(
    queued: Queued,
    lease: Lease,
    rows: list[QuarantinedRow],
    *,
    whole: Sequence[str] = (),
    good: int = 9,
) -> Path:
    """Complete a job with a set in ``out/``; ``whole`` are the raw rows of its quarantine file."""
    job = queued.jobs.get(lease.job_id)
    assert job is not None
    outputs = StagedOutput("sales", good, len(rows), "sales.parquet", "sales.quarantine.parquet")
    manifest = Manifest(
        job_id=job.job_id,
        fence=job.fence,
        parser=job.parser,
        parser_version=job.parser_version,
        source_hash=job.source_hash,
        contract_hash=None,
        input_path=job.input_path,
        input_hash=job.input_hash,
        root=str(Path("out").absolute()),
        outputs=(outputs,),
    )
    if whole:
        manifest.place.mkdir(parents=True)
        table = pa.Table.from_pylist(
            [
                {
                    "output": row.output,
                    "row_number": row.row_number,
                    "column": "age",
                    "error_type": "type_mismatch",
                    "error_message": row.reasons[0].message,
                    "reasons": [],
                    "raw": raw,
                    "raw_bytes": len(raw),
                    "raw_sha256": hashlib.sha256(raw.encode()).hexdigest(),
                }
                for row, raw in zip(rows, whole, strict=True)
            ],
            schema=QUARANTINE_SCHEMA,
        )
        pq.write_table(table, manifest.place / "sales.quarantine.parquet")
    queued.finish(lease, manifest.as_json(), rows=good, quarantined=len(rows), quarantine=rows)
    return manifest.place


@pytest.fixture
def job_id(queued: Queued, tmp_path: Path) -> str:
    """A job with three quarantined rows, whose input is there."""
    Path("a.csv").write_text("age\nx\n")
    job_id = queued.add(
        tmp_path / "a.csv", input_hash=hashlib.sha256(Path("a.csv").read_bytes()).hexdigest()
    )
    rows = [bad_row(1), bad_row(4, ("age", "type_mismatch"), ("name", "too_long")), bad_row(9)]
    published(queued, queued.claim(), rows)
    return job_id


# -------------------------------------------------------------------------------- list


def test_the_kinds_of_reasons_come_first_then_rows_with_all_their_reasons(job_id: str) -> None:
    lines = call("quarantine", "list", "--job", job_id[:8], "--limit", 2).stdout.splitlines()
    assert [line.strip() for line in lines[1:]] == [
        "3 rows in quarantine",
        "",
        "3 cells  sales.age  type_mismatch",
        "1 cell   sales.name  too_long",
        "",
        "row 2: age: 'x' is type_mismatch",
        '{"age": "x1"}',
        "row 5: age: 'x' is type_mismatch",
        "row 5: name: 'x' is too_long",
        '{"age": "x4"}',
        "… 1 more (--limit; all: casparian quarantine export)",
    ]


def test_a_thousand_rows_are_not_a_thousand_lines(queued: Queued) -> None:
    queued.add()
    rows = [bad_row(number) for number in range(1_000)]
    queued.finish(lease := queued.claim(), quarantined=1_000, quarantine=rows)
    told = call("quarantine", "list", "--job", lease.job_id).stdout
    assert told.count("\n") < 60
    assert "… 980 more" in told


def test_what_the_store_does_not_keep_is_not_hidden(queued: Queued) -> None:
    queued.add()
    queued.finish(lease := queued.claim(), quarantined=20_000, quarantine=[bad_row(1)])
    told = call("quarantine", "list", "--job", lease.job_id).stdout
    assert "20,000 rows in quarantine (the store keeps 1)" in told


def test_without_a_job_the_newest_with_quarantine_are_listed(queued: Queued, job_id: str) -> None:
    queued.register("bank")
    queued.add("/data/b.csv", parser="bank")
    queued.fail(queued.claim(), quarantine=[bad_row(0)])
    queued.add("/data/c.csv")
    queued.fail(failed := queued.claim(), "no rows at all")
    told = call("quarantine", "list").stdout
    assert told.index("bank 1.0.0  /data/b.csv  failed") < told.index(job_id)
    assert "3 rows: age type_mismatch (3), name too_long (1)" in told
    assert failed.job_id not in told
    found = json.loads(call("quarantine", "list", "--parser", "bank", "--json").stdout)
    assert [one["rows"] for one in found["jobs"]] == [1]
    assert "there may be more" in call("quarantine", "list", "--limit", 1).stdout
    assert "nothing is in quarantine" in call("quarantine", "list", "--parser", "x").stdout


def test_reasons_are_counted_over_the_jobs_that_a_filter_means(queued: Queued) -> None:
    for n, rows in enumerate(([bad_row(1), bad_row(2)], [bad_row(1, ("name", "too_long"))])):
        queued.add(f"/data/{n}.csv")
        queued.finish(queued.claim(), quarantined=len(rows), quarantine=rows)
    text = call("quarantine", "reasons").stdout
    first, second, third = text.splitlines()
    assert first == "sales"
    assert " ".join(second.split()) == "2 rows sales.age type_mismatch in 1 job try: mend age"
    assert third.split()[:3] == ["1", "row", "sales.name"]
    assert call("quarantine", "reasons", "--limit", "1").stdout.endswith("… 1 more (--limit)\n")
    found = json.loads(call("quarantine", "reasons", "--filter", "input:1.csv", "--json").stdout)
    reason = {"parser": "sales", "output": "sales", "column": "name", "error_type": "too_long"}
    counts = {"cells": 1, "rows": 1, "jobs": 1, "hint": "mend name"}
    assert found == {"reasons": [reason | counts], "more": False}
    assert "in quarantine" in call("quarantine", "reasons", "--filter", "status:failed").stdout


def test_json_has_each_row_with_all_its_reasons(job_id: str) -> None:
    told = json.loads(call("quarantine", "list", "--job", job_id, "--limit", 2, "--json").stdout)
    assert (told["job_id"], told["total"], len(told["rows"])) == (job_id, 3, 2)
    assert [reason["column"] for reason in told["rows"][1]["reasons"]] == ["age", "name"]
    assert told["groups"][0]["cells"] == 3


# -------------------------------------------------------------------------------- show


def test_a_row_is_shown_as_it_came_with_hints(job_id: str) -> None:
    told = call("quarantine", "show", job_id, 5).stdout
    assert "sales, row 5" in told
    assert "  row 5: name: 'x' is too_long\n    try: mend name" in told
    assert '    age  "x4"' in told
    examples = call("quarantine", "show", job_id).stdout
    assert "sales, row 2" in examples
    assert "sales, row 5" in examples
    assert "sales, row 10" not in examples, "one of each kind is enough"
    missing = call("quarantine", "show", job_id, 3).exception
    assert getattr(missing, "message", "") == f"job {job_id} has no such row 3 in quarantine"


def test_a_long_row_is_shown_whole_where_the_published_set_is(queued: Queued) -> None:
    queued.add()
    long = json.dumps({"age": "x" * 9_000})
    row = bad_row(1)
    cut = QuarantinedRow("sales", 1, row.reasons, long[:4096], len(long), "0" * 64)
    place = published(queued, lease := queued.claim(), [cut], whole=[long])
    told = json.loads(call("quarantine", "show", lease.job_id, 2, "--json").stdout)
    assert (told["rows"][0]["raw"], told["rows"][0]["cut"]) == (long, False)
    (place / "sales.quarantine.parquet").unlink()
    assert "cut: the first 4 KiB of 9,011 bytes" in call("quarantine", "show", lease.job_id).stdout


# ------------------------------------------------------------------------------ export


@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl"])
def test_rows_are_exported_with_all_their_reasons(job_id: str, ending: str) -> None:
    path = Path(f"bad.{ending}")
    done = call("quarantine", "export", job_id, "--to", path)
    assert "3 rows from the store, all of them whole" in done.stdout
    if ending == "parquet":
        rows = pq.read_table(path).to_pylist()
    elif ending == "csv":
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            row["reasons"] = json.loads(row["reasons"])
            row["row_number"] = int(row["row_number"])
    else:
        rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert [row["row_number"] for row in rows] == [1, 4, 9]
    assert [reason["column"] for reason in rows[1]["reasons"]] == ["age", "name"]
    assert rows[0]["raw"] == '{"age": "x1"}'
    assert [path.name for path in Path().glob(".bad*")] == []


def test_whole_rows_come_from_the_published_set_and_that_is_said(queued: Queued) -> None:
    queued.add()
    long = "y" * 5_000
    row = QuarantinedRow("sales", 1, bad_row(1).reasons, long[:4096], 5_000, "0" * 64)
    place = published(queued, lease := queued.claim(), [row], whole=[long])
    told = json.loads(call("quarantine", "export", lease.job_id, "--to", "a.csv", "--json").stdout)
    file = place / "sales.quarantine.parquet"
    assert told == {
        "path": "a.csv",
        "rows": 1,
        "files": [str(file)],
        "from_store": 0,
        "cut": 0,
    }
    assert long in Path("a.csv").read_text()
    file.unlink()
    said = call("quarantine", "export", lease.job_id, "--to", "b.csv").stdout
    assert "1 rows from the store; 1 of them are cut at 4 KiB" in said


def test_an_export_replaces_no_file_unless_it_is_told_to(job_id: str) -> None:
    Path("a.csv.txt").touch()
    for name, message in (
        ("a.csv", "is there already"),
        ("b.txt", "says no format"),
        ("nodir/b.csv", "nodir/b.csv: there is no folder"),
    ):
        error = call("quarantine", "export", job_id, "--to", name).exception
        assert isinstance(error, ExportError)
        assert message in error.message
    assert call("quarantine", "export", job_id, "--to", "a.csv", "--force").return_value == 0


def test_of_nothing_no_file_is_made(queued: Queued) -> None:
    job_id = queued.add()
    assert isinstance(call("quarantine", "export", job_id, "--to", "n.csv").exception, ExportError)
    assert not Path("n.csv").exists()


# ------------------------------------------------------------------------------ replay


def test_a_replay_runs_the_current_version_over_the_input_as_it_is_now(
    queued: Queued, job_id: str
) -> None:
    queued.register(version="1.1.0")
    Path("a.csv").write_text("age\n36\n")
    told = json.loads(call("quarantine", "replay", "--job", job_id, "--json").stdout)
    assert (told["replaces"], told["parser_version"]) == (job_id, "1.1.0")
    assert (told["same_bundle"], told["same_input"], told["comparison"]) == (False, False, None)
    new = queued.jobs.get(told["job_id"])
    assert new is not None
    assert new.input_hash == hashlib.sha256(b"age\n36\n").hexdigest()
    assert new.replaces == job_id


def test_nothing_is_replayed_twice_at_a_time_and_a_second_one_follows_the_first(
    queued: Queued, job_id: str
) -> None:
    done = call("quarantine", "replay", "--job", job_id)
    assert "neither the parser nor the file has changed since" in done.stderr
    assert "no worker is there: casparian worker" in done.stderr
    again = call("quarantine", "replay", "--job", job_id).exception
    assert isinstance(again, StoreError)
    assert "already has a replacement under way" in again.message
    published(queued, first := queued.claim(), [bad_row(4), bad_row(9)])
    call("quarantine", "replay", "--job", job_id)
    published(queued, second := queued.claim(), [])
    replaced = queued.jobs.get(second.job_id)
    assert replaced is not None
    assert replaced.replaces == first.job_id
    nothing = call("quarantine", "replay", "--job", job_id).exception
    assert isinstance(nothing, StoreError)
    assert "has no rows in quarantine: there is nothing to recover" in nothing.message
    told = call("quarantine", "list", "--job", first.job_id).stdout
    assert f"its set was replaced by that of job {second.job_id}" in told
    assert f"compared with job {job_id}, whose set it has replaced:" in told
    assert "recovered       1  rows 2\n" in told
    assert "still bad       2  rows 5, 10\n" in told


def test_what_was_recovered_is_told_row_by_row_when_it_is_waited_for(
    queued: Queued, job_id: str, tmp_path: Path
) -> None:
    def work() -> None:
        with Queued(tmp_path / "home" / "casparian.db") as store:
            while not (jobs := store.jobs.claim_next("w", limit=1, lease_ms=60_000)):
                ready.wait(0.01)
            published(store, jobs[0].lease, [bad_row(9)])

    ready = threading.Event()
    worker = threading.Thread(target=work)
    worker.start()
    done = call("quarantine", "replay", "--job", job_id, "--wait")
    worker.join()
    assert done.return_value == 0
    assert "recovered       2  rows 2, 5" in done.stdout
    assert "still bad       1  rows 10" in done.stdout


def test_a_replay_that_fails_leaves_the_old_set_and_is_the_exit_code(
    queued: Queued, job_id: str, tmp_path: Path
) -> None:
    def work() -> None:
        with Queued(tmp_path / "home" / "casparian.db") as store:
            while not (jobs := store.jobs.claim_next("w", limit=1, lease_ms=60_000)):
                ready.wait(0.01)
            store.fail(jobs[0].lease, "KeyError: 'age'")

    ready = threading.Event()
    worker = threading.Thread(target=work)
    worker.start()
    done = call("quarantine", "replay", "--job", job_id, "--wait")
    worker.join()
    assert done.return_value == 1
    assert "is failed: KeyError: 'age'" in done.stderr
    assert "the old set stays as it was" in done.stderr


def test_the_inputs_of_all_jobs_that_have_a_reason_are_parsed_anew(
    queued: Queued, tmp_path: Path
) -> None:
    job_ids = {}
    for name, column in (("a", "age"), ("gone", "age"), ("c", "name"), ("d", "age")):
        path = tmp_path / f"{name}.csv"
        path.write_text(name)
        queued.add(path)
        lease = queued.claim()
        queued.finish(lease, quarantined=1, quarantine=[bad_row(1, (column, "too_long"))])
        job_ids[name] = lease.job_id
    (tmp_path / "gone.csv").unlink()
    words = ("quarantine", "replay", "--filter", "parser:sales")
    asked = call(*words, "--column", "age").exception
    assert "the inputs of 3 jobs would be parsed anew: say so with --yes" in str(asked)
    for none in (("--column", "nose"), ("--error-type", "type_mismatch"), ("--output", "bank")):
        done = call(*words, *none)
        assert (done.return_value, done.stdout) == (0, "no job has such rows in quarantine\n")

    done = call(*words, "--column", "age", "--yes", "--json")
    told = json.loads(done.stdout)
    assert {one["replaces"] for one in told["queued"]} == {job_ids["a"], job_ids["d"]}
    assert (done.return_value, told["refused"]) == (1, 1)
    [refusal] = told["refusals"]
    assert refusal["job_id"] == job_ids["gone"]
    assert "gone.csv" in refusal["why"]
    done = call(*words, "--column", "name", "--yes")
    assert (done.return_value, done.stdout.splitlines()) == (
        0,
        ["✓ 1 job queued: each to replace the set of the one it is for"],
    )


@pytest.mark.parametrize(
    "words", [(), ("--job", "17f3", "--column", "age"), ("--filter", "", "--wait")]
)
def test_it_is_said_which_jobs_are_replayed(queued: Queued, words: tuple[str, ...]) -> None:
    error = call("quarantine", "replay", *words).exception
    assert getattr(error, "exit_code", None) == 2


def test_what_can_not_be_replayed_is_refused_with_the_reason(queued: Queued, job_id: str) -> None:
    waiting = queued.add("/data/b.csv")
    error = call("quarantine", "replay", "--job", waiting).exception
    assert isinstance(error, StoreError)
    assert "the job is pending: only an ended job can be replaced" in error.message
    Path("a.csv").unlink()
    error = call("quarantine", "replay", "--job", job_id).exception
    assert isinstance(error, StoreError)
    assert "there is no such file" in error.message
    with queued.connection.raw:
        queued.connection.raw.execute("UPDATE cf_jobs SET parser = 'gone'")
        queued.connection.raw.execute("DELETE FROM cf_job_counts")
    assert isinstance(call("quarantine", "replay", "--job", job_id).exception, UnknownParserError)
