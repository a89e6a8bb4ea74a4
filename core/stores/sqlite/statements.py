"""The statements that decide who holds a job: each tests all it relies on, inside the update.

States are literals, for SQLite uses a partial index only where it sees them. A job has a worker
while it is running or promoting, and only then: indexes have it so (`IS_HELD`). Statements that
take ``:rows`` do the same to many jobs at once (`many_rows`); ``+status`` there keeps SQLite from
going through all jobs of a state instead of looking each one up.
"""

from __future__ import annotations

from typing import Final

from casparian.core.stores.sqlite.job_rows import TOLD_BY_CLAIM

IS_HELD: Final = "worker_id IS NOT NULL"

# What is of the input comes first: the rest is the same for most jobs that are queued together.
INSERT: Final = """
    INSERT INTO cf_jobs (job_id, input_path, input_hash, input_size, status, parser, parser_version,
        source_hash, priority, forced, run_at, max_attempts, max_crashes, replay_of, replaces,
        created_at)
    VALUES :whole_rows
"""

# By the index over the beginning of hashes. Without the ``+`` SQLite takes the constant for the
# column there, too, and finds no index for what is left.
OF_INPUT: Final = (
    "substr(input_hash, 1, 8) = substr(:input_hash, 1, 8) AND +input_hash = :input_hash"
)

SAME_WORK: Final = f"""
    SELECT job_id, 0 AS processed, 0 AS forgotten, input_path FROM cf_jobs
    WHERE {OF_INPUT} AND source_hash = :source_hash
        AND +status IN ('pending', 'scheduled', 'running', 'promoting')
    UNION ALL
    SELECT job_id, 1,
        NOT EXISTS (SELECT 1 FROM cf_jobs AS kept WHERE kept.job_id = done.job_id), input_path
    FROM cf_processing_history AS done
    WHERE {OF_INPUT} AND source_hash = :source_hash
    LIMIT 1
"""

# Whether any of them would be the same work as another.
SAME_WORK_AS_ANY: Final = """
    WITH given (input_hash, source_hash) AS (VALUES :whole_rows)
    SELECT 1 FROM given WHERE EXISTS (SELECT 1 FROM cf_jobs AS job
            WHERE substr(job.input_hash, 1, 8) = substr(given.input_hash, 1, 8)
                AND job.input_hash = given.input_hash AND job.source_hash = given.source_hash
                AND (job.processed OR job.status IN (
                    'pending', 'scheduled', 'running', 'promoting')))
        OR EXISTS (SELECT 1 FROM cf_pruned_history AS done
            WHERE done.input_hash = given.input_hash AND done.source_hash = given.source_hash)
    LIMIT 1
"""

SOME_DUE: Final = "SELECT 1 FROM cf_jobs WHERE status = 'scheduled' AND run_at <= ? LIMIT 1"

DUE: Final = """
    UPDATE cf_jobs SET status = 'pending' WHERE seq IN (
        SELECT seq FROM cf_jobs WHERE status = 'scheduled' AND run_at <= :now
        ORDER BY run_at LIMIT 1000)
"""

# Those that are held are few, and are not counted as they come and go.
COUNTS: Final = f"""
    SELECT parser, status, jobs FROM cf_job_counts WHERE jobs > 0
    UNION ALL
    SELECT parser, status, count(*) AS jobs FROM cf_jobs WHERE {IS_HELD} GROUP BY parser, status
"""

WORK_THERE: Final = """
    SELECT EXISTS (SELECT 1 FROM cf_job_counts WHERE status = 'pending' AND jobs > 0)
        OR EXISTS (SELECT 1 FROM cf_jobs WHERE status = 'scheduled' AND run_at <= :now)
"""

_READY = """
    WITH RECURSIVE ready (parser, source_hash) AS (
        SELECT waits.parser, (SELECT job.source_hash FROM cf_jobs AS job
            WHERE job.status = 'pending' AND job.parser = waits.parser
            ORDER BY job.source_hash LIMIT 1)
        FROM cf_job_counts AS waits
        WHERE waits.status = 'pending' AND waits.jobs > 0
            AND (:parser IS NULL OR waits.parser = :parser)
            AND NOT EXISTS (SELECT 1 FROM cf_parser_health AS health
                WHERE health.name = waits.parser AND health.paused_at IS NOT NULL)
        UNION ALL
        SELECT ready.parser, (SELECT job.source_hash FROM cf_jobs AS job
            WHERE job.status = 'pending' AND job.parser = ready.parser
                AND job.source_hash > ready.source_hash
            ORDER BY job.source_hash LIMIT 1)
        FROM ready WHERE ready.source_hash IS NOT NULL)
"""
_MAY_RUN = """ready.source_hash IS NOT NULL
            AND ready.source_hash NOT IN (SELECT value FROM json_each(:without))"""

