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

    from casparian.core.stores.jobs import Lease, Promotion

    #: A job that may be promoted: its ``seq``, its path, its content, and what is in the way.
    _Held = tuple[int, str, str, str | None]


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
        found = _held(raw, promotions)
        if len(found) == len(promotions) and _are_apart(found):
            _stands(raw, found, promotions, lease_until)
            return [_GRANTED] * len(promotions)
    return [_promote(raw, promotion, lease_until) for promotion in promotions]


def _held(raw: sqlite3.Connection, promotions: Sequence[Promotion]) -> list[_Held]:
    return of_all(raw, statements.TO_PROMOTE, [one.lease for one in promotions])


def _are_apart(jobs: Sequence[_Held]) -> bool:
    """Whether each set comes where none is, and none has to do with another of them."""
    if any(in_the_way is not None for *_, in_the_way in jobs):
        return False
    paths, contents = {job[1] for job in jobs}, {job[2] for job in jobs}
    return len(paths) == len(contents) == len(jobs)


def _stands(
    raw: sqlite3.Connection,
    jobs: Sequence[_Held],
    promotions: Sequence[Promotion],
    lease_until: int,
) -> None:
    """Note that sets are promoted, and stand for the paths of their jobs."""
    both = [(job[0], one) for job, one in zip(jobs, promotions, strict=True)]
    of_all(raw, set_statements.STANDS, [(seq, one.place) for seq, one in both])
    kept = [(seq, one.lease.fence, one.manifest) for seq, one in both]
    of_all(raw, statements.PROMOTE, kept, once=(lease_until,))


def _promote(raw: sqlite3.Connection, promotion: Promotion, lease_until: int) -> Promoted:
    found = _held(raw, [promotion])
    if not found:
        return Promoted("refused")
    seq, *_, in_the_way = found[0]
    if in_the_way is None:
        _stands(raw, found, [promotion], lease_until)
        return _GRANTED
    if in_the_way:
        return Promoted("later", other=in_the_way)
    job = raw.execute(
        "SELECT *, coalesce(requeued_at, created_at) AS asked_at FROM cf_jobs WHERE seq = ?", (seq,)
    ).fetchone()
    rows = _in_the_way(raw, job)
    later = _asked_later(job, rows)
    if later is not None:
        return Promoted("superseded", other=later)
    change = _change(raw, job, rows, promotion.place)
    busy = _being_published(raw, [row.job_id for row in change.gone], promotion.lease.job_id)
    if busy is not None:
        return Promoted("later", other=busy)
    _take_out(raw, job, change)
    _stands(raw, found, [promotion], lease_until)
    others = change.paths - {job["input_path"]}
    of_all(raw, set_statements.SHARES, [_new_row(job, promotion, path) for path in others])
    gone = tuple({row.set: None for row in change.gone})
    _give_way(raw, seq, promotion.lease, gone)
    return Promoted("granted", gone)


def _give_way(raw: sqlite3.Connection, seq: int, lease: Lease, gone: Sequence[StandingSet]) -> None:
    """Keep in a promoted job which sets go when its own comes, even if none does."""
    values = {
        "seq": seq,
        "fence": lease.fence,
        "replacing": sets_text(gone) or "[]",
        "replaces": next((one.job_id for one in gone if one.job_id != lease.job_id), None),
    }
    raw.execute(statements.GIVES_WAY, values)


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
        of_all(raw, set_statements.SHARES, [_share(source, one, source["input_path"])])


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
    gone = [(row.job_id, row.input_hash) for row in change.gone if row.job_id != job["job_id"]]
    unprocess(raw, gone)


def unprocess(raw: sqlite3.Connection, works: Sequence[tuple[str, str]]) -> None:
    """Forget that jobs have done the work on inputs: their ids and hashes; in a transaction."""
    if not works:
        return  # as ever so often: statements that do nothing cost some too
    raw.executemany(set_statements.UNPROCESSED, works)
    raw.executemany(set_statements.UNPROCESSED_IF_PRUNED, works)


def _key(row: _Row) -> dict[str, str]:
    return {
        "input_path": row.input_path,
        "parser": row.parser,
        "parser_version": row.parser_version,
        "job_id": row.job_id,
    }


def _new_row(job: sqlite3.Row, promotion: Promotion, path: str) -> tuple[object, ...]:
    return _share(job, StandingSet(*promotion.lease, promotion.place), path)


def _share(job: sqlite3.Row, one: StandingSet, path: str) -> tuple[object, ...]:
    """Return the row that says that a set stands for a path."""
    version = (job["parser"], job["parser_version"])
    return path, *version, one.job_id, job["input_hash"], job["asked_at"], one.fence, one.place
