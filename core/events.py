"""What the bridge tells of a guest, event by event, and the result a run ends with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

Level = Literal["stdout", "stderr", "debug", "info", "warning", "error"]
#: By the wire's numbers.
LEVELS: tuple[Level, ...] = ("stdout", "stderr", "debug", "info", "warning", "error")


@dataclass(frozen=True, slots=True)
class Hello:
    """The parser is loaded: who it is and what it declares."""

    parser: str
    version: str | None
    topics: tuple[str, ...]
    outputs: Any
    """As declared, plain data; None without a contract in the code."""
    level: Literal["parser", "handler", "function"]
    sink: str | None
    default_output: str | None
    python: str
    versions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one output, as the guest sent them (kind companions included)."""

    output: str
    table: pa.Table
    sink: str | None
    sink_table: str | None
    compression: str | None
    nbytes: int
    index: int
    """0, 1, … over all outputs of the run."""


@dataclass(frozen=True, slots=True)
class Log:
    """One whole line."""

    level: Level
    message: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How much the parser says is done, in a unit of its own."""

    done: float
    total: float | None


@dataclass(frozen=True, slots=True)
class OutputInfo:
    """What the guest sent of one output in all."""

    output: str
    rows: int
    bytes: int
    columns: tuple[tuple[str, str], ...]
    text_columns: Mapping[str, str]
    """Columns whose cells fell back to text, with the reason."""
    sink: str | None = None
    table: str | None = None
    compression: str | None = None


@dataclass(frozen=True, slots=True)
class Metrics:
    """Rows and milliseconds the guest spent per stage."""

    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Modules:
    """What was imported."""

    files: tuple[str, ...]
    """The files in the parser's own folder, as paths in it."""
    installed: tuple[str, ...] = ()
    """The names of modules of its environment, beside those that were loaded ahead, in order."""


ErrorKind = Literal[
    "parser", "crash", "protocol", "timeout", "startup_timeout", "environment", "contract"
]


@dataclass(frozen=True, slots=True)
class GuestError:
    """Why a run failed, as a person and a retry rule need it."""

    kind: ErrorKind
    type: str
    message: str
    phase: str
    """``start``, ``load``, ``parse``, ``serialise``, ``transfer``, ``validate`` or ``write``."""
    retryable: bool = False
    hint: str = ""
    traceback: tuple[Mapping[str, Any], ...] = ()
    """The parser's own frames: ``file``, ``line``, ``function``, ``source``; innermost last."""
    text: str = ""
    """The traceback as Python prints it."""
    cause: Literal["", "memory", "disk_full", "bundle_corrupt"] = ""
    """What failed that isn't the parser, by the exception's type."""
    error_type: str = ""
    """For a broken contract: which rule, in the vocabulary of docs/errors.md."""
    about: tuple[str, str] | None = None
    """The output and the column that broke it, if it was one column."""


@dataclass(frozen=True, slots=True)
class BridgeResult:
    """How a guest ended."""

    status: Literal["completed", "failed", "cancelled", "interrupted"]
    error: GuestError | None = None
    exit_code: int | None = None
    """Negative: the signal's number."""
    timings_ms: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ended:
    """The last event of every run."""

    result: BridgeResult


Event = Hello | Batch | Log | Progress | OutputInfo | Metrics | Modules | GuestError | Ended
