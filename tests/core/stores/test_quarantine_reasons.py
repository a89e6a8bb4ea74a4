"""Why rows are in quarantine is counted over many jobs, without a look at the rows."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from casparian.core.stores.jobs import JobFilter
from casparian.core.stores.quarantine import QuarantinedRow, Reason, ReasonCount, StoredReason
from casparian.core.stores.sqlite import migrations
from casparian.core.stores.sqlite.connection import Connection
from casparian.core.stores.sqlite.quarantine import jobs_with_query, reasons_query
from casparian.core.stores.sqlite.schema import MIGRATIONS
from casparian.core.stores.sqlite.store import SqliteStore, wall_clock
from casparian.core.stores.store import Store

from .clock import claim, finish, new_job

AGE = Reason("sales", "o", "age", "type_mismatch")
NAME = Reason("sales", "o", "name", "too_long")


def row(number: int, *reasons: Reason, hint: str = "") -> QuarantinedRow:
    told = tuple(StoredReason(one.column, one.error_type, "no", hint) for one in reasons)
    return QuarantinedRow("o", number, told, "{}", 2, "0" * 64)


def completed(store: Store, number: int, *rows: QuarantinedRow, **other: Any) -> str:
    job_id = store.jobs.insert(new_job(number, **other)).job_id
    finish(store, claim(store), quarantined=len(rows), quarantine=rows)
    return job_id


def counts(store: Store, **wanted: Any) -> dict[Reason, tuple[int, int, int, str]]:
    page = store.quarantine.reasons(JobFilter(**wanted))
    assert page.before is None
    return {one.reason: (one.cells, one.rows, one.jobs, one.hint) for one in page.counts}


def test_reasons_are_summed_over_the_jobs_that_pass(store: Store) -> None:
    completed(store, 1, row(0, AGE), row(4, AGE, AGE, NAME), input_path="/data/2023.csv")
    completed(store, 2, row(7, AGE, hint="trim = true"), row(9, AGE), input_path="/data/2024.csv")
    completed(store, 3, row(1, AGE), parser="orders")
    completed(store, 4)
    other = Reason("orders", *(getattr(AGE, x) for x in ("output", "column", "error_type")))
    assert counts(store) == {
        AGE: (5, 4, 2, "trim = true"),
        NAME: (1, 1, 1, ""),
        other: (1, 1, 1, ""),
    }
    assert set(counts(store, parser="orders")) == {other}
    assert counts(store, input_glob="*2024*") == {AGE: (2, 2, 1, "trim = true")}
    assert counts(store, statuses=("failed",)) == {}


def test_the_jobs_that_have_a_reason_come_newest_first(store: Store) -> None:
    ids = [completed(store, n, row(n, AGE), row(n + 5, AGE)) for n in range(3)]
    completed(store, 9, row(0, NAME))
    found = store.quarantine.jobs_with(JobFilter(), AGE)
    jobs = store.jobs.of([one.seq for one in found])
    assert [job.job_id for job in jobs] == ids[::-1]
    assert [(one.rows, one.first_row) for one in found] == [(2, 2), (2, 1), (2, 0)]
    assert store.quarantine.jobs_with(JobFilter(), AGE, upto=found[1].seq, limit=1) == [found[1]]


def test_pages_of_reasons_add_up(store: Store) -> None:
    for n in range(7):
        completed(store, n, row(0, AGE, NAME))
    cells, before, pages = 0, None, 0
    while True:
        page = store.quarantine.reasons(JobFilter(), before=before, most=3)
        cells += sum(one.cells for one in page.counts)
        pages, before = pages + 1, page.before
        if before is None:
            break
    assert cells == 14
    assert pages > 2


def test_what_is_forgotten_or_has_run_again_is_counted_no_more(store: Store) -> None:
    kept = completed(store, 1, row(0, AGE))
    deleted = completed(store, 2, row(0, AGE))
    again = completed(store, 3, row(0, AGE), row(1, AGE))
    assert counts(store)[AGE][2] == 3
    store.jobs.delete(deleted)
    store.jobs.requeue(again)
    assert counts(store)[AGE] == (3, 3, 2, ""), "it stands until the job has run"
    finish(store, claim(store), quarantined=1, quarantine=[row(5, NAME)])
    assert counts(store) == {AGE: (1, 1, 1, ""), NAME: (1, 1, 1, "")}
    store.quarantine.delete_for_job(kept)
    assert set(counts(store)) == {NAME}


def test_what_another_jobs_set_has_replaced_is_left_out(store: Store) -> None:
    old = completed(store, 1, row(0, AGE))
    new = store.jobs.replace(old, source_hash="s", parser_version="1", input_hash="i", input_size=1)
    assert new is not None
    finish(store, claim(store), quarantined=1, quarantine=[row(2, NAME)])
    assert set(counts(store)) == {NAME}
    assert store.quarantine.jobs_with(JobFilter(), AGE) == []


def test_a_store_of_before_has_the_same_counts_after_the_migration(tmp_path: Path) -> None:
    rows = [row(3, NAME), row(1, AGE, AGE), row(2, AGE, NAME, hint="plus"), row(4, AGE, hint="x")]
    with SqliteStore(tmp_path / "new.db") as store:
        completed(store, 1, *rows)
        wanted = store.connection.read("SELECT * FROM cf_quarantine_reasons")
        before = [name for name, _ in MIGRATIONS].index("quarantine-reasons")
        job, refused = (
            [dict(one) for one in store.connection.read(f"SELECT * FROM {table}")]
            for table in ("cf_jobs", "cf_quarantine")
        )
    path = tmp_path / "old.db"
    with closing(Connection(path, read_only=False, clock=wall_clock, patience_s=1)) as connection:
        migrations.migrate(connection, upto=before)
        for table, content in (("cf_jobs", job), ("cf_quarantine", refused)):
            names = [one["name"] for one in connection.read(f"PRAGMA table_info({table})")]
            places = ", ".join(f":{name}" for name in names)
            connection.raw.executemany(f"INSERT INTO {table} VALUES ({places})", content)
    with SqliteStore(path) as store:
        found = store.connection.read("SELECT * FROM cf_quarantine_reasons")
        assert [tuple(one) for one in found] == [tuple(one) for one in wanted]
        assert ReasonCount(AGE, 4, 3, 1, "plus") in store.quarantine.reasons(JobFilter()).counts


@pytest.mark.parametrize("query", [reasons_query, jobs_with_query])
@pytest.mark.parametrize("wanted", [JobFilter(), JobFilter(parser="p", statuses=("failed",))])
def test_jobs_without_quarantine_are_not_looked_at(
    tmp_path: Path, query: Any, wanted: JobFilter
) -> None:
    with SqliteStore(tmp_path / "casparian.db") as store:
        sql, values = query(wanted)
        values |= dict.fromkeys(set(re.findall(r":([a-z_]+)", sql)) - set(values), 1)
        plan = [one["detail"] for one in store.connection.read(f"EXPLAIN QUERY PLAN {sql}", values)]
    assert plan[:2] == [
        "SEARCH reason USING PRIMARY KEY (seq<? AND seq>?)".replace(
            "(seq<? AND seq>?)", "(seq<?)" if query is jobs_with_query else "(seq>? AND seq<?)"
        ),
        "SEARCH job USING INTEGER PRIMARY KEY (rowid=?)",
    ]
