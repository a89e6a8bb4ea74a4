"""What a run of a session came to: its report, and where its rows are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from casparian.core.run_report import RunReport

if TYPE_CHECKING:
    from casparian.core.contract.model import Contract
    from casparian.core.dev_session.messages import Task
    from casparian.core.events import GuestError, Log
    from casparian.core.interpreter import Interpreter

Reason = Literal["start", "asked", "all", "change", "parser", "registered"]
"""Why a run was started: the session began, a person asked for it (for one sample, or for all),
something was saved, another parser was chosen, or a registered
version is run to compare with."""

Ending = Literal["finished", "cancelled", "superseded", "lost"]
"""How a run ended: by itself (well or not), by a person, by a newer run, or because the process
that did it was killed."""


@dataclass(frozen=True, slots=True)
class OutputFiles:
    """The Parquet files of one output, of a failed run as well: what came until it failed."""

    name: str
    rows: Path | None
    """Valid rows; None if there are none and no contract says what columns they would have."""
    quarantine: Path | None
    """Rejected rows (see ``core.quarantine.QUARANTINE_SCHEMA``); None if there are none."""
    key: tuple[str, ...] = ()
    """The columns that tell rows apart, if the contract names any."""
    came: tuple[tuple[str, str], ...] = ()
    """The columns that the parser yielded, each with its Arrow type before a contract took it."""
    definitions: tuple[tuple[str, str], ...] = ()
    """Of those that nobody declares, what a contract file would declare them as, if it is clear."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """One run, ended."""

    run: int
    sample: Path
    reason: Reason
    revision: int
    """How many changes of what belongs to the parser had been seen when it started. One that is
    less than the session's newest is of an older parser."""
    ended: Ending
    report: RunReport
    """Its ``logs`` are empty: ``lines`` has the last ones, ``log_file`` has them all."""
    folder: Path
    outputs: tuple[OutputFiles, ...]
    log_file: Path
    """Its lines with time and level, up to a size; it may be missing if there are none."""
    lines: tuple[Log, ...]
    """The last lines."""
    line_count: int
    started_at: float
    """Seconds since the epoch."""
    duration_ms: float
    since_save_ms: float | None
    """From the save that started it to its end; None if no save did."""
    size: int
    """Bytes in its folder."""
    contract: Contract | None = None
    """What its rows were held to."""
    python: Interpreter | None = None

    @property
    def is_good(self) -> bool:
        """Whether it finished, with or without quarantined rows."""
        return self.report.status in ("completed", "completed_with_warnings")

    @property
    def knows_contract(self) -> bool:
        """Whether it came so far that it is known if there is a contract: ``contract`` is it."""
        if self.contract is not None or self.is_good:
            return True
        error = self.report.error
        return error is not None and error.phase not in ("start", "load")

    def output(self, name: str) -> OutputFiles | None:
        """The files of an output; None if the run had no such output."""
        return next((output for output in self.outputs if output.name == name), None)


def failed_report(
    task: Task, error: GuestError | None, *, python: Interpreter | None = None
) -> RunReport:
    """Return the report of a run that came to nothing; without an error it was interrupted."""
    return RunReport(
        status="interrupted" if error is None else "failed",
        parser_name=task.parser.stem,
        parser_version=None,
        parser_path=task.parser,
        input_path=task.sample,
        python=Path() if python is None else python.path,
        error=error,
    )
