"""Workers are started to go on by themselves, and only those that are meant are stopped."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from casparian.core.stores.sqlite.store import SqliteStore
from casparian.core.stores.workers import Worker
from casparian.core.worker.local_workers import (
    WorkerError,
    start_worker,
    stop_worker,
    why_not_stop,
)
from casparian.core.worker.presence import new_worker


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with SqliteStore(tmp_path / "casparian.db") as store:
        yield store


@pytest.fixture
def me(store: SqliteStore) -> Worker:
    """This process, as if it were a worker."""
    store.workers.announce(new_worker("me", slots=1))
    [worker] = store.workers.list()
    return worker


def test_a_worker_that_ends_at_once_says_what_it_said(store: SqliteStore, tmp_path: Path) -> None:
    command = [sys.executable, "-c", "print('error: no such output root'); exit(1)"]
    with pytest.raises(WorkerError, match="ended at once: error: no such output root") as error:
        start_worker(command, store, tmp_path, given_up=lambda: False)
    assert "worker-" in error.value.hint


def test_it_is_no_child_of_who_asked(store: SqliteStore, tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    pid, log = start_worker(command, store, tmp_path, given_up=lambda: True)
    try:
        assert pid not in [child.pid for child in psutil.Process().children(recursive=True)]
        assert os.getsid(pid) == pid, "Ctrl-C in the terminal doesn't reach it"
        assert log.exists()
    finally:
        psutil.Process(pid).kill()


def test_one_of_another_machine_or_whose_process_is_gone_is_not_stopped(me: Worker) -> None:
    assert why_not_stop(me) == ""
    for other, why in (
        (replace(me, host="elsewhere"), "it runs on elsewhere: stop it there"),
        (replace(me, pid_started=me.pid_started - 5_000), "its process is gone"),
        (replace(me, boot_id="another"), "its process is gone"),
    ):
        assert why in why_not_stop(other)
        with pytest.raises(WorkerError, match=why):
            stop_worker(other)
