"""The bridge: runs one guest and tells, event by event, what it does.

One implementation for dev and prod. The guest is untrusted: whatever it sends, and however it
ends, the bridge comes to an :class:`~casparian.core.events.Ended` and leaves no process behind.
"""

from __future__ import annotations

import os
import select
import signal
import time
from dataclasses import dataclass, field, replace
from socket import MSG_DONTWAIT
from typing import TYPE_CHECKING

from .events import LEVELS, Batch, BridgeResult, Ended, GuestError, Hello, Log, Modules
from .guest import ColdGuests
from .interrupts import Interrupts
from .lines import LineSplitter
from .logs import LogDestination, Terminal, open_destination
from .wire import EndFrame, FrameDecoder, ProtocolError, TextFrame, WireLimits

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from typing import Literal

    from .cancel import CancelToken
    from .events import Event
    from .guest import Guest, GuestSource, GuestSpec
    from .messages import Translator
    from .wire import Frame

_CHUNK = 64 * 1024
_LIMITS = WireLimits()
#: Clocks are looked at so often, and so is a guest of whose exit nothing tells (milliseconds).
_TICK = 100
#: What a dead guest's pipes and socket can still hold is far less than this (bytes).
_MAX_DRAIN = 64 << 20


@dataclass(frozen=True, slots=True)
class BridgeConfig:
    """One run of one guest. Times are seconds; None: no limit."""

    spec: GuestSpec
    logs: LogDestination
    source: GuestSource = field(default_factory=ColdGuests)
    startup_timeout: float | None = 120.0
    """From the start to the hello."""
    timeout: float | None = None
    """For all of it; the time the consumer of the events takes counts."""
    timeout_hint: str = "allow more with --timeout"
    """What to try when that time was up."""
    grace: float = 5.0
    """From the end frame to the exit; and from the last row that is wanted to the end frame."""
    limits: WireLimits = _LIMITS
    cancel: CancelToken | None = None


def execute_bridge(config: BridgeConfig) -> Generator[Event]:
    """Run a guest and yield its events; the last one is ``Ended`` with the result.

    The guest is started by the call itself, before the first event is asked for. Closing the
    iterator early ends the guest's whole process tree. On a terminal there are no timeouts: a
    person may be at the ``pdb`` prompt.

    Raises:
        OSError: the guest's Python can't be started.
    """
    terminal = isinstance(config.logs, Terminal)
    if terminal != config.spec.terminal:
        raise ValueError("a guest is on the terminal exactly if its log is")
    if terminal:
        limits = replace(config.limits, stall=float("inf"))
        config = replace(config, startup_timeout=None, timeout=None, limits=limits)
    run = _Run(config, config.source.start(config.spec))
    events = run.events()
    # A generator that was never begun runs no cleanup when it is closed: begin it.
    next(events)
    return events  # type: ignore[return-value]


class _TimeUp(Exception):
    """The guest's time is up."""

    def __init__(
        self, kind: Literal["timeout", "startup_timeout"], message: str, hint: str
    ) -> None:
        super().__init__(message)
        phase = "start" if kind == "startup_timeout" else "parse"
        self.error = GuestError(kind, "Timeout", message, phase, kind == "timeout", hint)


class _Interrupted(Exception):
    """Ctrl-C, and the guest has not ended by itself."""


class _Cancelled(Exception):
    """The run's cancel token was set."""


