"""Jobs that can't be run for want of an environment wait, and why they do is seen."""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from casparian.core.interpreter import InterpreterError
from casparian.core.worker import obstacles
from casparian.core.worker.failures import failed
from casparian.core.worker.obstacles import Obstacles
from casparian.core.worker.python_check import check_python
from casparian.core.worker.reports import Notice
from casparian.core.worker.runner_process import Work

from .conftest import READ, Workshop


def script(path: Path, body: str) -> Path:
    """An executable that is shown to the worker as a Python."""
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def python(path: Path) -> Path:
    return script(path, f'exec {shlex.quote(sys.executable)} "$@"')


def said(workshop: Workshop) -> list[str]:
    return [one.sentence for one in workshop.reports if isinstance(one, Notice) and one.warning]


def test_a_worker_whose_python_runs_no_parser_ends_at_once_and_takes_no_job(
    workshop: Workshop,
) -> None:
    workshop.parser(READ)
    job_id = workshop.job()
    worker = workshop.worker("--drain", "--python", "/bin/sh")
    _, told = worker.communicate(timeout=60)
    assert worker.returncode == 1
    assert "error: --python /bin/sh: it is no Python" in told
    assert "  try: " in told
    job = workshop.get(job_id)
    assert (job.status, job.fence) == ("pending", 0)
    assert workshop.store.workers.list(retired=True) == []


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("casparian-python 3 8 ", "it is Python 3.8, and parsers need 3.10 or newer"),
        (
            "casparian-python 3 12 ModuleNotFoundError: No module named 'pyarrow'",
            "pyarrow can't be imported there, which every parser needs: ModuleNotFoundError",
        ),
        ("hello", "it is no Python: it ended with exit code 0; it says: hello"),
    ],
)
def test_what_is_wrong_with_a_python_is_said(tmp_path: Path, answer: str, why: str) -> None:
    fake = script(tmp_path / "python", f"echo {shlex.quote(answer)}")
    with pytest.raises(InterpreterError) as told:
        check_python(fake, ())
    assert why in told.value.message
    assert told.value.hint


def test_a_python_in_which_parsers_run_is_taken(tmp_path: Path) -> None:
    check_python(python(tmp_path / "python"), ())
    with pytest.raises(InterpreterError, match=r"it can't be started: No such file"):
        check_python(tmp_path / "none", ())


def test_jobs_whose_environment_cannot_be_built_wait_and_lose_no_attempt(
    workshop: Workshop,
) -> None:
    workshop.parser(READ)
    ids = [workshop.job(f"{number}\n") for number in range(4)]
    workshop.drain(python=None, offline=True, concurrency=2)
    for job_id in ids:
        job = workshop.get(job_id)
        assert (job.status, job.attempt, job.crash_count, job.error) == ("pending", 0, 0, None)
    assert not workshop.store.parsers.health(), "it is no fault of the parser's"
    [line] = said(workshop)
    assert line.startswith("the jobs of people 1.0.0 wait, and lose no attempt, until")
    assert "uv" in line
    assert "\n  try: " in line
    [met] = workshop.store.obstacles.list()
    assert (met.parser, met.parser_version, met.error_class) == (
        "people",
        "1.0.0",
        "environment_error",
    )
    assert met.hint


def test_once_there_is_an_environment_they_run_and_nothing_is_left_to_be_seen(
    workshop: Workshop, eventually
) -> None:
    workshop.parser(READ)
    fake = python(workshop.folder / "python")
    worker = workshop.worker("--python", fake, "--concurrency", 2)
    eventually(lambda: workshop.store.workers.list(), 30)
    fake.unlink()
    ids = [workshop.job(f"name,age\nAda,{number}\n") for number in range(3)]
    eventually(lambda: workshop.store.obstacles.list(), 30)
    [met] = workshop.store.obstacles.list()
    assert "can't be started" in met.message
    python(fake)
    eventually(lambda: {workshop.get(job_id).status for job_id in ids} == {"completed"}, 30)
    assert {workshop.get(job_id).attempt for job_id in ids} == {1}
    workshop.job("name,age\nAlan,1\n")
    eventually(lambda: workshop.store.jobs.counts() == {"completed": 4}, 30)
    assert workshop.store.obstacles.list() == []
    worker.send_signal(signal.SIGTERM)
    _, told = worker.communicate(timeout=30)
    assert told.count("the jobs of people 1.0.0 wait") == 1
    assert told.count("the jobs of people 1.0.0 run again") == 1


