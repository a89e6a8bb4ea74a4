"""A job that works: what is published, what it says of itself, and what is kept."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from casparian.core.stores.jobs import NewJob
from casparian.core.worker.reports import JobEnded, JobStarted

from .conftest import READ, Workshop

MIXED = "name,age\nAda,36\nAlan,x\nGrace,85\n"


def test_good_rows_are_published_with_their_lineage_and_bad_rows_beside_them(
    workshop: Workshop,
) -> None:
    source = workshop.parser(READ)
    job_id = workshop.job(MIXED)
    workshop.drain()
    job = workshop.get(job_id)
    assert (job.status, job.rows, job.quarantined) == ("completed_with_warnings", 2, 1)
    folder = f"people/1.0.0/{job_id}"
    assert workshop.files() == [
        f"{folder}/_manifest.json",
        f"{folder}/people.parquet",
        f"{folder}/people.quarantine.parquet",
    ]
    lineage = {"_cf_job_id": job_id, "_cf_source_hash": source, "_cf_parser_version": "1.0.0"}
    assert workshop.table(job_id).to_pylist() == [
        {"name": "Ada", "age": 36, **lineage, "_cf_row": 0},
        {"name": "Grace", "age": 85, **lineage, "_cf_row": 2},
    ]
    metadata = pq.read_schema(workshop.root / folder / "people.parquet").metadata
    assert metadata[b"casparian.parser"] == b"people"
    assert metadata[b"casparian.source_hash"] == source.encode()
    assert metadata[b"casparian.job_id"] == job_id.encode()
    assert {b"casparian.version", b"casparian.contract_hash"} <= metadata.keys()
    [row] = workshop.store.quarantine.list_for_job(job_id)
    assert (row.output, row.row_number) == ("people", 1)
    assert [reason.column for reason in row.reasons] == ["age"]
    assert json.loads(row.raw) == {"name": "Alan", "age": "x"}


def test_lineage_can_be_turned_off(workshop: Workshop) -> None:
    workshop.parser(READ)
    job_id = workshop.job()
    workshop.drain(lineage=False)
    assert workshop.table(job_id).to_pylist() == [{"name": "Ada", "age": 36}]


def test_a_job_that_runs_again_replaces_its_own_set(workshop: Workshop) -> None:
    workshop.parser(READ)
    job_id = workshop.job(MIXED)
    workshop.drain()
    assert workshop.store.jobs.requeue(job_id)
    workshop.drain()
    assert len(workshop.files()) == 3
    manifest = json.loads((workshop.root / f"people/1.0.0/{job_id}/_manifest.json").read_text())
    assert manifest["fence"] == workshop.get(job_id).fence == 2
    assert len(workshop.store.quarantine.list_for_job(job_id)) == 1


def test_the_set_of_a_replacement_takes_the_place_of_the_one_it_replaces(
    workshop: Workshop,
) -> None:
    workshop.parser(READ)
    first = workshop.job(MIXED)
    workshop.drain()
    old = workshop.get(first)
    second = workshop.store.jobs.replace(
        first,
        source_hash=old.source_hash,
        parser_version=old.parser_version,
        input_hash=old.input_hash,
        input_size=old.input_size,
    )
    assert second is not None
    workshop.drain()
    assert workshop.get(second).status == "completed_with_warnings"
    assert {Path(name).parts[2] for name in workshop.files()} == {second}


def test_rows_go_to_a_database_once_if_the_output_root_is_one(workshop: Workshop) -> None:
    workshop.parser(READ)
    job_id = workshop.job(MIXED)
    database = workshop.root / "all.db"
    workshop.drain(database=database)
    workshop.store.jobs.requeue(job_id)
    workshop.drain(database=database)
    with sqlite3.connect(database) as connection:
        rows = connection.execute("SELECT name, age, _cf_row FROM people ORDER BY name").fetchall()
        bad = connection.execute("SELECT row_number FROM people_quarantine").fetchall()
    assert rows == [("Ada", 36, 0), ("Grace", 85, 2)]
    assert bad == [(1,)]
    assert workshop.files() == ["all.db"]


def test_the_log_has_what_the_parser_said_with_time_and_level(workshop: Workshop) -> None:
    workshop.parser("print('hello'); ctx.log.warning('careful'); yield [dict(name='a', age=1)]")
    job_id = workshop.job()
    workshop.drain()
    lines = workshop.log(job_id).splitlines()
    assert any(line.endswith("Z stdout  hello") for line in lines)
    assert any("Z warning careful" in line for line in lines)
    assert "staged 1 rows, 0 quarantined" in lines[-1]
    assert lines[0].startswith("20")


def test_progress_is_in_the_store_while_the_job_runs(workshop: Workshop) -> None:
    workshop.parser(
        "import time\nctx.progress(3, 10)\n"
        "seen = ctx.input_path.with_name('seen')\n"
        "while not seen.exists(): time.sleep(0.02)\n"
        "yield [dict(name='a', age=1)]"
    )
    job_id = workshop.job()
    worker = workshop.worker("--drain")
    try:
        while (workshop.get(job_id).progress_done, workshop.get(job_id).progress_total) != (3, 10):
            assert worker.poll() is None
        (workshop.folder / "seen").touch()
        assert worker.wait(30) == 0
    finally:
        worker.kill()
        worker.communicate()
    assert workshop.get(job_id).status == "completed"


def test_a_parser_without_a_contract_publishes_what_it_yields(workshop: Workshop) -> None:
    workshop.parser("yield [dict(a=1, b='x')]", outputs=None)
    job_id = workshop.job()
    workshop.drain()
    assert workshop.table(job_id).column_names[:2] == ["a", "b"]


def test_what_many_workers_do_is_done_once(workshop: Workshop) -> None:
    marks = workshop.folder / "marks"
    workshop.parser(
        f"open({str(marks)!r}, 'a').write(str(ctx.input_path) + chr(10))\n"
        "yield [dict(name='a', age=1)]"
    )
    ids = [workshop.job(f"name,age\nn,{n}\n") for n in range(12)]
    workers = [workshop.worker("--drain", "--concurrency", 1) for _ in range(3)]
    for worker in workers:
        _, told = worker.communicate(timeout=90)
        assert worker.returncode == 0, told
    assert {workshop.get(job_id).status for job_id in ids} == {"completed"}
    assert len(marks.read_text().splitlines()) == len(set(marks.read_text().splitlines())) == 12


def test_the_same_work_is_not_done_twice_unless_it_is_forced(workshop: Workshop) -> None:
    workshop.parser(READ)
    job = workshop.get(workshop.job())
    workshop.drain()
    again = NewJob(job.parser, "1.0.0", job.source_hash, job.input_path, job.input_hash)
    assert not workshop.store.jobs.insert(again).is_new


def test_a_runner_has_its_next_job_before_the_last_is_completed(workshop: Workshop) -> None:
    workshop.parser(READ)
    jobs = [workshop.job(f"name,age\nAda,{n}\n") for n in range(3)]
    workshop.drain(concurrency=1)
    told = [
        (type(report), report.job.job_id)
        for report in workshop.reports
        if isinstance(report, JobStarted | JobEnded)
    ]
    started, ended = ([(kind, job) for job in jobs] for kind in (JobStarted, JobEnded))
    assert told == [started[0], started[1], ended[0], started[2], ended[1], ended[2]]


def test_a_runner_that_dies_while_it_publishes_costs_no_job_an_attempt(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    workshop.parser(READ)
    jobs = [workshop.job(f"name,age\nAda,{n}\n") for n in range(3)]
    (tmp_path / "marks").mkdir()
    monkeypatch.setenv("CASPARIAN_FAULT_POINT", "set put at its place")
    monkeypatch.setenv("CASPARIAN_FAULT_MARKS", str(tmp_path / "marks"))
    workshop.drain(concurrency=1)
    assert list((tmp_path / "marks").iterdir()), "a runner was killed"
    ended = [workshop.get(job_id) for job_id in jobs]
    assert [(job.status, job.crash_count, job.attempt) for job in ended] == [
        ("completed", 0, 1)
    ] * 3
    assert len(list(workshop.root.glob("people/*/*/people.parquet"))) == 3


def test_a_place_that_a_sink_names_is_left_out_of_account_and_the_log_warns_of_it(
    workshop: Workshop, tmp_path: Path
) -> None:
    place = tmp_path / "elsewhere"
    workshop.parser(
        "from casparian_types import Output; "
        f"yield Output('people', [dict(name='a', age=1)], sink='csv://{place}')"
    )
    job_id = workshop.job()
    workshop.drain()
    assert f"people/1.0.0/{job_id}/people.csv" in workshop.files()
    assert not place.exists()
    [warned] = [line for line in workshop.log(job_id).splitlines() if "Z warning" in line]
    assert (
        f"the output 'people' names the place {place}: in prod mode the output root says" in warned
    )
