"""Which workers of this machine are alive: each holds a lock that the kernel lets go of.

The lock tells at once that a worker is dead; it tells nothing of one that is frozen, or of other
machines: there the lease decides. On file systems of a network locks aren't trusted at all.
"""

from __future__ import annotations

import fcntl
import os
import socket
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from casparian.core.stores.workers import NewWorker
from casparian.core.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable

    from casparian.core.stores.workers import Worker

_FOLDER: Final = "workers"


class Presence:
    """Says that this process lives, for as long as it does."""

    def __init__(self, home: Path, worker_id: str) -> None:
        self._path = home / _FOLDER / f"{worker_id}.lock"
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file: IO[str] = self._path.open("w")
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def end(self, *, is_retired: bool = True) -> None:
        """It ends; if the store could not be told, the lock that is free now tells the others."""
        if is_retired:
            self._path.unlink(missing_ok=True)
        self._file.close()


def new_worker(worker_id: str, *, slots: int) -> NewWorker:
    """Describe this process as a worker."""
    import psutil

    me = psutil.Process()
    return NewWorker(
        worker_id,
        host=socket.gethostname(),
        pid=me.pid,
        slots=slots,
        version=VERSION,
        boot_id=boot_id(),
        pid_started=round(me.create_time() * 1000),
    )


def boot_id() -> str:
    """Return what tells this boot of the machine from others; empty where that isn't known."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def dead_workers(home: Path, workers: Iterable[Worker]) -> list[str]:
    """Return those of the workers that are known to be dead."""
    host, boot = socket.gethostname(), boot_id()
    dead = []
    for worker in workers:
        if worker.host != host:
            continue
        rebooted = bool(boot and worker.boot_id) and boot != worker.boot_id
        if rebooted or _lock_is_free(home / _FOLDER / f"{worker.worker_id}.lock"):
            dead.append(worker.worker_id)
    return dead


def forget_lock(home: Path, worker_id: str) -> None:
    """Remove what a dead worker left."""
    (home / _FOLDER / f"{worker_id}.lock").unlink(missing_ok=True)


def _lock_is_free(path: Path) -> bool:
    """Whether nobody holds a lock that is there; one that isn't there tells nothing."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True
