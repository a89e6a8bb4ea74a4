"""``casparian start``: a file that comes into a watched folder is a job, once it is complete."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...guest_python import GUEST_PYTHON
from .conftest import READ, Workshop


def start(workshop: Workshop, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "casparian.app", "start", "--python", GUEST_PYTHON]
    command += ["--store", str(workshop.folder / "casparian.db"), "--output", str(workshop.root)]
    return subprocess.Popen(
        [*command, "--settle", "0.3", *map(str, arguments)],
        env={**os.environ, "CASPARIAN_HOME": str(workshop.home)},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def statuses(workshop: Workshop) -> dict[str, str]:
    jobs = workshop.store.jobs.list().jobs
    return {Path(job.input_path).name: f"{job.parser} {job.status}" for job in jobs}


def test_files_go_to_the_parsers_that_subscribe_to_their_topic(
    workshop: Workshop, eventually: Callable[..., Any]
) -> None:
    workshop.parser(READ, topics=("people",))
    inbox = workshop.folder / "inbox"
    (inbox / "people").mkdir(parents=True)
    (inbox / "people" / "a.csv").write_text("name,age\nAda,36\n")
    (inbox / "people" / "same.csv").write_text("name,age\nAda,36\n")
    (inbox / "other").mkdir()
    (inbox / "other" / "b.csv").write_text("nobody wants it")
    (inbox / "people" / "note.txt").write_text("no")
    worker = start(workshop, "--watch", inbox, "--pattern", "*.csv")
    try:
        eventually(lambda: "a.csv" in statuses(workshop), 30)
        with (inbox / "people" / "c.csv").open("w") as file:
            file.write("name,age\n")
            file.flush()
            file.write("Grace,85\n")
        done = {"a.csv": "people completed", "c.csv": "people completed"}
        eventually(lambda: statuses(workshop) == done, 30)
    finally:
        worker.send_signal(signal.SIGTERM)
        _, told = worker.communicate(timeout=30)
    assert worker.returncode == 0, told
    assert "no parser subscribes to the topic 'other'" in told
    assert "queued" in told
    assert (inbox / "other" / "b.csv").exists()