# The bundles that may run and have pending jobs; two are as good as more.
READY: Final = f"""
    {_READY}
    SELECT ready.parser, ready.source_hash FROM ready WHERE {_MAY_RUN} LIMIT 2
"""

# As one text: Python lets go of its lock, and takes it again, for each column that it reads.
_CLAIMED = f"json_array({', '.join(TOLD_BY_CLAIM)})"
_TAKE = """
    UPDATE cf_jobs SET status = 'running', fence = fence + 1, attempt = attempt + 1,
        worker_id = :worker_id, lease_until = :now + :lease_ms, last_heartbeat_at = NULL,
        started_at = :now, cancel_requested = 0, error = NULL, manifest = NULL,
        progress_done = NULL, progress_total = NULL
"""

# Of the one bundle that may run the first few, by the index.
CLAIM_OF_BUNDLE: Final = f"""
    {_TAKE} WHERE seq IN (
        SELECT first.seq FROM cf_jobs AS first
        WHERE first.status = 'pending' AND first.parser = :parser
            AND first.source_hash = :source_hash
        ORDER BY first.priority, first.seq LIMIT :limit)
    RETURNING {_CLAIMED}
"""

# Of each bundle that may run the first few, and of these the first of all.
CLAIM: Final = f"""
    {_READY} {_TAKE} WHERE seq IN (
        SELECT job.seq FROM ready CROSS JOIN cf_jobs AS job
        WHERE {_MAY_RUN} AND job.seq IN (
            SELECT first.seq FROM cf_jobs AS first
            WHERE first.status = 'pending' AND first.parser = ready.parser
                AND first.source_hash = ready.source_hash
            ORDER BY first.priority, first.seq LIMIT :limit)
        ORDER BY job.priority, job.seq LIMIT :limit)
    RETURNING {_CLAIMED}
"""

BEAT: Final = """
    UPDATE cf_jobs SET lease_until = :now + :lease_ms, last_heartbeat_at = :now
    WHERE job_id = :job_id AND fence = :fence AND status IN ('running', 'promoting')
    RETURNING cancel_requested
"""

CANCEL_REQUESTS: Final = """
    SELECT job_id, fence FROM cf_jobs
    WHERE job_id IN (SELECT value FROM json_each(:job_ids))
        AND status = 'running' AND cancel_requested = 1
"""

PROGRESS: Final = """
    UPDATE cf_jobs SET progress_done = :done, progress_total = :total
    WHERE job_id = :job_id AND fence = :fence AND status = 'running'
"""

# That what stands, or was done, may have to give way to a job's set.
_MAY_REPLACE = """job.replaces IS NOT NULL
            OR EXISTS (SELECT 1 FROM cf_standing_sets AS old
                WHERE old.input_path = job.input_path AND old.parser = job.parser
                    AND old.parser_version = job.parser_version)
            OR EXISTS (SELECT 1 FROM cf_standing_sets AS own WHERE own.job_id = job.job_id)
            OR EXISTS (SELECT 1 FROM cf_jobs AS done WHERE done.processed
                AND substr(done.input_hash, 1, 8) = substr(job.input_hash, 1, 8)
                AND done.input_hash = job.input_hash)
            OR EXISTS (SELECT 1 FROM cf_pruned_history AS done
                WHERE done.input_hash = job.input_hash)"""

MAY_REPLACE: Final = f"""
    SELECT 1 FROM cf_jobs AS job WHERE job.job_id = ? AND ({_MAY_REPLACE})
"""

# Another that publishes for the same input, or in place of the same set, goes first: it is told, or
# '' if what stands, or was done, may have to give way.
TO_PROMOTE: Final = f"""
    WITH given (job_id, fence) AS (VALUES :rows),
        publishing (job_id, parser, input_path, input_hash, replaces) AS MATERIALIZED (
            SELECT job_id, parser, input_path, input_hash, replaces FROM cf_jobs
            WHERE status = 'promoting' AND worker_id IS NOT NULL)
    SELECT job.seq, job.input_path, job.input_hash, coalesce(
        (SELECT other.job_id FROM publishing AS other
            WHERE other.parser = job.parser AND other.job_id <> job.job_id
                AND (other.input_path = job.input_path OR other.input_hash = job.input_hash
                    OR other.job_id = job.replaces OR other.replaces = job.replaces)
            LIMIT 1),
        CASE WHEN {_MAY_REPLACE} THEN '' END)
    FROM given CROSS JOIN cf_jobs AS job ON job.job_id = given.job_id
    WHERE job.fence = given.fence AND +job.status = 'running' AND job.cancel_requested = 0
"""

