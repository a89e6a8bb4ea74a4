"""A store's file looked at from outside: its version, what it holds, and whether that agrees."""

from __future__ import annotations

import hashlib
from contextlib import closing
from typing import TYPE_CHECKING, Final

from casparian.core.stores.errors import StoreNewerError
from casparian.core.stores.maintenance import Problem, StoreStatus
from casparian.core.stores.sqlite.connection import PATIENCE_S, Connection
from casparian.core.stores.sqlite.migrations import check_version, migrate, version_of
from casparian.core.stores.sqlite.schema import MIGRATIONS
from casparian.core.stores.sqlite.statements import COUNTS, IS_HELD
from casparian.core.stores.sqlite.store import wall_clock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_TABLES: Final = (
    "cf_jobs",
    "cf_job_attempts",
    "cf_parsers",
    "cf_quarantine",
    "cf_quarantine_reasons",
    "cf_dead_letter",
    "cf_workers",
    "cf_obstacles",
    "cf_files",
    "cf_processing_history",
    "cf_standing_sets",
)

_BALANCES: Final[tuple[tuple[str, str, str], ...]] = (
    (
        "job_counts",
        "the kept counts of jobs differ from the jobs",
        """
        WITH there AS (SELECT parser, status, count(*) AS jobs FROM cf_jobs
            WHERE status NOT IN ('running', 'promoting') GROUP BY parser, status),
            kept AS (SELECT parser, status, jobs FROM cf_job_counts WHERE jobs <> 0)
        SELECT parser || ', ' || status AS what FROM (SELECT * FROM there EXCEPT SELECT * FROM kept)
        UNION SELECT parser || ', ' || status FROM (SELECT * FROM kept EXCEPT SELECT * FROM there)
        """,
    ),
    (
        "attempts",
        "jobs are held whose attempt has ended, or the reverse",
        f"""
        SELECT job_id AS what FROM cf_jobs AS job
        WHERE fence > 0 AND (NOT ({IS_HELD})) <> (done_by IS NOT NULL) + EXISTS (
            SELECT 1 FROM cf_ended_attempts AS attempt
            WHERE attempt.job_id = job.job_id AND attempt.fence = job.fence)
        """,
    ),
    (
        "quarantine_counts",
        "completed jobs have other rows in quarantine than they say",
        """
        SELECT job_id AS what FROM cf_jobs AS job WHERE quarantined > 0 AND quarantined < (
            SELECT count(*) FROM cf_quarantine AS row WHERE row.job_id = job.job_id)
        """,
    ),
    (
        "quarantine_reasons",
        "the kept counts of quarantined cells differ from the rows",
        """
        SELECT job.job_id AS what FROM cf_jobs AS job LEFT JOIN (
            SELECT job_id, sum(json_array_length(reasons)) AS cells
            FROM cf_quarantine GROUP BY job_id) AS there ON there.job_id = job.job_id
        LEFT JOIN (
            SELECT seq, sum(cells) AS cells FROM cf_quarantine_reasons GROUP BY seq) AS kept
            ON kept.seq = job.seq
        WHERE coalesce(there.cells, 0) <> coalesce(kept.cells, 0)
        """,
    ),
    (
        "sets_twice",
        "several sets stand for the same input: enqueue --force replaces them by one",
        """
        SELECT parser || ' ' || parser_version || ': ' || input_path AS what
        FROM cf_standing_sets WHERE fence > 0
        GROUP BY input_path, parser, parser_version HAVING count(*) > 1
        """,
    ),
    (
        "bundles",
        "jobs are pinned to bundles that are not there",
        """
        SELECT DISTINCT source_hash AS what FROM cf_jobs
        WHERE status IN ('pending', 'scheduled', 'running')
            AND source_hash NOT IN (SELECT source_hash FROM cf_parsers)
        """,
    ),
)
_SHOWN: Final = 3


def _opened(path: Path, *, read_only: bool) -> Connection:
    return Connection(path, read_only=read_only, clock=wall_clock, patience_s=PATIENCE_S)


def status(path: Path) -> StoreStatus:
    """Look at a store without changing it; one of another version has nothing but that told."""
    with closing(_opened(path, read_only=True)) as connection:
        try:
            current = check_version(connection)
        except StoreNewerError:
            current = False
        rows: dict[str, int] = {}
        jobs: dict[str, int] = {}
        if current:
            rows = {t: connection.read(f"SELECT count(*) FROM {t}")[0][0] for t in _TABLES}
            found = connection.read(f"SELECT status, sum(jobs) FROM ({COUNTS}) GROUP BY status")
            jobs = {row[0]: row[1] for row in found}
        files = [path.with_name(path.name + ending) for ending in ("", "-wal")]
        size = sum(file.stat().st_size for file in files if file.exists())
        return StoreStatus(str(path), size, version_of(connection), len(MIGRATIONS), jobs, rows)


def bring_up_to_date(path: Path) -> list[str]:
    """Apply the migrations that a store lacks, or make it; returns their names."""
    with closing(_opened(path, read_only=False)) as connection:
        return [] if check_version(connection) else migrate(connection)


def check(path: Path) -> list[Problem]:
    """Look for damage, and for what should agree and doesn't. Changes nothing."""
    with closing(_opened(path, read_only=True)) as connection:
        check_version(connection)
        return [*_damage(connection), *_imbalances(connection), *_altered(connection)]


def _damage(connection: Connection) -> Iterator[Problem]:
    said = [row[0] for row in connection.read("PRAGMA integrity_check(100)")]
    if said != ["ok"]:
        yield Problem("integrity", "the file is damaged", tuple(said[:_SHOWN]), len(said))


def _imbalances(connection: Connection) -> Iterator[Problem]:
    for name, sentence, query in _BALANCES:
        found = [row["what"] for row in connection.read(query)]
        if found:
            yield Problem(name, sentence, tuple(found[:_SHOWN]), len(found))


def _altered(connection: Connection) -> Iterator[Problem]:
    """Find bundles that are no longer what their hash says."""
    hashes = [row[0] for row in connection.read("SELECT source_hash FROM cf_parsers")]
    altered = []
    for source_hash in hashes:  # one at a time: each may be megabytes
        [row] = connection.read(
            "SELECT name, version, source_archive FROM cf_parsers WHERE source_hash = ?",
            (source_hash,),
        )
        if hashlib.sha256(row["source_archive"]).hexdigest() != source_hash:
            altered.append(f"{row['name']} {row['version']} ({source_hash[:12]})")
    if altered:
        sentence = "bundles were altered, and will not be run until they are registered again"
        yield Problem("altered_bundles", sentence, tuple(altered[:_SHOWN]), len(altered))
