"""The store's tables, from the first version on: what each migration adds to those before it.

A migration never changes after it was released: what is to be other comes as another one.
"""

from __future__ import annotations

from typing import Final

from casparian.core.stores.sqlite.first_schema import FIRST

_REPLACEMENTS: Final = (
    "ALTER TABLE cf_jobs ADD COLUMN replaces TEXT",
    "ALTER TABLE cf_jobs ADD COLUMN replaced_by TEXT",
    "CREATE INDEX cf_jobs_replaces ON cf_jobs (replaces) WHERE replaces IS NOT NULL",
)

_FILE_IDENTITIES: Final = (
    "ALTER TABLE cf_files ADD COLUMN ctime_ns INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE cf_files ADD COLUMN inode INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX cf_files_seen ON cf_files (last_seen)",
)

_OBSTACLES: Final = (
    """
    CREATE TABLE cf_obstacles (
        worker_id TEXT NOT NULL,
        parser TEXT NOT NULL,
        host TEXT NOT NULL,
        parser_version TEXT NOT NULL,
        error_class TEXT NOT NULL,
        message TEXT NOT NULL,
        hint TEXT NOT NULL,
        since INTEGER NOT NULL,
        tried_at INTEGER NOT NULL,
        next_try_at INTEGER NOT NULL,
        PRIMARY KEY (worker_id, parser)
    ) STRICT, WITHOUT ROWID
    """,
)

#: How many jobs a worker holds is what the jobs say.
_BUSY_WORKERS: Final = ("ALTER TABLE cf_workers DROP COLUMN busy",)

_HAS_PUBLISHED = """
    EXISTS (SELECT 1 FROM cf_job_attempts AS attempt WHERE attempt.job_id = job.job_id
        AND attempt.outcome IN ('completed', 'completed_with_warnings'))
"""
_NEWEST_MANIFEST = """
    (SELECT manifest FROM cf_jobs WHERE json_valid(manifest) AND manifest ->> 'root' IS NOT NULL
        ORDER BY seq DESC LIMIT 1)
"""

