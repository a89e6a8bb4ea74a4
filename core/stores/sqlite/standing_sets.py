"""Which published sets stand in SQLite, and which of them give way to a set that is promoted.

All of it is decided in the transaction of the promotion: two jobs for the same input can't both
find that nothing stands in their way. What is to be taken out stays written in the job until the
next promotion, for whoever rolls it forward.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from casparian.core.stores.sqlite import statements
from casparian.core.stores.standing_sets import Promoted, StandingSet, read_sets, sets_text

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping, Sequence

    from casparian.core.stores.jobs import Promotion


@dataclass(frozen=True, slots=True)
class _Row:
    """A path, and the set that stands for it; with fence 0 it waits for the first set of a job."""

    input_path: str
    parser: str
    parser_version: str
    job_id: str
    input_hash: str
    asked_at: int
    fence: int
    place: str

    @property
    def set(self) -> StandingSet:
        return StandingSet(self.job_id, self.fence, self.place)


@dataclass(frozen=True, slots=True)
class _Change:
    """What a promotion changes: paths that come to the new set, and old sets that go."""

    paths: frozenset[str]
    left: Sequence[_Row]
    gone: Sequence[_Row]


def promote(raw: sqlite3.Connection, promotion: Promotion, *, lease_ms: int, now: int) -> Promoted:
    """Promote a job's set within a transaction, and note that it stands from now on."""
    lease = promotion.lease
    values = {"job_id": lease.job_id, "fence": lease.fence}
    job = raw.execute(statements.TO_PROMOTE, values).fetchone()
    if job is None:
        return Promoted("refused")
    if job["busy"] is not None:
        return Promoted("later", other=job["busy"])
    change = _Change(frozenset((job["input_path"],)), (), ())
    if job["known"]:
        rows = _in_the_way(raw, job)
        later = _asked_later(job, rows)
        if later is not None:
            return Promoted("superseded", other=later)
        change = _change(raw, job, rows, promotion.place)
        busy = _being_published(raw, [row.job_id for row in change.gone], lease.job_id)
        if busy is not None:
            return Promoted("later", other=busy)
    gone = tuple({row.set: None for row in change.gone})
    others = [one.job_id for one in gone if one.job_id != lease.job_id]
    _write(raw, job, change, promotion)
    raw.execute(
        statements.PROMOTE,
        {
            **values,
            "manifest": promotion.manifest,
            "replacing": sets_text(gone),
            "replaces": others[0] if others else None,
            "lease_ms": lease_ms,
            "now": now,
        },
    )
    return Promoted("granted", gone)


def would_replace(raw: sqlite3.Connection, job_id: str, place: str) -> list[StandingSet]:
    """Return the sets that would go if a job's set came to a place now."""
    job = raw.execute(
        "SELECT *, coalesce(requeued_at, created_at) AS asked_at FROM cf_jobs WHERE job_id = ?",
        (job_id,),
    ).fetchone()
    if job is None:
        return []
    change = _change(raw, job, _in_the_way(raw, job), place)
    return [row.set for row in change.gone]


def share(raw: sqlite3.Connection, values: Mapping[str, Any], other: sqlite3.Row) -> bool:
    """Let a new input share the set of a job that has its content; within a transaction.

    Returns False if it can't: another set stands for the path, which has to be replaced.
    """
    if not other["processed"] and other["input_path"] == values["input_path"]:
        return True
    held = {row["job_id"] for row in raw.execute(statements.STANDS_FOR_PATH, values)}
    if held - {other["job_id"]}:
        return False
    if not held:
        raw.execute(
            statements.SHARE if other["processed"] else statements.SHARE_LATER,
            {**values, "other": other["job_id"]},
        )
    return True


