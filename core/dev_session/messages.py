"""What a session and its children say to each other: pickled objects, each after its length.

A child is this program's own code, and what a guest sent it has been decoded by it; only what it
made of that is pickled.
"""

from __future__ import annotations

import pickle
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import socket
    from pathlib import Path

    from casparian.core.contract.model import Contract
    from casparian.core.dev_session.changes import Changes
    from casparian.core.dev_session.results import OutputFiles
    from casparian.core.errors import CasparianError
    from casparian.core.interpreter import Interpreter
    from casparian.core.run_report import RunReport

_LENGTH: Final = struct.Struct(">I")
_CHUNK: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Task:
    """A run to be done; paths are absolute."""

    run: int
    parser: Path
    sample: Path
    folder: Path
    """Where its rows and its log go; it is there, and empty."""
    contract: Path | None
    python_of: Path
    """The parser by which the interpreter is chosen: it is another's if this one is a copy."""
    explicit_python: Path | None
    script_python: Interpreter | None
    """The interpreter of a parser with inline metadata, if it is known already."""
    timeout: float | None
    quarantine_threshold: float
    max_quarantine_rows: int
    is_cold: bool
    """Whether it starts its Python anew, whatever is loaded."""
    first_rows: int | None = None
    """After so many rows the parser is stopped; None: it runs to its end."""


@dataclass(frozen=True, slots=True)
class Prepare:
    """What the parser imports is to be loaded, for the next run."""

    parser: Path
    python: Path


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs to be compared: their numbers and their outputs."""

    before: int
    after: int
    before_outputs: tuple[OutputFiles, ...]
    after_outputs: tuple[OutputFiles, ...]
    received: dict[str, int]
    """Rows received of each output by the later run."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """The run that is being done is to be ended."""

    run: int


@dataclass(frozen=True, slots=True)
class Ready:
    """The child has imported all it needs."""


@dataclass(frozen=True, slots=True)
class Done:
    """A run is over."""

    run: int
    report: RunReport
    outputs: tuple[OutputFiles, ...]
    modules: tuple[Path, ...] | None
    """Files of the parser's folder that were imported; None if the guest didn't come to tell."""
    contract: Contract | None
    python: Interpreter | None


@dataclass(frozen=True, slots=True)
class ComparisonDone:
    """A comparison is over."""

    before: int
    after: int
    changes: Changes | None
    problem: CasparianError | None


def send(connection: socket.socket, message: object) -> None:
    """Send a message. Raises OSError if the other side has gone."""
    content = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    connection.sendall(_LENGTH.pack(len(content)) + content)


class Inbox:
    """Puts what comes from a socket together to messages."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._rest = bytearray()

    def receive(self) -> list[Any] | None:
        """Read once; return the messages that are complete now. None: the other side has gone."""
        try:
            data = self._connection.recv(_CHUNK)
        except ConnectionError:
            data = b""
        if not data:
            return None
        self._rest += data
        messages = []
        at = 0
        while len(self._rest) - at >= _LENGTH.size:
            end = at + _LENGTH.size + _LENGTH.unpack_from(self._rest, at)[0]
            if len(self._rest) < end:
                break
            messages.append(pickle.loads(bytes(self._rest[at + _LENGTH.size : end])))
            at = end
        del self._rest[:at]
        return messages
