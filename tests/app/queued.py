"""A store as commands find it: parsers that are registered, jobs that workers have done."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from casparian.app.cli import casparian
from casparian.core.stores.jobs import (
    Completion,
    Failure,
    JobError,
    Lease,
    NewJob,
    Promotion,
)
from casparian.core.stores.parsers import NewParser
from casparian.core.stores.quarantine import QuarantinedRow, StoredReason
from casparian.core.stores.sqlite.store import SqliteStore

LEASE_MS = 60_000


class Queued(SqliteStore):
    """A store, and short ways to fill it."""

    def register(self, name: str = "sales", version: str = "1.0.0", **other: Any) -> str:
        """Register a parser; returns its hash."""
        content = f"{name} {version} {other}".encode()
        made: dict[str, Any] = {
            "source_hash": hashlib.sha256(content).hexdigest(),
            "lockfile_hash": "l" * 64,
            "entrypoint": "parser.py",
            "topics": (),
            "contract": None,
            "contract_hash": None,
            "archive": content,
        }
        self.parsers.insert(NewParser(name, version, **{**made, **other}))
        return str(made["source_hash"])

    def add(self, path: str | Path = "/data/a.csv", **other: Any) -> str:
        """Queue a job for the current bundle of a parser; returns its id."""
        name = other.get("parser", "sales")
        parser = self.parsers.latest(name)
        assert parser is not None
        made: dict[str, Any] = {
            "parser": name,
            "parser_version": parser.version,
            "source_hash": parser.source_hash,
            "input_path": str(path),
            "input_hash": hashlib.sha256(str(path).encode()).hexdigest(),
            "input_size": 10,
        }
        return self.jobs.insert(NewJob(**{**made, **other})).job_id

    def claim(self, worker: str = "w1", **other: Any) -> Lease:
        """Claim the next job, which must be there."""
        [job] = self.jobs.claim_next(worker, limit=1, **{"lease_ms": LEASE_MS, **other})
        return job.lease

    def finish(self, lease: Lease, manifest: str = "{}", **other: Any) -> None:
        """Publish and complete a job."""
        [promoted] = self.jobs.promote([Promotion(lease, manifest)], lease_ms=LEASE_MS)
        assert promoted.granted
        assert self.jobs.complete([Completion(lease, **other)]) == [True]

    def fail(self, lease: Lease, message: str = "ValueError: no", **other: Any) -> None:
        """Fail an attempt."""
        error = JobError(
            other.pop("error_class", "parser"),
            message,
            other.pop("hint", "look at the file"),
            other.pop("details", {}),
        )
        assert self.jobs.fail(lease, Failure(error, **{"permanent": True, **other})) is not None

    def dead_letter(self, path: str = "/data/dead.csv") -> str:
        """Make a dead letter; nothing else may be pending."""
        job_id = self.add(path, max_attempts=1)
        self.fail(self.claim(), permanent=False)
        return job_id


def bad_row(number: int, *reasons: tuple[str, str], output: str = "sales") -> QuarantinedRow:
    """A quarantined row, each reason a column and an error type."""
    told = tuple(
        StoredReason(column, kind, f"row {number + 1}: {column}: 'x' is {kind}", f"mend {column}")
        for column, kind in reasons or [("age", "type_mismatch")]
    )
    raw = f'{{"age": "x{number}"}}'
    return QuarantinedRow(
        output, number, told, raw, len(raw), hashlib.sha256(raw.encode()).hexdigest()
    )


def call(*words: object, **other: Any) -> Result:
    """Call the command in this process; see ``Result.return_value`` for its exit code."""
    return CliRunner().invoke(
        casparian, [str(word) for word in words], standalone_mode=False, **other
    )
