"""Rows of ``cf_jobs`` as jobs, and the query of a page of them."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from casparian.core.stores.jobs import JOB_FIELDS, Attempt, Job, JobError, JobFilter
from casparian.core.stores.standing_sets import read_sets
from casparian.core.stores.states import HELD, STATUSES

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Sequence

    from casparian.core.stores.jobs import Measure, Sort
    from casparian.core.stores.states import JobStatus

_FORCED: Final = JOB_FIELDS.index("forced")
_CANCEL: Final = JOB_FIELDS.index("cancel_requested")
_ERROR: Final = JOB_FIELDS.index("error")
_REPLACING: Final = JOB_FIELDS.index("replacing")


_MEASURES: Final[dict[Measure, str]] = {
    "input": "input_path",
    "attempt": "attempt",
    "rows": "rows",
    "quarantined": "quarantined",
    "duration": "CASE WHEN finished_at IS NOT NULL OR status IN ('running', 'promoting') "
    "THEN coalesce(finished_at, :now) - started_at END",
}


def job_of(row: sqlite3.Row) -> Job:
    """Return a whole row of ``cf_jobs`` as a job."""
    # By place: to look 33 columns up by their names is a sixth of what a job costs the store.
    return job_of_fields(_places(tuple(row.keys()))(row))


def job_of_fields(row: Iterable[Any]) -> Job:
    """Return what `JOB_FIELDS` names, in that order, as a job."""
    values = list(row)
    values[_FORCED] = bool(values[_FORCED])
    values[_CANCEL] = bool(values[_CANCEL])
    values[_ERROR] = read_error(values[_ERROR])
    values[_REPLACING] = read_sets(values[_REPLACING])
    return Job._make(values)


#: What a claim makes of a job, in the order in which `jobs_of_claim` has it.
_CLAIMED: Final = (
    "status",
    "worker_id",
    "lease_until",
    "started_at",
    "last_heartbeat_at",
    "cancel_requested",
    "progress_done",
    "progress_total",
    "manifest",
    "error",
    "finished_at",
)
TOLD_BY_CLAIM: Final = tuple(name for name in JOB_FIELDS if name not in _CLAIMED)
"""What a claim has to tell of a job: the rest is the same for all that it takes."""

_IN_ORDER: Final = itemgetter(*((*TOLD_BY_CLAIM, *_CLAIMED).index(name) for name in JOB_FIELDS))


def jobs_of_claim(texts: Sequence[str], worker_id: str, *, lease_until: int, now: int) -> list[Job]:
    """Return jobs that were claimed: of each there is a JSON array of `TOLD_BY_CLAIM`."""
    claimed = ["running", worker_id, lease_until, now, None, 0, None, None, None, None, None]
    told = json.loads(f"[{','.join(texts)}]")
    return [job_of_fields(_IN_ORDER(one + claimed)) for one in told]


@cache
def _places(columns: tuple[str, ...]) -> Callable[[sqlite3.Row], tuple[Any, ...]]:
    """Return what takes a job's fields out of a row of these columns, in their order."""
    return itemgetter(*(columns.index(name) for name in JOB_FIELDS))


def attempt_of(row: sqlite3.Row) -> Attempt:
    """Return a row of ``cf_job_attempts``."""
    return Attempt(**{**dict(row), "error": read_error(row["error"])})


def error_text(error: JobError | None) -> str | None:
    """Return an error as it is stored."""
    return None if error is None else json.dumps(asdict(error), ensure_ascii=False, default=str)


def read_error(text: str | None) -> JobError | None:
    """Return a stored error."""
    return None if text is None else JobError(**json.loads(text))


def page_query(
    wanted: JobFilter, sort: Sort, after: int | None, limit: int
) -> tuple[str, dict[str, object]]:
    """Return the query of a page, and its parameters: each state is read by its own index.

    A page of several states merges the first of each, and so does one of several runs of an index,
    so that it costs the same however many jobs there are.
    """
    conditions, values = _conditions(wanted)
    values |= {"after": after, "limit": limit}
    if after is not None:
        conditions.append("seq < :after" if sort == "newest" else "seq > :after")
    order = f"ORDER BY seq {'DESC' if sort == 'newest' else 'ASC'} LIMIT :limit"
    statuses = list(dict.fromkeys(wanted.statuses))
    if not statuses and wanted.parser is None:
        return f"SELECT * FROM cf_jobs {_where(conditions)} {order}", values
    parts = [
        f"SELECT * FROM (SELECT * FROM cf_jobs {_where([_is(status), *conditions])} {order})"
        if status in HELD or (wanted.parser is not None and status != "pending")
        else _page_of_runs(status, wanted, conditions, order)
        for status in statuses or STATUSES
    ]
    return f"SELECT * FROM ({' UNION ALL '.join(parts)}) {order}", values


def _page_of_runs(status: JobStatus, wanted: JobFilter, conditions: list[str], order: str) -> str:
    """Return the query of the first jobs in a state: of each run of an index, and of these.

    A run has its jobs in their order. Of pending jobs it is those of a bundle that are claimed with
    the same priority, of any other state those of a parser.
    """
    if status == "pending":
        run = "parser = run.parser AND source_hash = run.source_hash AND priority = run.priority"
        runs = _pending_runs(of_one_parser=wanted.parser is not None)
    else:
        run = "parser = run.parser"
        runs = f"SELECT parser FROM cf_job_counts WHERE status = '{status}' AND jobs > 0"
    of_run = _where([run, _is(status), *conditions])
    return f"""
        SELECT * FROM (SELECT * FROM cf_jobs WHERE seq IN (
            SELECT first.seq FROM ({runs}) AS run CROSS JOIN cf_jobs AS first
            WHERE first.seq IN (SELECT seq FROM cf_jobs {of_run} {order})
            {order.replace("seq", "first.seq")}) {order})"""