PROMOTE: Final = """
    WITH given (seq, fence, manifest) AS (VALUES :rows)
    UPDATE cf_jobs SET status = 'promoting', manifest = given.manifest, replacing = NULL,
        replaced_by = NULL, lease_until = ?1
    FROM given
    WHERE cf_jobs.seq = given.seq AND cf_jobs.fence = given.fence
        AND +cf_jobs.status = 'running' AND cf_jobs.cancel_requested = 0
"""

# Of a job that was just promoted, and is not the first to do its work.
GIVES_WAY: Final = """
    UPDATE cf_jobs SET replacing = :replacing, replaces = coalesce(replaces, :replaces)
    WHERE seq = :seq AND fence = :fence AND status = 'promoting'
"""

COMPLETE: Final = """
    WITH given (job_id, fence, rows, quarantined) AS (VALUES :rows)
    UPDATE cf_jobs SET status = CASE WHEN given.quarantined THEN 'completed_with_warnings'
            ELSE 'completed' END,
        rows = given.rows, quarantined = given.quarantined,
        processed = 1, error = NULL, done_by = worker_id, worker_id = NULL, lease_until = NULL,
        finished_at = ?1
    FROM given
    WHERE cf_jobs.job_id = given.job_id AND cf_jobs.fence = given.fence
        AND +cf_jobs.status = 'promoting'
    RETURNING job_id, fence, parser, replaces IS NOT NULL OR replacing IS NOT NULL
"""

HELD: Final = """
    SELECT * FROM cf_jobs WHERE job_id = :job_id AND fence = :fence AND status = 'running'
"""

END_ATTEMPT: Final = """
    UPDATE cf_jobs SET status = :status, run_at = :run_at, error = :error,
        crash_count = :crash_count, worker_id = NULL, lease_until = NULL,
        finished_at = CASE WHEN :status IN ('failed', 'dead_letter', 'cancelled') THEN :now END
    WHERE job_id = :job_id AND fence = :fence AND status = 'running'
"""

VANISHED: Final = """
    UPDATE cf_jobs SET status = 'failed', error = :error, worker_id = NULL, lease_until = NULL,
        finished_at = :now
    WHERE job_id = :job_id AND fence = :fence AND status = 'promoting'
    RETURNING *, coalesce(requeued_at, created_at) AS asked_at
"""

HINDERED: Final = """
    UPDATE cf_jobs SET error = :error
    WHERE job_id = :job_id AND fence = :fence AND status = 'promoting'
"""

REFUSED: Final = "UPDATE cf_jobs SET quarantined = :quarantined WHERE job_id = :job_id"

RELEASE: Final = """
    UPDATE cf_jobs SET status = CASE WHEN cancel_requested THEN 'cancelled' ELSE 'pending' END,
        attempt = attempt - 1, worker_id = NULL, lease_until = NULL, started_at = NULL,
        finished_at = CASE WHEN cancel_requested THEN :now END
    WHERE job_id = :job_id AND fence = :fence AND status = 'running'
"""

_GONE = """
    (lease_until < :now OR worker_id IN (SELECT value FROM json_each(:dead_workers))
        OR EXISTS (SELECT 1 FROM cf_workers AS gone
            WHERE gone.worker_id = cf_jobs.worker_id AND gone.retired_at IS NOT NULL))
"""

STALE_RUNNING: Final = (
    f"SELECT * FROM cf_jobs WHERE status = 'running' AND {IS_HELD} AND {_GONE} ORDER BY seq"
)

STALE_PROMOTING: Final = (
    f"SELECT * FROM cf_jobs WHERE status = 'promoting' AND {IS_HELD} AND {_GONE} ORDER BY seq"
)

CANCEL: Final = """
    UPDATE cf_jobs SET cancel_requested = 1,
        status = CASE WHEN status = 'running' THEN 'running' ELSE 'cancelled' END,
        finished_at = CASE WHEN status = 'running' THEN NULL ELSE :now END
    WHERE job_id = :job_id AND status IN ('pending', 'scheduled', 'running')
    RETURNING status
"""

RETRY: Final = """
    UPDATE cf_jobs SET status = 'pending', run_at = :now
    WHERE job_id = :job_id AND status = 'scheduled'
"""

REQUEUE: Final = """
    UPDATE cf_jobs SET status = 'pending', attempt = 0, crash_count = 0, cancel_requested = 0,
        run_at = :now, requeued_at = :now, finished_at = NULL, started_at = NULL, done_by = NULL,
        error = NULL, manifest = NULL,
        progress_done = NULL, progress_total = NULL, rows = NULL, quarantined = NULL
    WHERE job_id = :job_id AND status IN (
        'completed', 'completed_with_warnings', 'failed', 'cancelled', 'dead_letter')
"""

