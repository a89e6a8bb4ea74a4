"""What a supervisor and its runners say to each other: one line of JSON a message.

A task is a named tuple, and most of it is the same for all jobs of a bundle: to make a frozen
dataclass of so many fields, for each job and on both sides, takes longer than to send it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from casparian.core.stores.standing_sets import StandingSet

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable, Iterator, Mapping

_CHUNK: Final = 64 * 1024


class Task(NamedTuple):
    """A job to be run, with all that a runner needs to know of it: it has no store.

    Paths are absolute; times are seconds, None: no limit.
    """

    job_id: str
    fence: int
    parser: str
    parser_version: str
    source_hash: str
    entrypoint: str
    contract: str | None
    contract_hash: str | None
    input_path: str
    input_hash: str
    bundle: str
    project: str
    """The folder with the bundle's ``pyproject.toml`` and ``uv.lock``."""
    log: str
    root: str
    """The output root."""
    database: str | None
    python: str | None
    home: str
    offline: bool
    timeout: float | None
    quarantine_threshold: float
    max_quarantine_rows: int
    lineage: bool
    pass_env: tuple[str, ...]
    resource_limits: Mapping[str, int]
    warm_guests: int = 0
    """So many parsers are kept loaded; 0: each job starts its Python anew."""
    warm_memory_limit: int | None = None
    reuse: int = 1
    """So many jobs one process of a parser may serve."""


@dataclass(frozen=True, slots=True)
class Publish:
    """A promoted set to be made visible, in place of others."""

    manifest: str
    replaced: tuple[StandingSet, ...] = ()


@dataclass(frozen=True, slots=True)
class Cancel:
    """The job that runs is to be ended."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the parser says it is."""

    done: int
    total: int | None


@dataclass(frozen=True, slots=True)
class Staged:
    """The job's set is staged, and waits for its promotion; how many rows it has is in both."""

    manifest: str
    rows: int
    quarantined: int


@dataclass(frozen=True, slots=True)
class Stopped:
    """The job was ended because it was asked for."""


@dataclass(frozen=True, slots=True)
class JobFailed:
    """The job failed; ``error_class`` is one of ``core.worker.failures``.

    If it ``waits``, it has not failed, but can't be run by this worker now: it ``may_pass`` soon.
    """

    error_class: str
    message: str
    hint: str = ""
    permanent: bool = True
    crashed: bool = False
    blames_parser: bool = False
    waits: bool = False
    may_pass: bool = False
    details: Mapping[str, Any] = field(default_factory=dict)
    quarantined: int | None = None
    """How many rows were refused until then; None if that isn't known."""


@dataclass(frozen=True, slots=True)
class Visible:
    """The set is published, or a newer one of the job is."""


@dataclass(frozen=True, slots=True)
class PublishFailed:
    """The set can't be published now; if it ``vanished``, or has no place, never."""

    message: str
    hint: str
    vanished: bool


ToRunner = Task | Publish | Cancel
ToSupervisor = Progress | Staged | Stopped | JobFailed | Visible | PublishFailed
Message = ToRunner | ToSupervisor

_KINDS: Final[dict[str, type[Any]]] = {
    kind.__name__: kind
    for kind in (
        Task,
        Publish,
        Cancel,
        Progress,
        Staged,
        Stopped,
        JobFailed,
        Visible,
        PublishFailed,
    )
}


_PASS_ENV: Final = Task._fields.index("pass_env")
_as_json: Final = json.JSONEncoder(separators=(",", ":"), default=asdict).encode
_from_json: Final = json.JSONDecoder().decode


def encode(message: Message) -> bytes:
    """Return a message as a line: its kind, and its fields in their order."""
    if isinstance(message, Task):
        fields: Iterable[object] = message
    else:
        fields = [getattr(message, name) for name in message.__slots__]
    return _as_json([type(message).__name__, *fields]).encode() + b"\n"


def decode(line: bytes) -> Message:
    """Read a line. Raises ValueError if it is no message."""
    name, *fields = _from_json(line.decode())
    kind = _KINDS[name]
    if kind is Task:
        fields[_PASS_ENV] = tuple(fields[_PASS_ENV])
    elif kind is Publish:
        manifest, replaced = fields
        fields = [manifest, tuple(StandingSet(**one) for one in replaced)]
    message: Message = kind(*fields)
    return message


class Lines:
    """Puts what comes from a socket together to messages."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._rest = b""

    def receive(self) -> Iterator[Message] | None:
        """Return the messages that are complete; None at the end, BlockingIOError if none came."""
        try:
            data = self._connection.recv(_CHUNK)
        except ConnectionError:
            data = b""
        if not data:
            return None
        *lines, self._rest = (self._rest + data).split(b"\n")
        return map(decode, lines)
