"""Workers of this machine, started to go on by themselves, and asked to stop."""

from __future__ import annotations

import datetime
import os
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Final

import psutil

from casparian.core.errors import CasparianError
from casparian.core.worker.presence import boot_id

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from casparian.core.stores.store import Store
    from casparian.core.stores.workers import Worker

#: Begins a process that belongs to nobody: it is no child of who asked, and leaves no zombie there.
_LAUNCHER: Final = """
import os, subprocess, sys
with open(sys.argv[1], "ab") as log:
    process = subprocess.Popen(
        sys.argv[2:], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
    )
print(process.pid, flush=True)
os._exit(0)
"""
_LOOK_S: Final = 0.1
_LONGEST_S: Final = 60.0
_TOLD_LINES: Final = 5
_SAME_MS: Final = 20
"""How exactly the system tells when a process began."""


class WorkerError(CasparianError):
    """A worker can't be started, or not be asked to stop."""


def start_worker(
    command: Sequence[str], store: Store, home: Path, *, given_up: Callable[[], bool]
) -> tuple[int, Path]:
    """Start a worker that goes on by itself, and wait until it has announced itself.

    Args:
        command: runs a worker over this store.
        store: where it announces itself.
        home: CASPARIAN_HOME; what it says goes to a log there.
        given_up: whether to wait no longer, which is asked ten times a second.

    Returns:
        Its pid, and the path of its log.

    Raises:
        WorkerError: it ended at once; with the last it said.
    """
    now = datetime.datetime.now(datetime.UTC)
    folder = home / "logs" / now.date().isoformat()
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / f"worker-{now:%H%M%S}-{os.urandom(2).hex()}.log"
    launched = subprocess.run(
        [sys.executable, "-I", "-c", _LAUNCHER, str(log), *command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if launched.returncode:
        raise WorkerError(f"no worker can be started: {launched.stderr.strip()[-300:]}")
    pid = int(launched.stdout)
    deadline = time.monotonic() + _LONGEST_S
    while not any(worker.pid == pid for worker in store.workers.list()):
        if not _runs(pid):
            said = log.read_text("utf-8", "replace").strip().splitlines()[-_TOLD_LINES:]
            raise WorkerError("the worker ended at once: " + " ".join(said), hint=f"see {log}")
        if given_up() or time.monotonic() > deadline:
            break
        time.sleep(_LOOK_S)
    return pid, log


def why_not_stop(worker: Worker) -> str:
    """Say why a worker can't be asked to stop from here; empty if it can."""
    if worker.host != socket.gethostname():
        return f"it runs on {worker.host}: stop it there, by SIGTERM to {worker.pid}"
    boot = boot_id()
    if (boot and worker.boot_id and boot != worker.boot_id) or _process(worker) is None:
        return "its process is gone"
    return ""


def stop_worker(worker: Worker) -> None:
    """Ask a worker to stop: it begins no more jobs, and ends or gives back those that run.

    Raises WorkerError if it can't be asked.
    """
    reason = why_not_stop(worker)
    process = None if reason else _process(worker)
    if process is None:
        raise WorkerError(f"worker {worker.worker_id}: {reason or 'its process is gone'}")
    try:
        process.send_signal(signal.SIGTERM)
    except psutil.Error as error:
        raise WorkerError(f"worker {worker.worker_id} can't be stopped: {error}") from error


def _process(worker: Worker) -> psutil.Process | None:
    """Return a worker's process; None if it is gone, and its number perhaps another one's."""
    try:
        process = psutil.Process(worker.pid)
        began = round(process.create_time() * 1000)
        ended = process.status() == psutil.STATUS_ZOMBIE
    except psutil.Error:
        return None
    return None if ended or abs(began - worker.pid_started) > _SAME_MS else process


def _runs(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False
