"""The statements about sets that stand: what is in the way of one, what gives way, what shares it.

What they decide is decided in the transaction of a promotion, or of a new job (`standing_sets`).
"""

from __future__ import annotations

from typing import Final

_SHARE = """
    input_path, parser, parser_version, job_id, input_hash, asked_at, fence, place
"""
_SHARE_OF_OLD = ", ".join(f"old.{name.strip()}" for name in _SHARE.split(","))

# What stands for the job's path, shares its content, is its own, or is what it is to replace.
IN_THE_WAY: Final = f"""
    SELECT {_SHARE} FROM cf_standing_sets
    WHERE input_path = :input_path AND parser = :parser AND parser_version = :parser_version
    UNION
    SELECT {_SHARE_OF_OLD} FROM cf_processing_history AS done
        CROSS JOIN cf_standing_sets AS old ON old.job_id = done.job_id
    WHERE substr(done.input_hash, 1, 8) = substr(:input_hash, 1, 8)
        AND +done.input_hash = :input_hash
        AND done.parser = :parser
        AND done.parser_version = :parser_version AND old.parser_version = :parser_version
    UNION
    SELECT {_SHARE} FROM cf_standing_sets WHERE job_id IN (:job_id, :replaces)
    UNION
    SELECT {_SHARE_OF_OLD} FROM cf_jobs AS named
        CROSS JOIN cf_standing_sets AS old ON old.input_path = named.input_path
            AND old.parser = named.parser AND old.parser_version = named.parser_version
    WHERE named.job_id = :replaces
"""

SHARES_OF_SET: Final = f"SELECT {_SHARE} FROM cf_standing_sets WHERE job_id = :job_id"

STANDS_FOR_PATH: Final = """
    SELECT job_id FROM cf_standing_sets
    WHERE input_path = :input_path AND parser = :parser AND parser_version = :parser_version
        AND fence > 0
"""

STANDS_BELOW: Final = """
    SELECT 1 FROM cf_standing_sets
    WHERE fence > 0 AND (substr(place, 1, length(:folder)) = :folder
        OR substr(place, 1, length(:database)) = :database)
    LIMIT 1
"""

STAND_FOR_PATHS: Final = """
    SELECT input_path, parser_version, job_id FROM json_each(:input_paths) AS path
        CROSS JOIN cf_standing_sets ON input_path = path.value
    WHERE parser = :parser AND fence > 0
    ORDER BY input_path, asked_at
"""

# Of jobs about to be promoted, each for its own path.
STANDS: Final = f"""
    WITH given (seq, place) AS (VALUES :rows)
    INSERT OR REPLACE INTO cf_standing_sets ({_SHARE})
    SELECT input_path, parser, parser_version, job_id, input_hash,
        coalesce(requeued_at, created_at), fence, place
    FROM given CROSS JOIN cf_jobs AS job ON job.seq = given.seq
"""

SHARES: Final = f"""
    INSERT OR REPLACE INTO cf_standing_sets ({_SHARE}) VALUES :rows
"""

LEAVES: Final = """
    DELETE FROM cf_standing_sets WHERE input_path = :input_path AND parser = :parser
        AND parser_version = :parser_version AND job_id = :job_id
"""

UNPROCESSED: Final = """
    UPDATE cf_jobs SET processed = 0 WHERE job_id = ? AND input_hash = ?
"""

UNPROCESSED_IF_PRUNED: Final = """
    DELETE FROM cf_pruned_history WHERE job_id = ? AND input_hash = ?
"""

SHARE: Final = f"""
    INSERT OR IGNORE INTO cf_standing_sets ({_SHARE})
    SELECT :input_path, parser, parser_version, job_id, input_hash, asked_at, fence, place
    FROM cf_standing_sets WHERE job_id = :other AND fence > 0 LIMIT 1
"""

SHARE_LATER: Final = f"""
    INSERT OR IGNORE INTO cf_standing_sets ({_SHARE})
    VALUES (:input_path, :parser, :parser_version, :other, :input_hash, 0, 0, '')
"""

# A job that had published before has its older set still.
SET_IS_LOST: Final = """
    UPDATE cf_standing_sets SET asked_at = 0, fence = CASE WHEN EXISTS (
            SELECT 1 FROM cf_job_attempts AS attempt WHERE attempt.job_id = :job_id
                AND attempt.outcome IN ('completed', 'completed_with_warnings'))
        THEN fence ELSE 0 END
    WHERE job_id = :job_id
"""