def test_jobs_wait_where_their_logs_can_not_be_written(workshop: Workshop) -> None:
    workshop.parser(READ)
    job_id = workshop.job()
    logs = workshop.home / "logs"
    logs.parent.mkdir()
    logs.write_text("no folder")
    workshop.drain()
    job = workshop.get(job_id)
    assert (job.status, job.attempt, job.error) == ("pending", 0, None)
    [line] = said(workshop)
    assert "the log can't be written: Not a directory" in line
    assert "\n  try: " in line
    logs.unlink()
    workshop.drain()
    assert workshop.get(job_id).status == "completed"


def test_a_worker_that_drains_says_how_many_jobs_it_leaves_and_why(workshop: Workshop) -> None:
    for name in ("people", "bank"):
        workshop.parser(READ, name=name)
    for number in range(3):
        workshop.job(f"{number}\n")
    workshop.job(parser="bank")
    workshop.store.parsers.pause("people", "by hand")
    worker = workshop.worker("--drain", stderr=subprocess.PIPE)
    _, told = worker.communicate(timeout=60)
    assert worker.returncode == 1
    assert "3 jobs are left: people is paused: by hand" in told
    assert "try: casparian parser resume people" in told
    assert workshop.store.jobs.counts("bank") == {"completed": 1}


class Clock:
    """The monotonic clock, as a test sets it."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("error_class", "patient"), [("network_error", 4), ("environment_error", 0)]
)
def test_it_is_tried_again_ever_more_seldom_and_a_network_is_waited_for_a_few_times(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, error_class: str, patient: int
) -> None:
    clock = Clock()
    monkeypatch.setattr(obstacles, "time", clock)
    workshop.parser(READ)
    workshop.job()
    met = Obstacles(workshop.store, "w", workshop.reports.append)
    waits: list[float] = []
    waited = 0
    for _ in range(12):
        [job] = workshop.store.jobs.claim_next("w", limit=1, lease_ms=60_000)
        work = Work(job.lease, job, None, started=clock.now)
        again = Work(job.lease, job, None, started=clock.now)
        clock.now += 0.5
        for one in (work, again):  # what was begun together counts once
            met.met(one, failed(error_class, "no network", hint="plug it in"))
        workshop.store.jobs.release(job.lease)
        waited += met.worth_waiting()
        begun = clock.now
        while met.left_alone() == [job.source_hash]:
            clock.now += 0.25
        waits.append(clock.now - begun)
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600]
    assert waited == patient
    assert len(said(workshop)) == 1


def test_a_bundle_that_may_have_mended_it_does_not_wait_for_the_one_that_can_not_be_run(
    workshop: Workshop,
) -> None:
    workshop.parser(READ)
    broken = workshop.job("1\n", priority=-1)
    jobs = workshop.store.jobs
    [job] = jobs.claim_next("w", limit=1, lease_ms=60_000)
    met = Obstacles(workshop.store, "w", workshop.reports.append)
    met.met(Work(job.lease, job, None), failed("environment_error", "no such package"))
    jobs.release(job.lease)
    workshop.parser(READ + "# mended")
    mended = workshop.job("2\n")
    claimed = jobs.claim_next("w", limit=9, lease_ms=60_000, without=met.left_alone())
    assert [one.job_id for one in claimed] == [mended]
    met.passed(Work(claimed[0].lease, claimed[0], None))
    met.flush()
    [still] = workshop.store.obstacles.list()
    assert still.source_hash == job.source_hash
    assert workshop.get(broken).status == "pending"


def test_a_network_is_not_waited_for_where_no_job_is_left_to_try_it_with(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(obstacles, "time", clock)
    workshop.parser(READ)
    workshop.job()
    [job] = workshop.store.jobs.claim_next("w", limit=1, lease_ms=60_000)
    met = Obstacles(workshop.store, "w", workshop.reports.append)
    met.met(Work(job.lease, job, None, started=clock.now), failed("network_error", "none"))
    assert met.worth_waiting()
    clock.now += 4
    assert not met.worth_waiting()
