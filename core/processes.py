"""No orphans: a guest's whole process tree ends, on any way of its host's dying or its own.

Three things work together. The guest leads a process group, which is killed as a whole. Every
process below it carries a mark in its environment, by which those that left the group are found.
A *guardian*, a waiting ``sh`` that holds one end of a pipe, does both should the host itself be
killed: the pipe's end is what wakes it.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

from .small_files import read_small

if TYPE_CHECKING:
    from pathlib import Path

#: Set in every guest's environment, to a value of its own; children inherit it.
MARK = "CASPARIAN_GUEST"

_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_PDEATHSIG = 1
#: A killed process may be in the kernel for a while yet (seconds).
_DYING = 5.0
_is_subreaper = False
#: Children of this process that a sweep after a guest leaves alone: guardians, and warm guests.
_kept: set[int] = set()

# $1: the guest's mark; $2: its folder, if it has one; a line says its process group.
# The loop matters only for what left the group.
_GUARDIAN = """
group=
while read -r line; do group=$line; done
[ -z "$group" ] || kill -9 "-$group" 2>/dev/null
printf '%s\\n' /proc/[0-9]*/environ | xargs grep -ls -e "$1" |
while IFS=/ read -r _ _ pid _; do kill -9 "$pid" 2>/dev/null; done
[ -z "$2" ] && exit
tries=0 # what is being killed may still put something there
until rm -rf -- "$2" 2>/dev/null || [ $((tries += 1)) -gt 50 ]; do sleep 0.1; done
"""


def become_subreaper() -> None:
    """Have orphaned descendants handed to this process, so that it can sweep them (Linux).

    For processes that do nothing but drive a guest: ``casparian run``, and runners.
    """
    global _is_subreaper
    if sys.platform.startswith("linux"):
        import ctypes

        result = ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        _is_subreaper = result == 0


def end_with_parent(parent: int) -> None:
    """Have this process killed when its parent ends (Linux); elsewhere it must see an EOF.

    Args:
        parent: the process id that the parent had when it started this process.
    """
    if sys.platform.startswith("linux"):
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)  # it died before the signal was asked for


def keep(pid: int) -> None:
    """A child of this process outlives the guests: no sweep ends it."""
    _kept.add(pid)


def no_longer_keep(pid: int) -> None:
    """A child that outlived guests has ended."""
    _kept.discard(pid)


class Guardian:
    """Kills a guest's processes when this process dies without having done so.

    Args:
        group: the guest's process group; None if there is a folder only, or no process yet.
        mark: the guest's own, never empty.
        folder: goes with the guest; it need not be there yet.
    """

    def __init__(self, group: int | None, mark: str, folder: Path | None = None) -> None:
        assert mark  # every process there is has an empty one
        arguments = [f"{MARK}={mark}", "" if folder is None else str(folder)]
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", _GUARDIAN, "casparian-guardian", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        keep(self._process.pid)
        if group is not None:
            self.watch(group)

    def watch(self, group: int) -> None:
        """Guard a process group that was started after the guardian."""
        assert self._process.stdin is not None
        try:
            os.write(self._process.stdin.fileno(), b"%d\n" % group)
        except BrokenPipeError:
            pass  # it was killed: that the guest watches its host must do

    @property
    def pid(self) -> int:
        """The guardian's process id."""
        return self._process.pid

    def dismiss(self) -> None:
        """The guest's processes have ended: the guardian is not needed any more."""
        self._process.kill()
        self._process.wait()
        no_longer_keep(self._process.pid)
        assert self._process.stdin is not None
        self._process.stdin.close()


def kill_group(group: int) -> None:
    """Kill every process of a group; call it while its leader has not been reaped."""
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass  # nobody is left in it, or only the zombie of its leader (macOS says EPERM)


def await_group(group: int) -> None:
    """Wait until the killed members of a group, whose leader has been reaped, have ended."""
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return  # as nearly always: the leader was alone
    import psutil

    for pid in psutil.pids():
        try:
            belongs = os.getpgid(pid) == group
        except ProcessLookupError:
            continue
        if belongs:
            _kill(pid)


def sweep(mark: str, *, spare: frozenset[int] = frozenset()) -> list[int]:
    """Kill what carries ``mark`` or, under a subreaper, was left to this process.

    Args:
        mark: the guest's own.
        spare: children of this process that are not the guest's; those that are kept never are.

    Returns:
        The process ids that were killed.
    """
    spare |= _kept
    if _is_subreaper and not _has_children_beside(spare):
        return []
    killed: list[int] = []
    quiet = 0
    # A process can fork while it is being looked for, and shows no environment while it is
    # replacing itself: each round finds what the last one missed, and one empty round is no proof.
    for _ in range(20):
        found = [pid for pid in _marked(mark, spare) if pid not in killed]
        quiet = 0 if found else quiet + 1
        if quiet == 2:
            break
        for pid in found:
            killed.append(pid)
            _kill(pid)
    return killed


def is_readable(descriptor: int, timeout: float | None = 0.0) -> bool:
    """Whether something can be read, within ``timeout`` seconds (None: it waits for ever).

    Unlike `select.select`, for descriptors of any number.
    """
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(None if timeout is None else 1000 * timeout))


def _kill(pid: int) -> None:
    """Kill a process and wait until it has ended; its parent may be somebody else."""
    try:
        if not hasattr(os, "pidfd_open"):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return
        process = os.pidfd_open(pid)
        try:
            signal.pidfd_send_signal(process, signal.SIGKILL)
            is_readable(process, _DYING)
        finally:
            os.close(process)
        os.waitpid(pid, os.WNOHANG)
    except (ProcessLookupError, ChildProcessError):
        pass  # it had ended already, or is another's to reap


def _has_children_beside(spare: frozenset[int]) -> bool:
    """Whether this process has other children; asked after every run, so it must cost little.

    Those that other threads have started are not the guest's: what it leaves behind comes to the
    main thread or, from older kernels, to the one that started the guest, and that asks.
    """
    try:
        found = [
            pid
            for thread in {os.getpid(), threading.get_native_id()}
            for pid in read_small(f"/proc/self/task/{thread}/children").split()
        ]
    except OSError:  # a kernel without CONFIG_PROC_CHILDREN
        import psutil

        return any(child.pid not in spare for child in psutil.Process().children())
    return not spare.issuperset(map(int, found))


def _marked(mark: str, spare: frozenset[int]) -> list[int]:
    import psutil

    me = os.getpid()
    found = []
    for process in psutil.process_iter():
        if process.pid == me or process.pid in spare:
            continue
        try:
            if (_is_subreaper and process.ppid() == me) or process.environ().get(MARK) == mark:
                if process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process.pid)
                elif process.ppid() == me:
                    os.waitpid(process.pid, os.WNOHANG)
        except (psutil.Error, ChildProcessError, OSError):
            continue  # it ended, or belongs to somebody else
    return found
