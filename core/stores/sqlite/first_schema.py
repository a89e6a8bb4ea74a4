"""The store's tables as they were first made; `schema` has what came since."""

from __future__ import annotations

from typing import Final

FIRST: Final = (
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