REPLACED: Final = """
    UPDATE cf_jobs SET replaced_by = :job_id
    WHERE job_id <> :job_id AND (
        job_id IN (SELECT value ->> 'job_id' FROM json_each(coalesce(:replacing, '[]')))
        OR (job_id = :replaces AND NOT EXISTS (
            SELECT 1 FROM cf_standing_sets AS old WHERE old.job_id = :replaces AND old.fence > 0)))
"""

# Whoever publishes for the same rows: the job that is replaced, and all that are to replace it.
LIVE_REPLACEMENT: Final = """
    SELECT job_id, status FROM cf_jobs
    WHERE status IN ('pending', 'scheduled', 'running', 'promoting') AND job_id <> :job_id
        AND (replaces IN (:job_id, :replaces) OR job_id = :replaces)
    LIMIT 1
"""

PRUNE: Final = """
    DELETE FROM cf_jobs WHERE seq IN (
        SELECT seq FROM cf_jobs WHERE finished_at IS NOT NULL AND finished_at < :before
            AND status IN (SELECT value FROM json_each(:statuses))
        ORDER BY finished_at LIMIT :limit)
    RETURNING job_id
"""

DELETE: Final = """
    DELETE FROM cf_jobs WHERE job_id = :job_id AND status IN (
        'completed', 'completed_with_warnings', 'failed', 'cancelled', 'dead_letter')
"""

# Before the job itself changes: until then it says all about its attempt. So it does of one that
# has completed it, until it runs again (`KEEP_ATTEMPT`).
ATTEMPT_ENDS: Final = """
    WITH given (job_id, fence, status, ended_at, outcome, error) AS (VALUES :rows)
    INSERT OR IGNORE INTO cf_ended_attempts
    SELECT job.job_id, job.fence, job.attempt, job.worker_id, job.started_at, given.ended_at,
        given.outcome, given.error
    FROM given CROSS JOIN cf_jobs AS job ON job.job_id = given.job_id
    WHERE job.fence = given.fence AND job.status = given.status
"""

KEEP_ATTEMPT: Final = """
    INSERT INTO cf_ended_attempts
    SELECT job_id, fence, attempt, done_by, started_at, finished_at, status, NULL
    FROM cf_jobs WHERE job_id = ? AND done_by IS NOT NULL
"""

ATTEMPTS: Final = f"""
    SELECT job_id, fence, attempt, worker_id, started_at, ended_at, outcome, error
    FROM cf_job_attempts WHERE job_id = :job_id
    UNION ALL
    SELECT job_id, fence, attempt, worker_id, started_at, NULL, NULL, NULL
    FROM cf_jobs WHERE job_id = :job_id AND {IS_HELD}
    ORDER BY fence
"""

# Of those that have done the same work, the newest counts: of no other is it asked but of one that
# was promoted with something in its way.
DONE_BEFORE: Final = """
    WITH given (job_id, input_hash, source_hash) AS (VALUES :rows)
    SELECT job.job_id, job.input_hash FROM given CROSS JOIN cf_jobs AS job
        ON substr(job.input_hash, 1, 8) = substr(given.input_hash, 1, 8)
    WHERE job.input_hash = given.input_hash AND job.source_hash = given.source_hash
        AND job.processed AND job.job_id <> given.job_id
    UNION ALL
    SELECT done.job_id, done.input_hash FROM given CROSS JOIN cf_pruned_history AS done
        ON done.input_hash = given.input_hash AND done.source_hash = given.source_hash
"""

# Triggers count every change of a job's status but those of many jobs at once: their being queued,
# claimed and completed.
COUNTED: Final = """
    INSERT INTO cf_job_counts (parser, status, jobs) VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET jobs = jobs + excluded.jobs
"""

SUCCESS: Final = """
    INSERT INTO cf_parser_health (name, last_success_at) VALUES (:parser, :now)
    ON CONFLICT DO UPDATE SET last_success_at = excluded.last_success_at,
        consecutive_failures = 0
"""

BLAME: Final = """
    INSERT INTO cf_parser_health (name, consecutive_failures, last_failure_at)
    VALUES (:parser, 1, :now)
    ON CONFLICT DO UPDATE SET consecutive_failures = consecutive_failures + 1,
        last_failure_at = excluded.last_failure_at
    RETURNING consecutive_failures
"""

DEAD_LETTER: Final = """
    INSERT INTO cf_dead_letter (job_id, fence, died_at, reason, error, payload)
    VALUES (:job_id, :fence, :now, :reason, :error, :payload)
"""

REPLAYED: Final = """
    UPDATE cf_dead_letter SET replayed_as = :new_id, replayed_at = :now
    WHERE job_id = :job_id AND fence = :fence
"""