def _pending_runs(*, of_one_parser: bool) -> str:
    """Return the query of the runs that pending jobs have in the index of claims, one by one."""

    def first(condition: str) -> str:
        return (
            f"(SELECT seq FROM cf_jobs WHERE status = 'pending' AND {condition} "
            "ORDER BY parser, source_hash, priority LIMIT 1)"
        )

    of_bundle = "parser = runs.parser AND source_hash = runs.source_hash"
    following = [
        first(f"{of_bundle} AND priority > runs.priority"),
        first("parser = runs.parser AND source_hash > runs.source_hash"),
    ]
    if not of_one_parser:
        following.append(first("parser > runs.parser"))
    return f"""
        WITH RECURSIVE runs (parser, source_hash, priority) AS (
            SELECT parser, source_hash, priority FROM cf_jobs
            WHERE seq = {first("parser = :parser" if of_one_parser else "TRUE")}
            UNION ALL
            SELECT job.parser, job.source_hash, job.priority FROM runs CROSS JOIN cf_jobs AS job
            WHERE job.seq = coalesce({", ".join(following)}))
        SELECT * FROM runs"""


def count_query(wanted: JobFilter) -> tuple[str, dict[str, object]]:
    """Return the query that counts the jobs that pass, and its parameters."""
    conditions, values = _conditions(wanted)
    parts = [
        f"(SELECT count(*) FROM cf_jobs {_where([*of_state, *conditions])})"
        for of_state in _by_state(wanted)
    ]
    return f"SELECT {' + '.join(parts)}", values


def ranking_query(
    wanted: JobFilter, by: Measure, *, descending: bool, limit: int
) -> tuple[str, dict[str, object]]:
    """Return the query of the places of up to ``limit`` jobs in the order of a column.

    What isn't sorted in the end, as there are too many, is not sorted at all.
    """
    conditions, values = _conditions(wanted)
    parts = [
        f"SELECT * FROM (SELECT seq, {_MEASURES[by]} AS measure FROM cf_jobs "
        f"{_where([*of_state, *conditions])} LIMIT :limit)"
        for of_state in _by_state(wanted)
    ]
    order = "DESC" if descending else "ASC"
    return (
        f"SELECT seq FROM ({' UNION ALL '.join(parts)} LIMIT :limit) "
        f"ORDER BY measure IS NULL, measure {order}, seq DESC"
    ), values | {"limit": limit}


def _by_state(wanted: JobFilter) -> list[list[str]]:
    """Return the conditions of each state that is wanted, with which an index leads to its jobs."""
    found: list[list[str]] = []
    for status in dict.fromkeys(wanted.statuses):
        of_state = [_is(status)]
        if wanted.parser is None and status not in HELD and status != "pending":
            of_state.append(
                "parser IN (SELECT kept.parser FROM cf_job_counts AS kept "
                f"WHERE kept.status = '{status}' AND kept.jobs > 0)"
            )
        found.append(of_state)
    return found or [[]]


def conditions_of(wanted: JobFilter) -> tuple[list[str], dict[str, object]]:
    """Return what a filter demands of a row of ``cf_jobs``, and the parameters of that."""
    conditions, values = _conditions(wanted)
    if wanted.statuses:
        conditions.append(f"({' OR '.join(map(_is, dict.fromkeys(wanted.statuses)))})")
    return conditions, values


def _conditions(wanted: JobFilter) -> tuple[list[str], dict[str, object]]:
    """Return what a filter demands, its states aside, and the parameters of that."""
    values: dict[str, object] = {}
    conditions: list[str] = []

    def demand(sql: str, **named: object) -> None:
        conditions.append(sql)
        values.update(named)

    if wanted.parser is not None:
        demand("parser = :parser", parser=wanted.parser)
    if wanted.worker_id is not None:
        demand("worker_id = :worker_id", worker_id=wanted.worker_id)
    if wanted.since is not None:
        demand("created_at >= :since", since=wanted.since)
    if wanted.until is not None:
        demand("created_at < :until", until=wanted.until)
    if wanted.input_glob is not None:
        demand("input_path GLOB :input_glob", input_glob=wanted.input_glob)
    if wanted.text is not None:
        like = wanted.text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        demand(
            "(input_path LIKE :text ESCAPE '\\' OR error ->> 'message' LIKE :text ESCAPE '\\')",
            text=f"%{like}%",
        )
    return conditions, values


def _is(status: str) -> str:
    """Return the condition that a job is in a state, as the indexes have it."""
    assert status in STATUSES
    if status in HELD:
        return f"status = '{status}' AND worker_id IS NOT NULL"
    if status == "pending":
        return "status = 'pending'"
    return f"status = '{status}' AND status <> 'pending' AND worker_id IS NULL"


def _where(conditions: list[str]) -> str:
    return f"WHERE {' AND '.join(conditions)}" if conditions else ""
