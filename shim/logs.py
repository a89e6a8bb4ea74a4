"""Captured output: whole lines of ``print`` to the pipes, ``logging`` and ``warnings`` to the wire.

File descriptors 1 and 2 are pipes that the host reads itself, so what C code or a child process
writes there arrives too, and the last lines of a guest that crashes are not lost.
"""

from __future__ import annotations

import io
import logging
import os
import sys
import threading
import warnings
from functools import cache
from typing import TYPE_CHECKING, Any

from . import wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Buffer

#: A line that grows beyond this many characters is passed on in pieces.
_LONG_LINE = 1 << 16


class LineStream(io.TextIOBase):
    """A text stream that hands whole lines of each thread to a file descriptor, in one piece.

    ``print`` writes its text and its newline by two calls; without a buffer per thread, lines of
    several threads would run into each other.
    """

    encoding = "utf-8"
    errors = "backslashreplace"

    def __init__(self, fd: int) -> None:
        super().__init__()
        self._fd = fd
        self._lock = threading.Lock()
        self._partial: dict[int, str] = {}
        self.buffer = _RawStream(self)
        os.register_at_fork(after_in_child=self._forked)

    def _forked(self) -> None:
        # What the parent has not finished is the parent's to write.
        self._lock = threading.Lock()
        self._partial = {}

    def fileno(self) -> int:
        """See :class:`io.IOBase`."""
        return self._fd

    def writable(self) -> bool:
        """See :class:`io.IOBase`."""
        return True

    def reconfigure(self, **_: Any) -> None:
        """As scripts ask for it: lines are UTF-8 and passed on at once in any case."""

    def write(self, text: str) -> int:
        """Pass on the lines that ``text`` completes, and keep the rest for this thread's next."""
        thread = threading.get_ident()
        pending = self._partial.get(thread, "") + text
        whole, newline, rest = pending.rpartition("\n")
        if len(rest) > _LONG_LINE:
            whole, newline, rest = pending, "", ""
        if rest:
            self._partial[thread] = rest
        else:
            self._partial.pop(thread, None)
        if whole or newline:
            self.write_bytes((whole + newline).encode(self.encoding, self.errors))
        return len(text)

    def write_bytes(self, data: Buffer) -> None:
        """Write all of ``data`` to the descriptor, not interleaved with another thread's."""
        view = memoryview(data).cast("B")
        with self._lock:
            while view:
                view = view[os.write(self._fd, view) :]

    def flush(self) -> None:
        """Pass on this thread's unfinished line."""
        rest = self._partial.pop(threading.get_ident(), "")
        if rest:
            self.write_bytes(rest.encode(self.encoding, self.errors))

    def drain(self) -> None:
        """Pass on the unfinished lines of every thread, each as a line of its own."""
        for thread in list(self._partial):
            rest = self._partial.pop(thread, "")
            if rest:
                self.write_bytes((rest + "\n").encode(self.encoding, self.errors))


class _RawStream(io.RawIOBase):
    """``sys.stdout.buffer``: bytes go to the descriptor after the thread's unfinished text."""

    def __init__(self, text: LineStream) -> None:
        super().__init__()
        self._text = text

    def fileno(self) -> int:
        return self._text.fileno()

    def writable(self) -> bool:
        return True

    def write(self, data: Buffer) -> int:
        self._text.flush()
        self._text.write_bytes(data)
        return memoryview(data).nbytes

    def flush(self) -> None:
        self._text.flush()


class WireHandler(logging.Handler):
    """Sends log records as log frames; a traceback goes along as further lines."""

    _writer: wire.FrameWriter

    def begin(self, writer: wire.FrameWriter) -> None:
        """Serve a run as a new handler would, whatever the run before has made of this one."""
        self._writer = writer
        self.level = logging.NOTSET
        self.formatter = None
        self.filters = []

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record."""
        try:
            text = self.format(record)
        except Exception:  # noqa: BLE001 - logging's own contract: a bad record is reported, not raised
            self.handleError(record)
            return
        if self._writer.forked:
            print(text, file=sys.stderr, flush=True)  # noqa: T201 - the wire is the parent's alone
            return
        level = level_of(record.levelno)
        for line in text.splitlines() or [""]:
            self._writer.log(level, line)


def level_of(levelno: int) -> int:
    """The wire's level for a level of :mod:`logging`."""
    if levelno >= logging.ERROR:
        return wire.LEVEL_ERROR
    if levelno >= logging.WARNING:
        return wire.LEVEL_WARNING
    return wire.LEVEL_INFO if levelno >= logging.INFO else wire.LEVEL_DEBUG


def _show_warning(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, *_: Any
) -> None:
    log = named("py.warnings")
    log.warning("%s:%s: %s: %s", filename, lineno, category.__name__, message)


@cache
def named(name: str) -> logging.Logger:
    """Return a logger, which is looked for once: every run of a process wants the same."""
    return logging.getLogger(name)


@cache
def _wire_handler() -> WireHandler:
    return WireHandler()


def capture(writer: wire.FrameWriter) -> Callable[[], None]:
    """Route ``print``, ``logging`` and ``warnings`` of this process to the host.

    Returns:
        A function that passes on every unfinished line.
    """
    out, err = make_ready()
    _wire_handler().begin(writer)

    def drain() -> None:
        out.drain()
        err.drain()

    return drain


def capture_streams() -> tuple[LineStream, LineStream]:
    """Have ``print`` write whole lines to descriptors 1 and 2, whatever those are at the time."""
    if not isinstance(sys.__stdout__, LineStream):
        sys.stdout = sys.__stdout__ = LineStream(1)  # type: ignore[assignment,misc]
        sys.stderr = sys.__stderr__ = LineStream(2)  # type: ignore[assignment,misc]
    return sys.__stdout__, sys.__stderr__  # type: ignore[return-value]


def make_ready() -> tuple[LineStream, LineStream]:
    """Do what `capture` does once in a process. Nothing may be logged before there is a run."""
    named("py.warnings")
    _install(_wire_handler())
    return capture_streams()


def to_terminal() -> None:
    """Let ``logging`` and ``warnings`` write to the person's terminal, beside what is printed."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(levelname)-7s %(message)s"))
    _install(handler)


def _install(handler: logging.Handler) -> None:
    root = logging.getLogger()
    if handler not in root.handlers:  # as it is after the first run of a process
        root.addHandler(handler)
    if root.level != logging.INFO:
        root.setLevel(logging.INFO)
    warnings.showwarning = _show_warning  # type: ignore[assignment]
