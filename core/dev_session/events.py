"""What a dev session tells while it goes on. Numbers of runs only grow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path

    from casparian.core.dev_session.changes import Changes
    from casparian.core.dev_session.results import Reason, RunResult
    from casparian.core.errors import CasparianError
    from casparian.core.events import Log

StageName = Literal["start", "load", "parse", "transfer", "validate", "write"]


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A run has begun; at this moment it is the newest."""

    run: int
    sample: Path
    reason: Reason
    changed: tuple[Path, ...]
    """The files whose change started it."""
    revision: int
    waiting: int
    """Samples that are to be run after it."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage has begun, or has taken so long (milliseconds). Stages overlap while rows flow."""

    run: int
    name: StageName
    ms: float | None
    """None: it has begun."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is, at most ten times a second."""

    run: int
    rows: int
    """Rows received so far."""
    done: float | None
    """What the parser says of itself, in a unit of its own; None if it says nothing."""
    total: float | None


@dataclass(frozen=True, slots=True)
class EarlyRows:
    """The first good rows of an output of a run that goes on; each takes the place of the last.

    They are no result: the run may fail yet.
    """

    run: int
    output: str
    rows: int
    stream: bytes
    """The rows, as an Arrow IPC stream."""
    left_out: tuple[int, ...] = ()
    """The numbers, counted from 0, of rejected rows that came between them or later."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Log lines of a run, in batches, at most twenty a second.

    If more came at once than a batch holds, the earlier ones are left out: they are in the run's
    log file. Very long lines are cut.
    """

    run: int
    first: int
    """How many lines of the run came before these."""
    lines: tuple[Log, ...]


@dataclass(frozen=True, slots=True)
class RunEnded:
    """A run is over, and nothing more will be told of it."""

    run: int
    sample: Path
    result: RunResult
    is_newest: bool
    """Whether no newer run of the sample was started: only such a result is to be shown as new.
    A run that was superseded, and one of a registered version, never is."""


@dataclass(frozen=True, slots=True)
class Watching:
    """Whether saves are seen, and start runs."""

    paused: bool
    problem: str = ""
    """What can't be watched, or is passed over, and why; a sentence for people."""
    pending: bool = False
    """Whether something changed while it was paused."""


@dataclass(frozen=True, slots=True)
class SamplesChanged:
    """Samples that are not shown have other content, or are there no more: their results are old.

    They aren't run by themselves.
    """

    changed: tuple[Path, ...]
    missing: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The parser or the list of samples is another one."""

    parser: Path | None
    samples: tuple[Path, ...]
    shown: Path | None
    revision: int


@dataclass(frozen=True, slots=True)
class Compared:
    """What was asked of :meth:`DevSession.compare` is known."""

    before: int
    after: int
    """The numbers of the two runs."""
    changes: Changes | None
    problem: CasparianError | None = None


@dataclass(frozen=True, slots=True)
class SessionBroken:
    """A fault of casparian itself has ended the session: nothing more is run or told."""

    message: str
    text: str
    """The traceback."""


SessionEvent = (
    RunStarted
    | Stage
    | Progress
    | EarlyRows
    | Lines
    | RunEnded
    | Watching
    | SamplesChanged
    | Chosen
    | Compared
    | SessionBroken
)
