"""A warm guest: a process with the heavy imports done, which forks a child for each run.

It runs no parser itself, and does nothing but answer its host. A child has everything of its run to
itself: the socket, the pipes, the modules of the parser; and what it changes ends with it.
"""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import socket
import sys
import time
import warnings

from . import huge_pages, loader, logs, preload, rehearsal
from .control import Channel
from .loaded import note_loaded
from .warm_child import Child, close

_PR_SET_PDEATHSIG = 1
#: Found here once: to look for it in a fork would touch, and so copy, a page of every library.
_prctl = ctypes.CDLL(None, use_errno=True).prctl if os.name == "posix" else None
#: What a fork has no use for, and must not take to pieces: that, too, copies memory.
_left_alone: list[object] = []


def serve(control: int) -> Child:
    """Be a warm guest until the host has gone; return in each child that is forked."""
    os.set_inheritable(control, False)
    channel = Channel(socket.socket(fileno=control))
    # Inherited from whoever started the host, it would let nobody know how a run ended.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    logs.capture_streams()
    first = channel.receive()
    if first is None:
        os._exit(0)
    own = set(first["own"])
    try:
        loaded = preload.load(first["preload"], own, first["folders"])
        if loaded & own:
            raise preload.UnfitError("", _shadows(loaded & own))
        note_loaded()
        rehearsal.rehearse(first["folders"])
        if first["parser"] is not None:
            loader.prepare(first["parser"])
    except preload.UnfitError as error:
        channel.send({"is": "unfit", "module": error.module, "why": error.why})
        os._exit(0)
    logs.make_ready()
    stamps = _Stamps(first["watch"])
    _left_alone.append((loaded, stamps))
    gc.collect()
    gc.freeze()  # a collection in a child would write to, and so copy, all of these pages
    huge_pages.collapse()
    channel.send({"is": "ready"})
    while True:
        message = channel.receive()
        if message is None:
            os._exit(0)
        if message["do"] == "reap":
            channel.send({"is": "reaped", "code": _reap(message["pid"])})
            continue
        descriptors = channel.take(message["descriptors"])
        shadowed = loaded.intersection(message["own"])
        stale = _shadows(shadowed) if shadowed else stamps.changed()
        pid = None
        if stale is None:
            try:
                pid = _fork()
            except OSError as error:  # the system's limit of processes, or of memory
                stale = f"no process could be forked: {error.strerror}"
        if pid == 0:
            channel.close()
            return Child(message, descriptors)
        close(descriptors)
        answer = {"is": "forked", "pid": pid} if stale is None else {"is": "stale", "why": stale}
        channel.send(answer)


def _shadows(names: set[str]) -> str:
    return f"the parser's folder has a module {min(names)!r} of its own"


def _fork() -> int:
    """Fork a child that leads a group of its own, and ends with this process."""
    me = os.getpid()
    if sys.version_info < (3, 12):
        pid = os.fork()
    else:
        with warnings.catch_warnings():
            # It sees the threads of libraries, which were judged when they were started.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
    if not pid:
        os.setpgid(0, 0)
        if _prctl is not None:
            _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != me:
            os._exit(1)
        return 0
    try:
        os.setpgid(pid, pid)  # whoever comes first: the host may kill the group from now on
    except (PermissionError, ProcessLookupError):
        pass
    return pid


def _reap(pid: int) -> int:
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


class _Stamps:
    """Sees when a file of an installed package that is loaded here was changed.

    Args:
        every: the files are looked at at most every so many seconds; None: never.
    """

    def __init__(self, every: float | None) -> None:
        self._every = every
        self._looked = time.monotonic()
        self._stamps = {} if every is None else {file: _stamp(file) for file in preload.files()}

    def changed(self) -> str | None:
        if self._every is None or time.monotonic() - self._looked < self._every:
            return None
        self._looked = time.monotonic()
        for file, stamp in self._stamps.items():
            if _stamp(file) != stamp:
                return f"{file} was changed"
        return None


def _stamp(file: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
