"""The store's tables, and how a file of an earlier version becomes one of this.

Forward only: each migration is applied once, in order, and never changed after it was released.
``PRAGMA user_version`` counts those applied, so that a current file costs one look.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from casparian.core.stores.errors import StoreError, StoreNewerError

if TYPE_CHECKING:
    import sqlite3

    from casparian.core.stores.sqlite.connection import Connection

APPLICATION_ID: Final = 0x43464C57  # "CFLW"
"""Marks a SQLite file as Casparian's."""

_FIRST: Final = (
    """
    CREATE TABLE cf_jobs (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        job_id TEXT NOT NULL UNIQUE,
        status TEXT NOT NULL CHECK (status IN (
            'pending', 'scheduled', 'running', 'promoting',
            'completed', 'completed_with_warnings', 'failed', 'cancelled', 'dead_letter')),
        parser TEXT NOT NULL,
        parser_version TEXT NOT NULL,
        source_hash TEXT NOT NULL,
        input_path TEXT NOT NULL,
        input_hash TEXT NOT NULL,
        input_size INTEGER NOT NULL,
        priority INTEGER NOT NULL,
        forced INTEGER NOT NULL,
        run_at INTEGER NOT NULL,
        attempt INTEGER NOT NULL DEFAULT 0,
        max_attempts INTEGER NOT NULL,
        crash_count INTEGER NOT NULL DEFAULT 0,
        max_crashes INTEGER NOT NULL,
        fence INTEGER NOT NULL DEFAULT 0,
        worker_id TEXT,
        lease_until INTEGER,
        last_heartbeat_at INTEGER,
        cancel_requested INTEGER NOT NULL DEFAULT 0,
        progress_done INTEGER,
        progress_total INTEGER,
        rows INTEGER,
        quarantined INTEGER,
        manifest TEXT,
        error TEXT,
        replay_of TEXT,
        created_at INTEGER NOT NULL,
        started_at INTEGER,
        finished_at INTEGER,
        CHECK ((status IN ('running', 'promoting')) = (worker_id IS NOT NULL)),
        CHECK ((status IN ('running', 'promoting')) = (lease_until IS NOT NULL)),
        CHECK ((status IN ('completed', 'completed_with_warnings', 'failed', 'cancelled',
            'dead_letter')) = (finished_at IS NOT NULL)),
        CHECK (fence >= attempt)
    ) STRICT
    """,
    """
    CREATE INDEX cf_jobs_ready ON cf_jobs (parser, priority, seq) WHERE status = 'pending'
    """,
    "CREATE INDEX cf_jobs_due ON cf_jobs (run_at) WHERE status = 'scheduled'",
    """
    CREATE INDEX cf_jobs_lease ON cf_jobs (lease_until) WHERE status IN ('running', 'promoting')
    """,
    "CREATE INDEX cf_jobs_ended ON cf_jobs (finished_at) WHERE finished_at IS NOT NULL",
    "CREATE INDEX cf_jobs_status ON cf_jobs (status, seq)",
    "CREATE INDEX cf_jobs_parser ON cf_jobs (parser, status, seq)",
    "CREATE INDEX cf_jobs_input ON cf_jobs (input_hash, source_hash)",
    """
    CREATE TABLE cf_job_attempts (
        job_id TEXT NOT NULL,
        fence INTEGER NOT NULL,
        attempt INTEGER NOT NULL,
        worker_id TEXT NOT NULL,
        started_at INTEGER NOT NULL,
        ended_at INTEGER,
        outcome TEXT,
        error TEXT,
        PRIMARY KEY (job_id, fence)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE cf_job_counts (
        parser TEXT NOT NULL,
        status TEXT NOT NULL,
        jobs INTEGER NOT NULL,
        PRIMARY KEY (parser, status)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TRIGGER cf_jobs_count_insert AFTER INSERT ON cf_jobs BEGIN
        INSERT INTO cf_job_counts VALUES (new.parser, new.status, 1)
            ON CONFLICT DO UPDATE SET jobs = jobs + 1;
    END
    """,
    """
    CREATE TRIGGER cf_jobs_count_update AFTER UPDATE OF status ON cf_jobs
    WHEN old.status <> new.status BEGIN
        UPDATE cf_job_counts SET jobs = jobs - 1
            WHERE parser = old.parser AND status = old.status;
        INSERT INTO cf_job_counts VALUES (new.parser, new.status, 1)
            ON CONFLICT DO UPDATE SET jobs = jobs + 1;
    END
    """,
    """
    CREATE TRIGGER cf_jobs_count_delete AFTER DELETE ON cf_jobs BEGIN
        UPDATE cf_job_counts SET jobs = jobs - 1
            WHERE parser = old.parser AND status = old.status;
    END
    """,
    """
    CREATE TABLE cf_parsers (
        source_hash TEXT NOT NULL PRIMARY KEY,
        name TEXT NOT NULL,
        version TEXT NOT NULL,
        lockfile_hash TEXT NOT NULL,
        entrypoint TEXT NOT NULL,
        topics TEXT NOT NULL,
        contract TEXT,
        contract_hash TEXT,
        source_archive BLOB NOT NULL,
        registered INTEGER NOT NULL UNIQUE,
        registered_at INTEGER NOT NULL,
        is_current INTEGER NOT NULL
    ) STRICT
    """,
    """
    CREATE UNIQUE INDEX cf_parsers_version ON cf_parsers (name, version) WHERE is_current = 1
    """,
    "CREATE INDEX cf_parsers_latest ON cf_parsers (name, registered)",
    """
    CREATE TABLE cf_parser_health (
        name TEXT NOT NULL PRIMARY KEY,
        consecutive_failures INTEGER NOT NULL DEFAULT 0,
        paused_at INTEGER,
        paused_reason TEXT NOT NULL DEFAULT '',
        last_success_at INTEGER,
        last_failure_at INTEGER
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE cf_quarantine (
        job_id TEXT NOT NULL,
        output TEXT NOT NULL,
        row_number INTEGER NOT NULL,
        reasons TEXT NOT NULL,
        raw TEXT NOT NULL,
        raw_bytes INTEGER NOT NULL,
        raw_sha256 TEXT NOT NULL,
        PRIMARY KEY (job_id, output, row_number)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE cf_dead_letter (
        job_id TEXT NOT NULL,
        fence INTEGER NOT NULL,
        died_at INTEGER NOT NULL,
        reason TEXT NOT NULL,
        error TEXT,
        payload TEXT NOT NULL,
        replayed_as TEXT,
        replayed_at INTEGER,
        PRIMARY KEY (job_id, fence)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE cf_workers (
        worker_id TEXT NOT NULL PRIMARY KEY,
        host TEXT NOT NULL,
        pid INTEGER NOT NULL,
        slots INTEGER NOT NULL,
        version TEXT NOT NULL,
        boot_id TEXT NOT NULL,
        pid_started INTEGER NOT NULL,
        started_at INTEGER NOT NULL,
        last_seen INTEGER NOT NULL,
        busy INTEGER NOT NULL DEFAULT 0,
        retired_at INTEGER
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE cf_files (
        path TEXT NOT NULL PRIMARY KEY,
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        hash TEXT NOT NULL,
        first_seen INTEGER NOT NULL,
        last_seen INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE cf_processing_history (
        input_hash TEXT NOT NULL,
        source_hash TEXT NOT NULL,
        job_id TEXT NOT NULL,
        parser TEXT NOT NULL,
        parser_version TEXT NOT NULL,
        input_path TEXT NOT NULL,
        rows INTEGER NOT NULL,
        quarantined INTEGER NOT NULL,
        finished_at INTEGER NOT NULL,
        PRIMARY KEY (input_hash, source_hash)
    ) STRICT, WITHOUT ROWID
    """,
)

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