def put_back(raw: sqlite3.Connection, job: sqlite3.Row) -> None:
    """A promoted set was lost before it was published: those that it was to replace stand again.

    Some of them may have been taken out by then; whoever replaces them will find nothing there.
    """
    raw.execute(statements.SET_IS_LOST, {"job_id": job["job_id"]})
    for one in read_sets(job["replacing"]):
        other = raw.execute(
            "SELECT *, coalesce(requeued_at, created_at) AS asked_at FROM cf_jobs WHERE job_id = ?",
            (one.job_id,),
        ).fetchone()
        source = job if other is None else other
        raw.execute(
            statements.STANDS,
            {
                "input_path": source["input_path"],
                "parser": source["parser"],
                "parser_version": source["parser_version"],
                "job_id": one.job_id,
                "input_hash": source["input_hash"],
                "asked_at": source["asked_at"],
                "fence": one.fence,
                "place": one.place,
            },
        )


def _in_the_way(raw: sqlite3.Connection, job: sqlite3.Row) -> list[_Row]:
    """Return what stands for the job's path, for its content, and for what it is to replace."""
    return [_Row(*row) for row in raw.execute(statements.IN_THE_WAY, dict(job)).fetchall()]


def _asked_later(job: sqlite3.Row, rows: Sequence[_Row]) -> str | None:
    for row in rows:
        if (
            row.job_id != job["job_id"]
            and row.fence
            and (row.input_path, row.parser_version) == (job["input_path"], job["parser_version"])
            and row.asked_at > job["asked_at"]
        ):
            return row.job_id
    return None


def _change(raw: sqlite3.Connection, job: sqlite3.Row, rows: Sequence[_Row], place: str) -> _Change:
    paths = {job["input_path"]}
    left: list[_Row] = []
    gone: list[_Row] = []
    for job_id in dict.fromkeys(row.job_id for row in rows):
        found = raw.execute(statements.SHARES_OF_SET, {"job_id": job_id}).fetchall()
        shares = [_Row(*row) for row in found]
        of_version = [r for r in shares if r.parser_version == job["parser_version"]]
        if not of_version and any(row.asked_at > job["asked_at"] for row in shares):
            continue  # of another version, and asked for later than this job: it is to stay
        leaving = [
            row
            for row in shares
            if row.input_hash == job["input_hash"] or row.input_path == job["input_path"]
        ]
        left += leaving
        paths.update(row.input_path for row in leaving)
        stays = any(row.fence for row in shares if row not in leaving)
        published = next((row for row in leaving if row.fence), None)
        if published is None or stays:
            continue
        if (job_id, published.place) != (job["job_id"], place):  # its own is exchanged there
            gone.append(published)
    return _Change(frozenset(paths), left, gone)


def _being_published(raw: sqlite3.Connection, job_ids: Sequence[str], own: str) -> str | None:
    for job_id in job_ids:
        row = raw.execute(
            "SELECT 1 FROM cf_jobs WHERE job_id = ? AND status = 'promoting'", (job_id,)
        ).fetchone()
        if row is not None and job_id != own:
            return job_id
    return None


def _write(
    raw: sqlite3.Connection, job: sqlite3.Row, change: _Change, promotion: Promotion
) -> None:
    raw.executemany(statements.LEAVES, [_key(row) for row in change.left])
    raw.executemany(
        statements.UNPROCESSED,
        [
            {"input_hash": row.input_hash, "job_id": row.job_id}
            for row in change.gone
            if row.job_id != job["job_id"]
        ],
    )
    raw.executemany(statements.STANDS, _new_rows(job, change, promotion))


def _key(row: _Row) -> dict[str, str]:
    return {
        "input_path": row.input_path,
        "parser": row.parser,
        "parser_version": row.parser_version,
        "job_id": row.job_id,
    }


def _new_rows(
    job: sqlite3.Row, change: _Change, promotion: Promotion
) -> Iterator[dict[str, object]]:
    for path in change.paths:
        yield {
            "input_path": path,
            "parser": job["parser"],
            "parser_version": job["parser_version"],
            "job_id": promotion.lease.job_id,
            "input_hash": job["input_hash"],
            "asked_at": job["asked_at"],
            "fence": promotion.lease.fence,
            "place": promotion.place,
        }