# Jobs whose manifests are gone, since they were to run again, have published where others have.
_STANDING_SETS: Final = (
    "ALTER TABLE cf_jobs ADD COLUMN requeued_at INTEGER",
    "ALTER TABLE cf_jobs ADD COLUMN replacing TEXT",
    """
    CREATE TABLE cf_standing_sets (
        input_path TEXT NOT NULL,
        parser TEXT NOT NULL,
        parser_version TEXT NOT NULL,
        job_id TEXT NOT NULL,
        input_hash TEXT NOT NULL,
        asked_at INTEGER NOT NULL,
        fence INTEGER NOT NULL,
        place TEXT NOT NULL,
        PRIMARY KEY (input_path, parser, parser_version, job_id)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX cf_standing_sets_job ON cf_standing_sets (job_id)",
    f"""
    INSERT INTO cf_standing_sets
    SELECT input_path, parser, parser_version, job_id, input_hash, created_at, fence,
        coalesce('sqlite://' || (manifest ->> 'database'),
            (manifest ->> 'root') || '/' || parser || '/' || parser_version || '/' || job_id)
    FROM (
        SELECT input_path, parser, parser_version, job_id, input_hash, created_at, fence,
            CASE WHEN json_valid(manifest) AND manifest ->> 'root' IS NOT NULL
                THEN manifest ELSE {_NEWEST_MANIFEST} END AS manifest
        FROM cf_jobs AS job
        WHERE replaced_by IS NULL AND (status IN (
            'promoting', 'completed', 'completed_with_warnings') OR {_HAS_PUBLISHED}))
    WHERE manifest IS NOT NULL
    """,
    """
    UPDATE cf_jobs SET replacing = json_array(json_object('job_id', replaces, 'fence', fence + 1000,
        'place', (manifest ->> 'root') || '/' || (manifest ->> 'replaces_place')))
    WHERE status = 'promoting' AND replaces IS NOT NULL AND json_valid(manifest)
        AND manifest ->> 'replaces_place' IS NOT NULL
    """,
    """
    DELETE FROM cf_processing_history WHERE job_id IN (
        SELECT job_id FROM cf_jobs WHERE replaced_by IS NOT NULL)
    """,
)

# What was met is met again: workers say so of each bundle.
_OBSTACLES_OF_BUNDLES: Final = (
    "DROP TABLE cf_obstacles",
    """
    CREATE TABLE cf_obstacles (
        worker_id TEXT NOT NULL,
        source_hash TEXT NOT NULL,
        parser TEXT NOT NULL,
        host TEXT NOT NULL,
        parser_version TEXT NOT NULL,
        error_class TEXT NOT NULL,
        message TEXT NOT NULL,
        hint TEXT NOT NULL,
        since INTEGER NOT NULL,
        tried_at INTEGER NOT NULL,
        next_try_at INTEGER NOT NULL,
        PRIMARY KEY (worker_id, source_hash)
    ) STRICT, WITHOUT ROWID
    """,
    "DROP INDEX cf_jobs_ready",
    """
    CREATE INDEX cf_jobs_ready ON cf_jobs (parser, source_hash, priority, seq)
        WHERE status = 'pending'
    """,
)

# Which reasons each job has in quarantine: of a million rows they are told at once by these alone.
_QUARANTINE_REASONS: Final = (
    """
    CREATE TABLE cf_quarantine_reasons (
        seq INTEGER NOT NULL,
        output TEXT NOT NULL,
        column_name TEXT NOT NULL,
        error_type TEXT NOT NULL,
        cells INTEGER NOT NULL,
        bad_rows INTEGER NOT NULL,
        first_row INTEGER NOT NULL,
        hint TEXT NOT NULL,
        PRIMARY KEY (seq, output, column_name, error_type)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TRIGGER cf_quarantine_reasons_delete AFTER DELETE ON cf_jobs BEGIN
        DELETE FROM cf_quarantine_reasons WHERE seq = old.seq;
    END
    """,
    """
    INSERT INTO cf_quarantine_reasons
    SELECT job.seq, refused.output, reason.value ->> 'column' AS column_name,
        reason.value ->> 'error_type' AS kind, count(*), count(DISTINCT refused.row_number),
        min(refused.row_number),
        coalesce(substr(min(CASE WHEN reason.value ->> 'hint' <> '' THEN
            printf('%020d', refused.row_number) || (reason.value ->> 'hint') END), 21), '')
    FROM cf_jobs AS job JOIN cf_quarantine AS refused ON refused.job_id = job.job_id,
        json_each(refused.reasons) AS reason
    GROUP BY job.seq, refused.output, column_name, kind
    """,
)

# What a job costs is mostly what is written of it, above all where each row comes to another page.
# - Jobs that a worker holds are few: they have one index that nothing on their way changes, they
#   are counted when they are asked for, and the job itself tells its attempt until that has ended.
# - What was processed is told by its job; only of a job that is pruned is it written elsewhere.
# - Inputs are looked up by the beginning of their hash: an index of few pages.
# - What is done to many jobs at once is counted once: `job_counts` does that.
# - SQLite builds a table of its own for each IN of more than two values, in a check for each row
#   anew: such checks are spelled with OR. Of a change that leaves the rows alone the manual says
#   that it may be written into the schema (lang_altertable, 7).
_STATES = """status IN (
            'pending', 'scheduled', 'running', 'promoting',
            'completed', 'completed_with_warnings', 'failed', 'cancelled', 'dead_letter')"""
_STATES_BY_OR = """status = 'pending' OR status = 'running'
            OR status = 'promoting' OR status = 'completed' OR status = 'completed_with_warnings'
            OR status = 'scheduled' OR status = 'failed' OR status = 'cancelled'
            OR status = 'dead_letter'"""
_ENDED = """status IN ('completed', 'completed_with_warnings', 'failed', 'cancelled',
            'dead_letter')"""
_ENDED_BY_OR = """status = 'completed' OR status = 'completed_with_warnings' OR status = 'failed'
            OR status = 'cancelled' OR status = 'dead_letter'"""


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


_FEWER_WRITES: Final = (
    "DROP INDEX cf_jobs_lease",
    "DROP INDEX cf_jobs_status",
    "DROP INDEX cf_jobs_parser",
    "CREATE INDEX cf_jobs_held ON cf_jobs (seq) WHERE worker_id IS NOT NULL",
    "CREATE INDEX cf_jobs_status ON cf_jobs (status, seq) WHERE worker_id IS NULL",
    "CREATE INDEX cf_jobs_parser ON cf_jobs (parser, status, seq) WHERE worker_id IS NULL",
    "DROP TRIGGER cf_jobs_count_insert",
    "DROP TRIGGER cf_jobs_count_update",
    "DROP TRIGGER cf_jobs_count_delete",
    """
    CREATE TRIGGER cf_jobs_count_from AFTER UPDATE OF status ON cf_jobs
    WHEN old.worker_id IS NULL AND new.status <> 'running' AND new.status <> old.status BEGIN
        UPDATE cf_job_counts SET jobs = jobs - 1
            WHERE parser = old.parser AND status = old.status;
    END
    """,
    """
    CREATE TRIGGER cf_jobs_count_to AFTER UPDATE OF status ON cf_jobs
    WHEN new.worker_id IS NULL AND new.status <> 'completed'
        AND new.status <> 'completed_with_warnings' AND new.status <> old.status BEGIN
        INSERT INTO cf_job_counts VALUES (new.parser, new.status, 1)
            ON CONFLICT DO UPDATE SET jobs = jobs + 1;
    END
    """,
    """
    CREATE TRIGGER cf_jobs_count_delete AFTER DELETE ON cf_jobs
    WHEN old.worker_id IS NULL BEGIN
        UPDATE cf_job_counts SET jobs = jobs - 1
            WHERE parser = old.parser AND status = old.status;
    END
    """,
    "DELETE FROM cf_job_counts WHERE status IN ('running', 'promoting')",
    "DELETE FROM cf_job_attempts WHERE ended_at IS NULL",
    "ALTER TABLE cf_jobs ADD COLUMN processed INTEGER NOT NULL DEFAULT 0",
    """
    UPDATE cf_jobs SET processed = 1 WHERE EXISTS (SELECT 1 FROM cf_processing_history AS done
        WHERE done.input_hash = cf_jobs.input_hash AND done.source_hash = cf_jobs.source_hash
            AND done.job_id = cf_jobs.job_id)
    """,
    "ALTER TABLE cf_processing_history RENAME TO cf_pruned_history",
    "DELETE FROM cf_pruned_history WHERE job_id IN (SELECT job_id FROM cf_jobs)",
    "ALTER TABLE cf_jobs ADD COLUMN input_key TEXT AS (substr(input_hash, 1, 8))",
    "DROP INDEX cf_jobs_input",
    "CREATE INDEX cf_jobs_input ON cf_jobs (input_key)",
    """
    CREATE VIEW cf_processing_history AS
    SELECT input_hash, source_hash, job_id, parser, parser_version, input_path, rows, quarantined,
        finished_at, input_key
    FROM cf_jobs WHERE processed = 1
    UNION ALL
    SELECT *, substr(input_hash, 1, 8) FROM cf_pruned_history
    """,
    """
    CREATE TRIGGER cf_jobs_keep_history AFTER DELETE ON cf_jobs WHEN old.processed = 1 BEGIN
        INSERT OR REPLACE INTO cf_pruned_history VALUES (old.input_hash, old.source_hash,
            old.job_id, old.parser, old.parser_version, old.input_path, coalesce(old.rows, 0),
            coalesce(old.quarantined, 0), coalesce(old.finished_at, 0));
    END
    """,
    "PRAGMA writable_schema = ON",
    f"""
    UPDATE sqlite_schema SET sql = replace(replace(sql, {_quoted(_STATES)},
        {_quoted(_STATES_BY_OR)}), {_quoted(f"({_ENDED})")}, {_quoted(f"({_ENDED_BY_OR})")})
    WHERE name = 'cf_jobs'
    """,
    "PRAGMA writable_schema = RESET",
)

# A job that has completed says all of the attempt that did it: no other row is written of that one
# unless the job runs again. A column that is computed is computed anew by each change of a row, an
# index over what it computed is not. What a promotion has found in its way, if only to leave it
# alone, it notes: such a completion alone looks for jobs that have done the same work.
_ATTEMPTS_BY_JOBS: Final = (
    "ALTER TABLE cf_jobs ADD COLUMN done_by TEXT",
    "ALTER TABLE cf_job_attempts RENAME TO cf_ended_attempts",
    """
    CREATE VIEW cf_job_attempts AS
    SELECT job_id, fence, attempt, worker_id, started_at, ended_at, outcome, error
    FROM cf_ended_attempts
    UNION ALL
    SELECT job_id, fence, attempt, done_by, started_at, finished_at, status, NULL
    FROM cf_jobs WHERE done_by IS NOT NULL
    """,
    "DROP VIEW cf_processing_history",
    "DROP INDEX cf_jobs_input",
    "ALTER TABLE cf_jobs DROP COLUMN input_key",
    "CREATE INDEX cf_jobs_input ON cf_jobs (substr(input_hash, 1, 8))",
    """
    CREATE VIEW cf_processing_history AS
    SELECT input_hash, source_hash, job_id, parser, parser_version, input_path, rows, quarantined,
        finished_at
    FROM cf_jobs WHERE processed = 1
    UNION ALL
    SELECT * FROM cf_pruned_history
    """,
    "UPDATE cf_jobs SET replacing = '[]' WHERE status = 'promoting' AND replacing IS NULL",
)

# Each change of a job's row is checked as a whole: what a state demands is looked at for that state
# alone; and one trigger says that there is nothing to count where two said so. As before, such a
# change of the checks leaves the rows alone.
_HELD_BY_OR = "(status IN ('running', 'promoting')) = (worker_id IS NOT NULL)"
_LEASED_BY_OR = "(status IN ('running', 'promoting')) = (lease_until IS NOT NULL)"
_DEMANDED = """CASE
            WHEN status = 'running' OR status = 'promoting'
                THEN worker_id IS NOT NULL AND lease_until IS NOT NULL AND finished_at IS NULL
            WHEN status = 'pending' OR status = 'scheduled'
                THEN worker_id IS NULL AND lease_until IS NULL AND finished_at IS NULL
            WHEN status = 'completed' OR status = 'completed_with_warnings'
                OR status = 'failed' OR status = 'cancelled' OR status = 'dead_letter'
                THEN worker_id IS NULL AND lease_until IS NULL AND finished_at IS NOT NULL
            ELSE 0 END"""

_CHEAPER_CHECKS: Final = (
    "DROP TRIGGER cf_jobs_count_from",
    "DROP TRIGGER cf_jobs_count_to",
    """
    CREATE TRIGGER cf_jobs_count_update AFTER UPDATE OF status ON cf_jobs
    WHEN new.status <> old.status AND (old.worker_id IS NULL AND new.status <> 'running'
        OR new.worker_id IS NULL AND new.status <> 'completed'
            AND new.status <> 'completed_with_warnings') BEGIN
        UPDATE cf_job_counts SET jobs = jobs - 1
            WHERE parser = old.parser AND status = old.status
                AND old.worker_id IS NULL AND new.status <> 'running';
        INSERT INTO cf_job_counts SELECT new.parser, new.status, 1
            WHERE new.worker_id IS NULL AND new.status <> 'completed'
                AND new.status <> 'completed_with_warnings'
            ON CONFLICT DO UPDATE SET jobs = jobs + 1;
    END
    """,
    "PRAGMA writable_schema = ON",
    f"""
    UPDATE sqlite_schema SET sql = replace(replace(replace(replace(sql,
        {_quoted(f"CHECK ({_STATES_BY_OR})")}, {_quoted(f"CHECK ({_DEMANDED})")}),
        {_quoted(f"CHECK ({_HELD_BY_OR}),")}, ''),
        {_quoted(f"CHECK ({_LEASED_BY_OR}),")}, ''),
        {_quoted(f"CHECK (({_ENDED_BY_OR}) = (finished_at IS NOT NULL)),")}, '')
    WHERE name = 'cf_jobs'
    """,
    "PRAGMA writable_schema = RESET",
)

# Lists by state alone are those of each parser, merged: parsers are few, and known by the counts.
_ONE_INDEX_OF_LISTS: Final = ("DROP INDEX cf_jobs_status",)

# Pending jobs are listed by the index that they are claimed by.
_PENDING_IN_ONE_INDEX: Final = (
    "DROP INDEX cf_jobs_parser",
    """
    CREATE INDEX cf_jobs_parser ON cf_jobs (parser, status, seq)
        WHERE status <> 'pending' AND worker_id IS NULL
    """,
)

MIGRATIONS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("first", FIRST),
    ("replacements", _REPLACEMENTS),
    ("file-identities", _FILE_IDENTITIES),
    ("obstacles", _OBSTACLES),
    ("busy-workers", _BUSY_WORKERS),
    ("standing-sets", _STANDING_SETS),
    ("obstacles-of-bundles", _OBSTACLES_OF_BUNDLES),
    ("quarantine-reasons", _QUARANTINE_REASONS),
    ("fewer-writes", _FEWER_WRITES),
    ("attempts-by-jobs", _ATTEMPTS_BY_JOBS),
    ("cheaper-checks", _CHEAPER_CHECKS),
    ("one-index-of-lists", _ONE_INDEX_OF_LISTS),
    ("pending-in-one-index", _PENDING_IN_ONE_INDEX),
)
"""Every migration: its name and its statements, in the order in which they are applied."""
