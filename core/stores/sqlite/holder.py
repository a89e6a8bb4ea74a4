"""Which process holds the store's write lock, for a person who has to do something about it.

The kernel is asked by ``/proc/locks`` (Linux). The file itself must not be opened to ask: closing
it would let go of every lock that SQLite has on it in this process.
"""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Final

#: Where the lock of SQLite's writer is in the WAL-index; see its "WAL-mode File Format".
_WRITER: Final = 120
_LONGEST_COMMAND: Final = 120


@dataclass(frozen=True, slots=True)
class Holder:
    """A process with the write lock: its id, its command, and whether it is stopped (SIGSTOP)."""

    pid: int
    command: str
    stopped: bool

    @property
    def sentence(self) -> str:
        """What it is."""
        stopped = ", which is stopped" if self.stopped else ""
        return f"process {self.pid}{f' ({self.command})' if self.command else ''}{stopped}"

    @property
    def hint(self) -> str:
        """What a person can do about it."""
        if self.stopped:
            return (
                f"let it go on: kill -CONT {self.pid}; or end it, which undoes what it had not "
                f"finished: kill -9 {self.pid}"
            )
        return (
            f"wait until it is done; if it hangs, end it: kill {self.pid}, which undoes what it "
            "had not finished"
        )


def write_holder(store: Path) -> Holder | None:
    """Return who holds a store's write lock; None if nobody does now, or it can't be told."""
    try:
        inode = os.stat(f"{store}-shm").st_ino  # noqa: PTH116 - beside a path with any ending
        locks = Path("/proc/locks").read_text()
    except OSError:
        return None
    pid = holder_by(locks, inode)
    if pid is None or pid <= 0:  # in another container, it has no number here
        return None
    process = Path(f"/proc/{pid}")
    try:
        state = (process / "stat").read_text().rpartition(")")[2].split()[0]
        words = (process / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    except (OSError, IndexError):
        return Holder(pid, "", stopped=False)
    command = shlex.join(word for word in words if word)
    return Holder(pid, command[:_LONGEST_COMMAND], stopped=state in "Tt")


def holder_by(locks: str, inode: int) -> int | None:
    """Return the process of the writer's lock by the content of ``/proc/locks`` (see proc(5))."""
    for line in locks.splitlines():
        # 1: POSIX  ADVISORY  WRITE 31119 fe:00:2507437 120 120; a "->" is one that waits.
        fields = line.split()
        if len(fields) != 8 or fields[3] != "WRITE":
            continue
        place, begin, end = fields[5:]
        is_it = place.rpartition(":")[2] == str(inode) and begin.isdigit()
        if is_it and int(begin) <= _WRITER and (end == "EOF" or int(end) >= _WRITER):
            return int(fields[4])
    return None
