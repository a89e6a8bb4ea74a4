"""History is free: beside a million finished jobs the hot statements read what they need alone."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from casparian.core.queueing.job_order import Spot, around, order_by
from casparian.core.stores.jobs import JobFilter
from casparian.core.stores.sqlite import statements
from casparian.core.stores.sqlite.job_rows import count_query, page_query, ranking_query
from casparian.core.stores.sqlite.many_rows import with_places
from casparian.core.stores.sqlite.set_statements import IN_THE_WAY
from casparian.core.stores.sqlite.store import SqliteStore
from casparian.core.stores.sqlite.workers import WORKERS

from .clock import claim, new_job

FINISHED = 1_000_000

_FILL = f"""
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {FINISHED})
    INSERT INTO cf_jobs (job_id, status, parser, parser_version, source_hash, input_path,
        input_hash, input_size, priority, forced, run_at, max_attempts, max_crashes, created_at,
        finished_at)
    SELECT printf('%016x', i), iif(i % 100, 'completed', 'failed'), 'p' || (i % 3), '1', 's',
        '/data/' || i, printf('%x', i), 1, 0, 0, 0, 4, 3, i, i FROM n
"""


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    path: Path = tmp_path_factory.mktemp("plans") / "casparian.db"
    with SqliteStore(path) as store:
        raw = store.connection.raw
        # What is made row by row, and would take most of the time, is made of all rows at once.
        raw.execute("PRAGMA synchronous = OFF")
        raw.execute("PRAGMA ignore_check_constraints = ON")
        made = raw.execute(
            "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL"
            " AND (name = 'cf_jobs_count_insert' OR type = 'index' AND tbl_name = 'cf_jobs')"
            " ORDER BY rowid"
        ).fetchall()
        assert len(made) > 5
        for kind, name, _ in made:
            raw.execute(f"DROP {kind} {name}")
        raw.execute(_FILL)
        for *_, sql in made:
            raw.execute(sql)
        raw.execute("PRAGMA ignore_check_constraints = OFF")
        raw.execute(
            "INSERT INTO cf_job_counts SELECT parser, status, count(*) FROM cf_jobs GROUP BY 1, 2"
        )
        store.jobs.insert_many(new_job(number, parser="p1") for number in range(50))
        claim(store)
        yield store


@pytest.fixture(scope="module", params=["without ANALYZE", "with ANALYZE"])
def store(full: SqliteStore, request: pytest.FixtureRequest) -> SqliteStore:
    if request.param == "with ANALYZE":
        full.connection.raw.execute("ANALYZE")
    return full


PAGES = {
    "all": JobFilter(),
    "one state": JobFilter(statuses=("failed",)),
    "several states": JobFilter(statuses=("failed", "running", "pending")),
    "one parser": JobFilter(parser="p1"),
    "one parser's failures": JobFilter(parser="p1", statuses=("failed",)),
}
HOT = (
    {"workers": WORKERS, "in the way": IN_THE_WAY}
    | {
        name: getattr(statements, name)
        for name in (
            "READY",
            "CLAIM",
            "CLAIM_OF_BUNDLE",
            "DUE",
            "WORK_THERE",
            "BEAT",
            "PROMOTE",
            "GIVES_WAY",
            "COMPLETE",
            "END_ATTEMPT",
            "RELEASE",
            "STALE_RUNNING",
            "STALE_PROMOTING",
            "CANCEL",
            "SAME_WORK",
            "SAME_WORK_AS_ANY",
            "TO_PROMOTE",
            "DONE_BEFORE",
            "ATTEMPT_ENDS",
            "PRUNE",
            "LIVE_REPLACEMENT",
        )
    }
    | {
        f"page of {name}": page_query(wanted, "newest", None, 100)[0]
        for name, wanted in PAGES.items()
    }
    | {
        "count of one state": count_query(JobFilter(statuses=("failed",), text="x"))[0],
        "ranking of one state": ranking_query(
            JobFilter(statuses=("failed",)), "rows", descending=True, limit=100
        )[0],
    }
)

SCANS_OF_JOBS = re.compile(r"^SCAN (?:cf_jobs|job|first|done)\b(?! USING (?:COVERING )?INDEX)")


def plan_of(store: SqliteStore, sql: str, explain: str = "EXPLAIN QUERY PLAN") -> list[sqlite3.Row]:
    if ":rows" in sql or ":whole_rows" in sql:  # of all columns that it gives names to
        columns = len(sql.partition("(")[2].partition(")")[0].split(","))
        once = int("?1" in sql)
        sql = f"{explain} {with_places(sql, 16, columns, once)}"
        return store.connection.read(sql, ["[]"] * (once + columns * 16))
    values = dict.fromkeys(re.findall(r":([a-z_]+)", sql), "[]")
    return store.connection.read(f"{explain} {sql}", values)


@pytest.mark.parametrize("name", HOT)
def test_no_hot_statement_reads_all_jobs_or_sorts_them(name: str, store: SqliteStore) -> None:
    plan = [row["detail"] for row in plan_of(store, HOT[name])]
    touched = [line for line in plan if re.search(r"\b(cf_jobs|job|first)\b", line)]
    assert touched or name == "WORK_THERE", plan
    if name == "page of all":
        assert plan == ["SCAN cf_jobs"], "in the order of the table, up to the limit"
        return
    assert not any(SCANS_OF_JOBS.match(line) for line in plan), plan


@pytest.mark.parametrize("name", ["INSERT", "PROMOTE"])
def test_no_row_has_a_table_made_for_its_checks_and_triggers(name: str, store: SqliteStore) -> None:
    """As SQLite does of an IN of more than two values."""
    steps = [row["opcode"] for row in plan_of(store, getattr(statements, name), "EXPLAIN")]
    rows_are_written = steps.index("OpenWrite")
    assert "OpenEphemeral" not in steps[rows_are_written:]


COUNTED = (
    "claim",
    "page",
    "failures",
    "a parser's failures",
    "waits longest",
    "by state",
    "by parser",
    "counts",
    "stale",
)


@pytest.mark.parametrize("what", COUNTED)
def test_what_is_asked_often_takes_few_steps_beside_a_million_finished_jobs(
    what: str, store: SqliteStore
) -> None:
    """Steps of SQLite's machine, which are the same on any machine, and not seconds."""
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    store.connection.raw.set_progress_handler(count, 100)
    try:
        if what == "claim":
            lease = claim(store, "counting")
        elif what == "page":
            assert len(store.jobs.list(limit=50).jobs) == 50
        elif what.endswith("failures"):
            parser = "p1" if what.startswith("a parser") else None
            page = store.jobs.list(JobFilter(statuses=("failed",), parser=parser), limit=50)
            assert len(page.jobs) == 50
        elif what == "waits longest":
            assert store.statistics.oldest_pending() is not None
        elif what.startswith("by "):
            order = order_by(what.removeprefix("by "))  # type: ignore[arg-type]
            middle = Spot(FINISHED // 2, "completed", "p1")
            found = around(store.jobs, JobFilter(), order, middle, 25)
            assert found is not None
            assert len(found.jobs) == 50
        elif what == "counts":
            assert sum(store.jobs.counts().values()) == FINISHED + 50
        else:
            assert store.jobs.requeue_stale() == []
            assert store.jobs.stale_promoting() == []
    finally:
        store.connection.raw.set_progress_handler(None, 0)
    if what == "claim":
        store.jobs.release(lease)
    assert steps < 200, f"{100 * steps:,} steps"
