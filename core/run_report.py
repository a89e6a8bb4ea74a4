"""What a run came to: the one object that the terminal's report and ``--json`` are made from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .capped_raw import CappedRaw
    from .events import GuestError, Log
    from .quarantine import ReasonGroup
    from .validation import Reason

Status = Literal["completed", "completed_with_warnings", "failed", "interrupted"]

#: Quarantined rows that a report holds in full; the rest is counted, grouped, and in the file.
REPORTED_ROWS = 100
#: Log lines that a report holds: the last ones.
REPORTED_LINES = 1_000


@dataclass(frozen=True, slots=True)
class ColumnReport:
    """One column of an output: its Arrow type, and whether it may hold nulls."""

    name: str
    type: str
    nullable: bool


@dataclass(frozen=True, slots=True)
class OutputReport:
    """One output: valid rows, rejected rows, and where they are (or would be)."""

    name: str
    rows: int
    rows_quarantined: int
    uri: str
    quarantine_uri: str | None
    columns: tuple[ColumnReport, ...]
    replaces: bool = False
    """Whether an earlier output of the same input was there."""
    has_contract: bool = False


@dataclass(frozen=True, slots=True)
class RejectedReport:
    """One quarantined row; ``row_number`` is zero-based through the whole output."""

    output: str
    row_number: int
    reasons: tuple[Reason, ...]
    raw: CappedRaw
    """The row as JSON, cut where it is long; the quarantine file has all of it."""


@dataclass(frozen=True, slots=True)
class RunReport:
    """One input's run."""

    status: Status
    parser_name: str
    parser_version: str | None
    parser_path: Path
    input_path: Path
    python: Path
    outputs: tuple[OutputReport, ...] = ()
    quarantine: tuple[RejectedReport, ...] = ()
    quarantine_total: int = 0
    groups: tuple[ReasonGroup, ...] = ()
    logs: tuple[Log, ...] = ()
    lines_dropped: int = 0
    error: GuestError | None = None
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    """Sentences a person should read once: a level 1 parser, a limit that was reached."""
    whatif: bool = False
    is_warm: bool = False
    """Whether its guest was a fork that had the heavy imports done."""
    stopped_after: int | None = None
    """The rows after which the parser was stopped, for no more were wanted; None: it ran on."""

    @property
    def rows(self) -> int:
        """Valid rows of all outputs."""
        return sum(output.rows for output in self.outputs)

    @property
    def rows_quarantined(self) -> int:
        """Rejected rows of all outputs."""
        return sum(output.rows_quarantined for output in self.outputs)

    def as_json(self) -> dict[str, Any]:
        """The object that ``casparian run --json`` prints; docs/run.md describes it."""
        return {
            "status": self.status,
            "parser": {
                "name": self.parser_name,
                "version": self.parser_version,
                "path": str(self.parser_path),
            },
            "input": str(self.input_path),
            "python": str(self.python),
            "whatif": self.whatif,
            "outputs": [
                {
                    "name": output.name,
                    "rows": output.rows,
                    "rows_quarantined": output.rows_quarantined,
                    "uri": output.uri,
                    "quarantine_uri": output.quarantine_uri,
                    "replaces": output.replaces,
                    "has_contract": output.has_contract,
                    "columns": [
                        {"name": c.name, "type": c.type, "nullable": c.nullable}
                        for c in output.columns
                    ],
                }
                for output in self.outputs
            ],
            "quarantine": [
                {
                    "output": row.output,
                    "row_number": row.row_number,
                    "reasons": [
                        {
                            "column": reason.column,
                            "error_type": reason.error_type,
                            "message": reason.message,
                            "hint": reason.hint,
                        }
                        for reason in row.reasons
                    ],
                    "raw": row.raw.text,
                    "raw_bytes": row.raw.bytes,
                    "raw_sha256": row.raw.sha256,
                }
                for row in self.quarantine
            ],
            "quarantine_total": self.quarantine_total,
            "lines_dropped": self.lines_dropped,
            "logs": [{"level": line.level, "message": line.message} for line in self.logs],
            "error": None if self.error is None else _error(self.error),
            "notices": list(self.notices),
            "timings_ms": {name: round(value, 3) for name, value in self.timings_ms.items()},
        }


def _error(error: GuestError) -> dict[str, Any]:
    return {
        "kind": error.kind,
        "type": error.type,
        "error_type": error.error_type or None,
        "message": error.message,
        "phase": error.phase,
        "retryable": error.retryable,
        "hint": error.hint,
        "traceback": [dict(frame) for frame in error.traceback],
    }