class _Run:
    """The loop over one guest's socket, pipes, exit and clocks."""

    def __init__(self, config: BridgeConfig, guest: Guest) -> None:
        self._config = config
        self._guest = guest
        self._started = guest.started
        self._decoder = FrameDecoder(config.limits)
        self._hello_at: float | None = None
        self._last_bytes = self._started
        self._end_seen = False
        self._ended_at: float | None = None
        self._rows = 0
        self._enough_at: float | None = None
        self._told: GuestError | None = None
        self._error_text: str | None = None
        self._killed_late = False
        self._poll = select.poll()
        self._splitters: dict[int, LineSplitter] = {}
        self._open: set[int] = set()
        self._tells_of_exit: set[int] = set()
        self._write_log: Callable[[Log], None] = lambda _: None
        self._translator: Translator

    def events(self) -> Generator[Event | None]:
        """None once, then the events."""
        guest, logs = self._guest, self._config.logs
        try:
            self._watch()
            if isinstance(logs, Terminal):
                with Interrupts(guest) as interrupts:
                    self._poll.register(interrupts, select.POLLIN)
                    yield from self._tell(interrupts)
            else:
                with open_destination(logs) as self._write_log:
                    yield from self._tell(None)
        finally:
            try:
                guest.end()
            finally:
                guest.close()

    def _tell(self, interrupts: Interrupts | None) -> Generator[Event | None]:
        yield None
        for notice in self._guest.notices:
            yield self._logged(Log("info", f"casparian: {notice}"))
        # Arrow is imported once the guest is on its way: both do it at the same time.
        from .messages import Translator

        self._translator = Translator(self._config.limits)
        failure: GuestError | None = None
        status: Literal["cancelled", "interrupted"] | None = None
        try:
            for event in self._follow(interrupts):
                handed = time.monotonic()
                yield event
                self._excuse(time.monotonic() - handed)
            self._guest.end()
            yield from self._drain()
        except ProtocolError as error:
            failure = GuestError(
                "protocol", "ProtocolError", error.message, "transfer", hint=error.hint
            )
        except _TimeUp as late:
            failure = late.error
        except _Interrupted:
            status = "interrupted"
        except _Cancelled:
            status = "cancelled"
        exit_code = self._guest.end()
        yield from self._drain_pipes()
        result = self._result(exit_code, failure, status)
        if self._killed_late and result.status == "completed":
            yield self._logged(
                Log("warning", "the parser did not end after its last row, and was killed")
            )
        if result.error is not None:
            yield result.error
        yield Ended(result)

    def _watch(self) -> None:
        guest, cancel = self._guest, self._config.cancel
        for fd, level in ((guest.stdout, LEVELS[0]), (guest.stderr, LEVELS[1])):
            if fd is not None:
                os.set_blocking(fd, False)
                self._splitters[fd] = LineSplitter(level)
        self._open = {guest.socket.fileno(), *self._splitters}
        self._tells_of_exit = set(guest.process.tells_of_exit)
        for fd in self._open | self._tells_of_exit:
            self._poll.register(fd, select.POLLIN)
        if cancel is not None:
            self._poll.register(cancel, select.POLLIN)

    def _follow(self, interrupts: Interrupts | None) -> Iterator[Event]:
        """Read until the guest has exited."""
        guest, cancel = self._guest, self._config.cancel
        socket = guest.socket.fileno()
        while True:
            told: list[int] = []
            for fd, _ in self._poll.poll(_TICK):
                if fd in self._open:
                    if fd == socket:
                        yield from self._read_socket()
                    else:
                        yield from self._read_pipe(fd)
                    if fd not in self._open:
                        self._poll.unregister(fd)
                elif fd in self._tells_of_exit:
                    told.append(fd)
            if (told or not self._tells_of_exit) and guest.exited():
                return
            for fd in told:  # of something else: whoever did not take it may say it for ever
                self._poll.unregister(fd)
                self._tells_of_exit.discard(fd)
            if cancel is not None and cancel.cancelled:
                raise _Cancelled
            if interrupts is not None and interrupts.attend():
                raise _Interrupted
            self._check_clocks()

    def _read_socket(self) -> Iterator[Event]:
        cancel = self._config.cancel
        for frame in self._receive() or ():
            event = self._take(frame)
            if event is not None:
                yield event
            # A consumer may take long with each of the many frames that one look brings.
            if cancel is not None and cancel.cancelled:
                raise _Cancelled

    def _receive(self) -> Iterator[Frame] | None:
        """The frames that the bytes on hand complete; None if there are no bytes on hand."""
        try:
            count = self._guest.socket.recv_into(self._decoder.space(), 0, MSG_DONTWAIT)
        except BlockingIOError:
            return None
        except ConnectionError:
            count = 0
        self._last_bytes = time.monotonic()
        if not count:
            self._open.discard(self._guest.socket.fileno())
            return None
        return self._decoder.received(count)

    def _take(self, frame: Frame) -> Event | None:
        """Take note of a frame; returns what there is to tell of it."""
        if self._ended_at is not None:
            raise ProtocolError("the guest sent a frame after its last one")
        if isinstance(frame, EndFrame):
            if self._hello_at is None:
                raise ProtocolError("the guest sent its end frame before its hello")
            self._end_seen = True
            self._ended_at = time.monotonic()
            return None
        if isinstance(frame, TextFrame) and frame.kind == "error":
            self._error_text = frame.text
            self._ended_at = time.monotonic()
            return None
        event = self._translator.event(frame)
        if isinstance(event, Log):
            return self._logged(event)
        if isinstance(event, Batch):
            self._count(event.table.num_rows)
        elif isinstance(event, Hello):
            self._hello_at = time.monotonic()
        elif isinstance(event, Modules):
            self._guest.learn(event.installed)
        elif isinstance(event, GuestError):
            self._told = event
            return None
        return event

    def _count(self, rows: int) -> None:
        self._rows += rows
        wanted = self._config.spec.first_rows
        if wanted is not None and self._rows >= wanted and self._enough_at is None:
            self._enough_at = time.monotonic()

    def _logged(self, line: Log) -> Log:
        self._write_log(line)
        return line

    def _read_pipe(self, fd: int) -> Iterator[Event]:
        try:
            data = os.read(fd, _CHUNK)
        except BlockingIOError:
            return
        if not data:
            self._open.discard(fd)
            return
        for line in self._splitters[fd].feed(data):
            yield self._logged(line)

    def _excuse(self, seconds: float) -> None:
        """The guest could not go on while the consumer had an event, and nobody read from it."""
        self._last_bytes += seconds
        if self._ended_at is not None:
            self._ended_at += seconds
        if self._enough_at is not None:
            self._enough_at += seconds

    def _check_clocks(self) -> None:
        now, config = time.monotonic(), self._config
        if self._ended_at is not None:
            if now - self._ended_at > config.grace and not self._killed_late:
                self._killed_late = True
                os.kill(self._guest.pid, signal.SIGKILL)
            return
        if self._enough_at is not None and self._must_stop(now):
            self._killed_late = self._end_seen = True
            os.kill(self._guest.pid, signal.SIGKILL)
            return
        if config.timeout is not None and now - self._started > config.timeout:
            raise _TimeUp(
                "timeout",
                f"the run took longer than its {config.timeout:g} s and was ended",
                config.timeout_hint,
            )
        if (
            self._hello_at is None
            and config.startup_timeout is not None
            and now - self._started > config.startup_timeout
        ):
            raise _TimeUp(
                "startup_timeout",
                f"the parser was not loaded within {config.startup_timeout:g} s",
                "look at what its module does when it is imported",
            )
        if now - self._last_bytes <= config.limits.stall:
            return
        if self._decoder.mid_frame:
            raise ProtocolError(
                f"a frame stood half sent for {config.limits.stall:g} s",
                hint="the guest hangs, or something in it writes to the socket",
            )
        if self._guest.socket.fileno() not in self._open:
            raise ProtocolError(
                "the guest closed its socket before its end frame, and ran on",
                hint="the parser, or a library it uses, closes descriptors that are not its own",
            )

    def _must_stop(self, now: float) -> bool:
        """Whether the guest had its time to end after the last row that was wanted of it."""
        if self._killed_late or self._config.spec.terminal or self._enough_at is None:
            return False  # on a terminal a person may be at the pdb prompt
        return now - self._enough_at > self._config.grace

    def _drain(self) -> Iterator[Event]:
        """What the guest had sent before it ended: its last frames."""
        drained = 0
        while drained < _MAX_DRAIN and self._guest.socket.fileno() in self._open:
            frames = self._receive()
            if frames is None:
                return
            drained += _CHUNK
            for frame in frames:
                event = self._take(frame)
                if event is not None:
                    yield event

    def _drain_pipes(self) -> Iterator[Event]:
        """The last lines, with or without an end."""
        readable = {fd for fd, _ in self._poll.poll(0)}
        for fd, splitter in self._splitters.items():
            drained = 0
            while fd in readable and drained < _MAX_DRAIN:
                try:
                    data = os.read(fd, _CHUNK)
                except BlockingIOError:
                    break
                if not data:
                    break
                drained += len(data)
                for line in splitter.feed(data):
                    yield self._logged(line)
            for line in splitter.flush():
                yield self._logged(line)

    def _result(
        self,
        exit_code: int,
        failure: GuestError | None,
        status: Literal["cancelled", "interrupted"] | None,
    ) -> BridgeResult:
        now = time.monotonic()
        timings = {"total": 1000 * (now - self._started)}
        if self._hello_at is not None:
            timings["hello"] = 1000 * (self._hello_at - self._started)
        error = failure or self._told
        # Without a terminal no Ctrl-C reaches a guest: then it is a crash like any other.
        on_terminal = isinstance(self._config.logs, Terminal)
        interrupted = on_terminal and exit_code == -signal.SIGINT and not self._end_seen
        if status is None and error is None and interrupted:
            status = "interrupted"
        if status is not None:
            return BridgeResult(status, None, exit_code, timings)
        if error is None and self._error_text is not None:
            error = GuestError("parser", "Error", self._error_text, "start")
        if error is None and not (self._end_seen and (exit_code == 0 or self._killed_late)):
            error = self._crash(exit_code)
        return BridgeResult(
            "failed" if error is not None else "completed", error, exit_code, timings
        )

    def _crash(self, exit_code: int) -> GuestError:
        if exit_code < 0:
            try:
                how = f"was killed by {signal.Signals(-exit_code).name}"
            except ValueError:
                how = f"was killed by signal {-exit_code}"
        else:
            how = f"exited with code {exit_code}"
        when = "after its end frame" if self._end_seen else "before it had finished"
        phase = "start" if self._hello_at is None else "parse"
        hint = "its log may say why"
        if exit_code == -signal.SIGKILL:
            hint = "casparian did not do it: the parser may have, or the system, for want of memory"
        elif self._hello_at is not None and exit_code >= 0:
            hint = "the parser, or a library it uses, called os._exit()"
        return GuestError("crash", "GuestCrashed", f"the guest {how} {when}", phase, True, hint)
