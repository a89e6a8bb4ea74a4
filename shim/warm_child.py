"""The child of a warm guest: runs what it was forked for, and ends as an interpreter ends."""

from __future__ import annotations

import _thread
import atexit
import contextlib
import ctypes
import gc
import os
import random
import signal
import socket
import sys
import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from . import chance, loaded
from .control import IDLE, Channel

if TYPE_CHECKING:
    from typing import NoReturn


class Child:
    """What a forked child is to run: the options that a cold guest would have been started with.

    Args:
        request: of the host.
        descriptors: the run's socket, its standard output and error; and, if it may go on with
            other runs of the same parser, the socket on which it is told of them.
    """

    def __init__(self, request: dict[str, Any], descriptors: list[int]) -> None:
        self._left: int = request["runs"]
        self._channel: Channel | None = None
        if len(descriptors) > _DESCRIPTORS:
            self._channel = Channel(socket.socket(fileno=descriptors.pop()))
            _keep_memory()
        self._take(request, descriptors)

    def _take(self, request: dict[str, Any], descriptors: list[int]) -> None:
        connection, self._out, self._err = descriptors
        # Said what it is, nobody has to ask the system.
        self._connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, connection)
        self._folder: str | None = request["folder"]
        self._own_folder: str = request["own_folder"]
        self.options = SimpleNamespace(
            parser_path=request["parser_path"],
            parser_archive=None,
            input_path=request["input_path"],
            job_id=request["job_id"],
            load_only=request["load_only"],
            limit=request["limit"],
            first_rows=request["first_rows"],
            socket=self._connection,
            terminal=False,
            interrupt_fd=None,
        )

    def begin(self) -> None:
        """Make this process what a new one would be: its own pipes, folder, and chance."""
        os.dup2(self._out, 1)
        os.dup2(self._err, 2)
        close([self._out, self._err])
        if self._folder is not None:
            os.chdir(self._folder)  # made anew for this run, at the same place
        chance.seed_anew()

    def goes_on(self, code: int) -> bool:
        """Wait for another run of the same parser, if this process is fit for one."""
        self._left -= 1
        channel = self._channel
        if channel is None or code or self._left < 1 or _threads() or _children():
            return False
        _fflush(None)  # what C code printed belongs to this run
        for clock in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF):
            signal.setitimer(clock, 0)  # an alarm that this run has set rings in no other
        try:
            # The host has all of this run once it hears this: only then does its socket close.
            channel.send(IDLE)
        except OSError:
            return False  # the parser has closed the channel: its run is over all the same
        self._connection.close()
        request = channel.receive()
        if request is None:
            os._exit(0)
        self._take(request, channel.take(_DESCRIPTORS))
        random.seed()  # as a fork has it
        return True

    def end(self, code: int) -> NoReturn:
        """End as an interpreter ends, without taking all that was loaded ahead to pieces.

        Threads are waited for, ``atexit`` is called, and what the parser's modules hold is let go
        of, so that files are flushed and closed.
        """
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        loaded.forget(self._own_folder)
        gc.collect()
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(AttributeError, OSError, ValueError):
                stream.flush()  # the parser may have put anything there, or closed it
        _fflush(None)  # what C code printed
        os._exit(code)


_DESCRIPTORS = 3
#: Children of every kind, whatever signal they end with; Python has no name for it.
_WALL = 0x40000000
#: Found before the fork, see `warm`.
_fflush = ctypes.CDLL(None).fflush
#: Of glibc; other systems' C has none.
_mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
#: As much as glibc itself comes to keep at most, in a process that gives large pieces back.
_KEPT_BYTES = 64 << 20


def _keep_memory() -> None:
    """Keep what one run has used of the heap for the next, which would ask for as much again."""
    if _mallopt is not None:
        _mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)
        _mallopt(_M_MMAP_THRESHOLD, _KEPT_BYTES // 2)


def _threads() -> bool:
    """Whether threads of Python's go on, also such as `threading` knows nothing of."""
    return threading.active_count() > 1 or _thread._count() > 0


def _children() -> bool:
    """Whether this process has children: what was started goes on, and so belongs to this run."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT | _WALL)
    except ChildProcessError:
        return False
    return True


def close(descriptors: list[int]) -> None:
    """Close descriptors."""
    for descriptor in descriptors:
        os.close(descriptor)
