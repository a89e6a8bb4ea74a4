"""What must hold after any number of crashes."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from casparian.core.publishing.manifest import MANIFEST, STAGING
from casparian.core.stores.maintenance import check_store
from casparian.core.stores.states import ENDED, SUCCEEDED

from .chaos import ROWS, good, has_input

if TYPE_CHECKING:
    from casparian.core.stores.jobs import Job

    from .chaos import Chaos


def violations(chaos: Chaos) -> list[str]:
    """Return every promise that was broken, as a sentence; empty if all is well."""
    found = [*chaos.odd_exits]
    jobs = {job_id: chaos.workshop.get(job_id) for job_id in chaos.inputs}
    for job_id, job in jobs.items():
        found += [f"job {job_id} ({job.status}): {what}" for what in _job(chaos, job)]
    found += _database(chaos, jobs) if chaos.plan.database else _sets(chaos, jobs)
    found += _left_behind(chaos)
    with closing(sqlite3.connect(chaos.workshop.folder / "casparian.db")) as connection:
        said = connection.execute("PRAGMA integrity_check").fetchall()
        if said != [("ok",)]:
            found.append(f"the store is damaged: {said}")
    store = str(chaos.workshop.folder / "casparian.db")
    found += [f"{p.sentence}: {p.examples}" for p in check_store(store)]
    return found


def summary(chaos: Chaos) -> str:
    """Say what was done, and how the jobs ended."""
    told = ", ".join(f"{count} {what}" for what, count in sorted(chaos.told.items()))
    counts = chaos.workshop.store.jobs.counts()
    ended = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
    return f"seed {chaos.plan.seed}; done to them: {told}; jobs: {ended}"


def _job(chaos: Chaos, job: Job) -> list[str]:
    """What is wrong with a job as the store has it."""
    wrong = []
    number = chaos.inputs[job.job_id]
    if job.status not in ENDED:
        return ["is not in a final state"]
    store = chaos.workshop.store
    attempts = store.jobs.attempts(job.job_id)
    if any(attempt.outcome is None for attempt in attempts):
        wrong.append("has an attempt that never ended")
    if job.status in SUCCEEDED:
        bad = bad_rows(number)
        if (job.rows, job.quarantined) != (ROWS - len(bad), len(bad)):
            wrong.append(f"has {job.rows} rows and {job.quarantined} quarantined")
        stored = [row.row_number for row in store.quarantine.list_for_job(job.job_id)]
        if stored != bad:
            wrong.append(f"has rows {stored} in quarantine, not {bad}")
        outcomes = Counter(attempt.outcome for attempt in attempts)
        if not outcomes[job.status]:
            wrong.append(f"no attempt of it succeeded: {outcomes}")
    elif job.status == "dead_letter":
        crashed = sum(attempt.outcome == "crashed" for attempt in attempts)
        if job.error is None or job.error.error_class != "poison" or crashed < job.max_crashes:
            wrong.append(f"did not crash often enough: {crashed}, {job.error}")
    elif job.status == "failed":
        kind = None if job.error is None else job.error.error_class
        if kind != ("superseded" if has_input(number) else "input_missing"):
            wrong.append(f"failed without a reason: {job.error}")
    elif job.job_id not in chaos.cancelled:
        wrong.append("nobody cancelled it")
    return wrong


def bad_rows(number: int) -> list[int]:
    """Numbers of the rows of an input that belong in quarantine."""
    return [row for row in range(ROWS) if not good(number, row)]


def _expected(chaos: Chaos, jobs: dict[str, Job]) -> Counter[str]:
    """Return the ids of all rows that are to be there, once each."""
    done = {
        chaos.inputs[job_id]
        for job_id, job in jobs.items()
        if job.status in SUCCEEDED or job_id in chaos.once_done
    }
    return Counter(f"{n}-{row}" for n in done for row in range(ROWS) if good(n, row))


def _compare(found: Counter[str], expected: Counter[str]) -> list[str]:
    wrong = []
    if twice := [row for row, count in found.items() if count > 1]:
        wrong.append(f"{len(twice)} rows are there more than once: {twice[:5]}")
    if lost := [row for row in expected if row not in found]:
        wrong.append(f"{len(lost)} rows were lost: {lost[:5]}")
    if added := [row for row in found if row not in expected]:
        wrong.append(f"{len(added)} rows are nobody's: {added[:5]}")
    return wrong


def _sets(chaos: Chaos, jobs: dict[str, Job]) -> list[str]:
    """What is wrong with what is published in the folder."""
    wrong, rows = [], Counter[str]()
    roots = chaos.workshop.root, chaos.other_root
    places = [place for root in roots for place in root.glob("people/1.0.0/*")]
    sets = {place.name for place in places}
    for place in places:
        job_id = place.name
        job = jobs.get(job_id)
        if job is None:
            wrong.append(f"a set of an unknown job: {place}")
            continue
        rows.update(pq.read_table(place / "people.parquet")["id"].to_pylist())
        wrong += [f"set of job {job_id} ({job.status}): {what}" for what in _set(chaos, job, place)]
    for job_id, job in jobs.items():
        should = job.status in SUCCEEDED and job.replaced_by is None
        if should and job_id not in sets:
            wrong.append(f"job {job_id} ({job.status}) has no set")
    return [*wrong, *_compare(rows, _expected(chaos, jobs))]


def _set(chaos: Chaos, job: Job, place: Path) -> list[str]:
    if job.status not in SUCCEEDED and job.job_id not in chaos.once_done:
        return ["is there, although the job never succeeded"]
    wrong = []
    if job.replaced_by is not None:
        wrong.append(f"was replaced by {job.replaced_by}, and is still there")
    number = chaos.inputs[job.job_id]
    manifest = json.loads((place / MANIFEST).read_text())
    if job.status in SUCCEEDED and manifest["fence"] != job.fence:
        wrong.append(f"is of fence {manifest['fence']}, and the job's is {job.fence}")
    files = {"_manifest.json", "people.parquet"}
    bad = bad_rows(number)
    if bad:
        files.add("people.quarantine.parquet")
        table = pq.read_table(place / "people.quarantine.parquet")
        if table["row_number"].to_pylist() != bad:
            wrong.append(f"has rows {table['row_number'].to_pylist()} in quarantine, not {bad}")
    there = {path.name for path in place.iterdir()}
    if there != files:
        wrong.append(f"has the files {sorted(there)}")
    return wrong


def _database(chaos: Chaos, jobs: dict[str, Job]) -> list[str]:
    """What is wrong with what was loaded into the database."""
    with closing(sqlite3.connect(chaos.workshop.root / "all.db")) as connection:
        rows = Counter(row[0] for row in connection.execute("SELECT id FROM people"))
        bad = connection.execute(
            "SELECT _cf_input, row_number FROM people_quarantine ORDER BY 1, 2"
        ).fetchall()
        wrong = _compare(rows, _expected(chaos, jobs))
    expected = sorted(
        (job_id, row)
        for job_id, job in jobs.items()
        if (job.status in SUCCEEDED or job_id in chaos.once_done) and job.replaced_by is None
        for row in bad_rows(chaos.inputs[job_id])
    )
    if bad != expected:
        wrong.append(f"the quarantine in the database has {len(bad)} rows, not {len(expected)}")
    return wrong


def _left_behind(chaos: Chaos) -> list[str]:
    roots = chaos.workshop.root, chaos.other_root
    staged = [path for root in roots for path in root.glob(f"{STAGING}/*") if path.is_dir()]
    wrong = [f"staging is left: {path}" for path in staged]
    wrong += [f"a temporary folder is left: {path}" for path in chaos.temporary.iterdir()]
    return wrong