MIGRATIONS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("first", _FIRST),
    ("replacements", _REPLACEMENTS),
    ("file-identities", _FILE_IDENTITIES),
    ("obstacles", _OBSTACLES),
    ("busy-workers", _BUSY_WORKERS),
    ("standing-sets", _STANDING_SETS),
    ("obstacles-of-bundles", _OBSTACLES_OF_BUNDLES),
    ("quarantine-reasons", _QUARANTINE_REASONS),
)
"""Every migration: its name and its statements, in the order in which they are applied."""


def version_of(connection: Connection) -> int:
    """Return how many migrations the file has."""
    return int(connection.read("PRAGMA user_version")[0][0])


def check_version(connection: Connection) -> bool:
    """Say whether the file is of this version; False if it is of an earlier one, or empty.

    Raises:
        StoreNewerError: a newer casparian made it.
        StoreError: it is another program's.
    """
    version = version_of(connection)
    owner = int(connection.read("PRAGMA application_id")[0][0])
    if owner != APPLICATION_ID and connection.read("SELECT 1 FROM sqlite_schema LIMIT 1"):
        raise StoreError(
            f"{connection.path}: this SQLite file is another program's, and no store",
            hint="name a file of its own for the store",
        )
    if version > len(MIGRATIONS):
        raise StoreNewerError(
            f"{connection.path}: a newer casparian made this store: its version is {version}, "
            f"and this program knows up to {len(MIGRATIONS)}",
            hint="upgrade casparian, or name another store",
        )
    return version == len(MIGRATIONS)


def migrate(connection: Connection, *, upto: int = len(MIGRATIONS)) -> list[str]:
    """Apply what is missing, all in one transaction; returns the names of what was applied."""
    sqlite_utils = _sqlite_utils()
    migrations = sqlite_utils.Migrations("casparian")
    for name, statements in MIGRATIONS[:upto]:
        migrations(name=name)(_run(statements))

    def work(raw: sqlite3.Connection, _now: int) -> list[str]:
        database = sqlite_utils.Database(raw)
        names = [migration.name for migration in migrations.pending(database)]
        migrations.apply(database)
        raw.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        raw.execute(f"PRAGMA user_version = {upto}")
        return names

    # sqlite-utils takes rows as tuples or mappings of its own making.
    row_factory, connection.raw.row_factory = connection.raw.row_factory, None
    try:
        return connection.write(work)
    finally:
        connection.raw.row_factory = row_factory


def _run(statements: tuple[str, ...]) -> Any:
    def apply(database: Any) -> None:
        for statement in statements:
            database.execute(statement)

    return apply


def _sqlite_utils() -> Any:
    """Import sqlite-utils, which takes a third of a second: only a file to be changed needs it."""
    import sqlite_utils

    return sqlite_utils
