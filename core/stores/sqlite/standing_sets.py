"""Which published sets stand in SQLite, and which of them give way to a set that is promoted.

All of it is decided in the transaction of the promotion: two jobs for the same input can't both
find that nothing stands in their way. What is to be taken out stays written in the job until the
next promotion, for whoever rolls it forward.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from casparian.core.stores.sqlite import set_statements, statements
from casparian.core.stores.sqlite.many_rows import of_all
from casparian.core.stores.standing_sets import Promoted, StandingSet, read_sets, sets_text

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from casparian.core.stores.jobs import Promotion


_GRANTED: Final = Promoted("granted")


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


def promote(
    raw: sqlite3.Connection, promotions: Sequence[Promotion], *, lease_ms: int, now: int
) -> list[Promoted]:
    """Promote jobs' sets within a transaction, and note that they stand from now on."""
    lease_until = now + lease_ms
    if len(promotions) > 1:
        new = _apart(_held(raw, promotions), promotions)
        if new:
            of_all(raw, set_statements.STANDS, new)
            kept = [(*lease, text, None, None, lease_until) for lease, text, _ in promotions]
            of_all(raw, statements.PROMOTE, kept)
            return [_GRANTED] * len(promotions)
    return [_promote(raw, promotion, lease_until) for promotion in promotions]


def _held(raw: sqlite3.Connection, promotions: Sequence[Promotion]) -> list[sqlite3.Row]:
    leases = [(one.lease.job_id, one.lease.fence) for one in promotions]
    return of_all(raw, statements.TO_PROMOTE, leases)


def _apart(
    jobs: Sequence[sqlite3.Row], promotions: Sequence[Promotion]
) -> list[tuple[object, ...]]:
    """Return what stands from now on, if each set comes where none is, apart from the others.

    Empty if any has to do with another, or isn't to be promoted.
    """
    places = {one.lease.job_id: one.place for one in promotions}
    new: list[tuple[object, ...]] = []
    paths, contents = set[str](), set[str]()
    for job_id, fence, path, content, parser, version, _, asked_at, busy, known in jobs:
        if busy is not None or known:
            return []
        paths.add(path)
        contents.add(content)
        new.append((path, parser, version, job_id, content, asked_at, fence, places[job_id]))
    each_its_own = len(paths) == len(contents) == len(new)
    return new if each_its_own and len(new) == len(promotions) else []


def _promote(raw: sqlite3.Connection, promotion: Promotion, lease_until: int) -> Promoted:
    found = _held(raw, [promotion])
    if not found:
        return Promoted("refused")
    [job] = found
    if job["busy"] is not None:
        return Promoted("later", other=job["busy"])
    gone: tuple[StandingSet, ...] = ()
    if job["known"]:
        rows = _in_the_way(raw, job)
        later = _asked_later(job, rows)
        if later is not None:
            return Promoted("superseded", other=later)
        change = _change(raw, job, rows, promotion.place)
        busy = _being_published(raw, [row.job_id for row in change.gone], promotion.lease.job_id)
        if busy is not None:
            return Promoted("later", other=busy)
        gone = tuple({row.set: None for row in change.gone})
        _take_out(raw, job, change)
        new = [_new_row(job, promotion, path) for path in change.paths]
    else:
        new = [_new_row(job, promotion)]
    of_all(raw, set_statements.STANDS, new)
    of_all(raw, statements.PROMOTE, [_kept(promotion, gone, lease_until)])
    return Promoted("granted", gone)


def _kept(
    promotion: Promotion, gone: Sequence[StandingSet], lease_until: int
) -> tuple[object, ...]:
    """Return what the job keeps of its promotion."""
    lease = promotion.lease
    replaces = next((one.job_id for one in gone if one.job_id != lease.job_id), None)
    return lease.job_id, lease.fence, promotion.manifest, sets_text(gone), replaces, lease_until


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
    if not shares(raw, values, other):
        return False
    is_its_own = not other["processed"] and other["input_path"] == values["input_path"]
    if not is_its_own and not _standing_for(raw, values):
        named = {**values, "other": other["job_id"]}
        if not raw.execute(set_statements.SHARE, named).rowcount and not other["processed"]:
            raw.execute(set_statements.SHARE_LATER, named)
    return True


def shares(raw: sqlite3.Connection, values: Mapping[str, Any], other: sqlite3.Row) -> bool:
    """Whether a new input can share the set of a job that has its content."""
    if not other["processed"] and other["input_path"] == values["input_path"]:
        return True
    return not _standing_for(raw, values) - {other["job_id"]}


def _standing_for(raw: sqlite3.Connection, values: Mapping[str, Any]) -> set[str]:
    return {row["job_id"] for row in raw.execute(set_statements.STANDS_FOR_PATH, values)}


def put_back(raw: sqlite3.Connection, job: sqlite3.Row) -> None:
    """A promoted set was lost before it was published: those that it was to replace stand again.

    Some of them may have been taken out by then; whoever replaces them will find nothing there.
    """
    raw.execute(set_statements.SET_IS_LOST, {"job_id": job["job_id"]})
    for one in read_sets(job["replacing"]):
        other = raw.execute(
            "SELECT *, coalesce(requeued_at, created_at) AS asked_at FROM cf_jobs WHERE job_id = ?",
            (one.job_id,),
        ).fetchone()
        source = job if other is None else other
        of_all(raw, set_statements.STANDS, [_share(source, one, source["input_path"])])


def _in_the_way(raw: sqlite3.Connection, job: sqlite3.Row) -> list[_Row]:
    """Return what stands for the job's path, for its content, and for what it is to replace."""
    return [_Row(*row) for row in raw.execute(set_statements.IN_THE_WAY, dict(job)).fetchall()]


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
        found = raw.execute(set_statements.SHARES_OF_SET, {"job_id": job_id}).fetchall()
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


def _take_out(raw: sqlite3.Connection, job: sqlite3.Row, change: _Change) -> None:
    raw.executemany(set_statements.LEAVES, [_key(row) for row in change.left])
    unprocess(raw, [_named(row) for row in change.gone if row.job_id != job["job_id"]])


def unprocess(raw: sqlite3.Connection, works: Sequence[Mapping[str, object]]) -> None:
    """Forget that jobs have done the work on inputs; within a transaction."""
    if not works:
        return  # as ever so often: statements that do nothing cost some too
    raw.executemany(set_statements.UNPROCESSED, works)
    raw.executemany(set_statements.UNPROCESSED_IF_PRUNED, works)


def _named(row: _Row) -> dict[str, str]:
    return {"input_hash": row.input_hash, "job_id": row.job_id}


def _key(row: _Row) -> dict[str, str]:
    return {
        "input_path": row.input_path,
        "parser": row.parser,
        "parser_version": row.parser_version,
        "job_id": row.job_id,
    }


def _new_row(job: sqlite3.Row, promotion: Promotion, path: str | None = None) -> tuple[object, ...]:
    lease = promotion.lease
    standing = StandingSet(lease.job_id, lease.fence, promotion.place)
    return _share(job, standing, path or job["input_path"])


def _share(job: sqlite3.Row, one: StandingSet, path: str) -> tuple[object, ...]:
    """Return the row that says that a set stands for a path."""
    version = (job["parser"], job["parser_version"])
    return path, *version, one.job_id, job["input_hash"], job["asked_at"], one.fence, one.place
