"""Jobs are cancelled, workers stopped, killed and frozen, and nothing is lost or done twice."""

from __future__ import annotations

import os
import selectors
import signal
from pathlib import Path

import psutil
import pytest

from casparian.core.worker import supervisor as supervisor_module
from casparian.core.worker.reports import JobStarted, Notice, Report
from casparian.core.worker.runner_process import Work
from casparian.core.worker.runners import Runners
from casparian.core.worker.supervisor import Supervisor

from ...ready_processes import RUNNER, ready
from .conftest import READ, Workshop

WAITS = """
import pathlib, subprocess, sys, time
child = subprocess.Popen(["sleep", "600"], start_new_session=True)
marks = ctx.input_path.with_suffix(".pids")
marks.with_name(marks.name + ".new").write_text(f"{child.pid} {__import__('os').getpid()}")
marks.with_name(marks.name + ".new").replace(marks)
go = ctx.input_path.with_name("go")
while not go.exists():
    pass
yield [dict(name="a", age=1)]
"""
"""A parser in a tight loop, with a child that left its process group."""


def pids(workshop: Workshop, job_id: str, eventually) -> list[int]:
    marks = Path(workshop.get(job_id).input_path).with_suffix(".pids")
    eventually(marks.exists, 30)
    return [int(pid) for pid in marks.read_text().split()]


def runner_of(worker) -> psutil.Process:
    for child in psutil.Process(worker.pid).children():
        if "casparian.core.worker.runner" in child.cmdline():
            return child
    raise AssertionError("no runner")


def test_a_cancelled_job_ends_with_all_its_descendants(
    workshop: Workshop, eventually, running
) -> None:
    workshop.parser(WAITS)
    job_id = workshop.job()
    worker = workshop.worker("--drain")
    processes = pids(workshop, job_id, eventually)
    assert workshop.store.jobs.cancel(job_id) == "running"
    eventually(lambda: workshop.get(job_id).status == "cancelled", 10)
    assert not any(running(pid) for pid in processes)
    _, told = worker.communicate(timeout=30)
    assert worker.returncode == 0
    assert "cancelled" in told
    assert workshop.files() == []
    assert not list(workshop.root.glob(".staging/*"))


def test_a_worker_that_is_asked_to_stop_lets_its_jobs_end(workshop: Workshop, eventually) -> None:
    workshop.parser(WAITS)
    first, second = workshop.job("1\n"), workshop.job("2\n")
    worker = workshop.worker("--concurrency", 1, "--drain-timeout", 60)
    pids(workshop, first, eventually)
    worker.send_signal(signal.SIGTERM)
    (workshop.folder / "go").touch()
    _, told = worker.communicate(timeout=60)
    assert worker.returncode == 0, told
    assert "stopping; 1 job may take 60 s" in told
    assert workshop.get(first).status == "completed"
    assert workshop.get(second).status == "pending"
    assert [w.retired_at is not None for w in workshop.store.workers.list(retired=True)] == [True]


def test_jobs_that_take_too_long_to_end_are_given_back_and_lose_no_attempt(
    workshop: Workshop, eventually, running
) -> None:
    workshop.parser(WAITS)
    job_id = workshop.job()
    worker = workshop.worker("--drain-timeout", 0.2)
    processes = pids(workshop, job_id, eventually)
    worker.send_signal(signal.SIGINT)
    worker.communicate(timeout=60)
    assert worker.returncode == 130
    job = workshop.get(job_id)
    assert (job.status, job.attempt, job.crash_count) == ("pending", 0, 0)
    assert not any(running(pid) for pid in processes)
    assert not list(workshop.root.glob(".staging/*"))


def test_a_second_signal_is_final(workshop: Workshop, eventually, running) -> None:
    workshop.parser(WAITS)
    job_id = workshop.job()
    worker = workshop.worker("--drain-timeout", 600)
    processes = pids(workshop, job_id, eventually)
    worker.send_signal(signal.SIGTERM)
    assert worker.stderr is not None
    for line in worker.stderr:
        if "stopping" in line:
            break
    worker.send_signal(signal.SIGTERM)
    worker.communicate(timeout=20)
    assert workshop.get(job_id).status == "pending"
    eventually(lambda: not any(running(pid) for pid in processes))


def test_what_a_worker_had_not_published_when_it_was_ended_another_one_publishes_at_once(
    workshop: Workshop,
) -> None:
    workshop.parser(READ)
    job_id = workshop.job()
    workshop.root.mkdir()
    in_the_way = workshop.root / "people"
    in_the_way.write_text("a file where a folder is to be")
    worker = workshop.worker()
    assert worker.stderr is not None
    for line in worker.stderr:
        if "trying again" in line:
            break
    worker.send_signal(signal.SIGTERM)
    worker.send_signal(signal.SIGINT)  # two of a kind, at once, would be one
    worker.communicate(timeout=30)
    assert workshop.get(job_id).status == "promoting"
    in_the_way.unlink()
    workshop.drain(stale_after=300)
    job = workshop.get(job_id)
    assert (job.status, job.fence) == ("completed", 1), "its parser did not run again"


def test_a_killed_workers_job_is_taken_up_at_once_by_another_on_the_machine(
    workshop: Workshop, eventually, running
) -> None:
    workshop.parser(WAITS)
    job_id = workshop.job()
    worker = workshop.worker()
    processes = pids(workshop, job_id, eventually)
    runner = runner_of(worker)
    worker.kill()
    worker.communicate()
    eventually(lambda: not any(running(pid) for pid in [*processes, runner.pid]))
    (workshop.folder / "go").touch()
    workshop.drain(stale_after=300)
    job = workshop.get(job_id)
    assert (job.status, job.crash_count, job.fence) == ("completed", 1, 2)
    outcomes = [attempt.outcome for attempt in workshop.store.jobs.attempts(job_id)]
    assert outcomes == ["crashed", "completed"]
    assert len(workshop.store.workers.list()) == 0, "the dead one is retired as well"


def test_a_runner_that_is_killed_costs_its_job_one_crash(workshop: Workshop, eventually) -> None:
    workshop.parser(WAITS)
    job_id = workshop.job()
    worker = workshop.worker("--drain")
    first = pids(workshop, job_id, eventually)
    Path(workshop.get(job_id).input_path).with_suffix(".pids").unlink()
    runner_of(worker).kill()
    assert pids(workshop, job_id, eventually) != first
    (workshop.folder / "go").touch()
    worker.communicate(timeout=60)
    job = workshop.get(job_id)
    assert (job.status, job.crash_count) == ("completed", 1)


def test_a_frozen_worker_that_wakes_up_finishes_nothing(workshop: Workshop, eventually) -> None:
    workshop.parser(WAITS)
    job_id = workshop.job()
    worker = workshop.worker("--heartbeat-interval", 0.3, "--stale-after", 1.5)
    pids(workshop, job_id, eventually)

    def freeze(*_: object) -> None:
        worker.send_signal(signal.SIGSTOP)
        eventually(lambda: psutil.Process(worker.pid).status() == psutil.STATUS_STOPPED)

    # Not while it holds the store itself: then nobody could take its job until it wakes up.
    workshop.store.connection.write(freeze)
    try:
        (workshop.folder / "go").touch()  # its runner goes on, and stages
        staged = workshop.root / ".staging" / f"{job_id}.1" / "set" / "_manifest.json"
        eventually(staged.exists, 30)
        eventually(lambda: workshop.store.jobs.requeue_stale(), 30)
        workshop.drain()
        assert workshop.get(job_id).status == "completed"
        [before] = workshop.root.glob("people/*/*/people.parquet")
        stamp = before.stat().st_ino
    finally:
        worker.send_signal(signal.SIGCONT)
    assert worker.stderr is not None
    for line in worker.stderr:
        if "its lease was lost" in line:
            break
    worker.send_signal(signal.SIGTERM)
    worker.communicate(timeout=30)
    job = workshop.get(job_id)
    assert (job.status, job.fence) == ("completed", 2)
    assert [p.stat().st_ino for p in workshop.root.glob("people/*/*/people.parquet")] == [stamp]
    assert not list(workshop.root.glob(".staging/*"))


def test_a_runner_that_was_killed_for_a_lost_lease_is_given_no_other_job(
    workshop: Workshop,
) -> None:
    """Its last words may be read after the lease was found lost, and it killed."""
    workshop.parser(READ)
    workshop.job()
    [job] = workshop.store.jobs.claim_next("w", limit=1, lease_ms=60_000)
    with ready(RUNNER), selectors.DefaultSelector() as selector:
        runners = Runners(selector, job_timeout=None)
        killed = runners.free()
        killed.work = Work(job.lease, job, None)
        killed.kill_for(job.lease)
        killed.work = None
        other = runners.free(may_publish=True)
        assert other is not killed
        for runner in (killed, other):
            runners.remove(runner)


def test_a_worker_that_is_stopped_ends_though_its_store_can_not_be_written(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it held is taken back by the next one, as after a kill."""
    monkeypatch.setattr(supervisor_module, "_LAST_TRIES_S", 0.1)
    workshop.parser(WAITS)
    job_id = workshop.job()
    store, away = workshop.folder / "casparian.db", workshop.folder / "away.db"

    def on_report(report: Report) -> None:
        workshop.reports.append(report)
        if isinstance(report, JobStarted):
            store.rename(away)
            supervisor.stop()

    supervisor = Supervisor(workshop.options(drain=False, drain_timeout=0.0), on_report)
    with ready(RUNNER):
        supervisor.run()
    assert not store.exists(), "a store that is missing is not made anew"
    away.rename(store)
    assert workshop.get(job_id).status == "running"
    warned = [one.sentence for one in workshop.reports if isinstance(one, Notice) and one.warning]
    assert "what this worker held is the next one's to take back" in warned[-1]
    (workshop.folder / "go").touch()
    workshop.drain()
    assert workshop.get(job_id).status == "completed"


def test_a_promoted_set_whose_worker_dies_is_published_by_another_and_not_run_again(
    workshop: Workshop,
) -> None:
    workshop.parser(READ)
    job_id = workshop.job("name,age\nAda,36\nAlan,x\n")
    worker = workshop.worker("--drain", CASPARIAN_FAULT_POINT="promoted")
    worker.communicate(timeout=60)
    assert worker.returncode == -signal.SIGKILL
    assert workshop.get(job_id).status == "promoting"
    assert workshop.files()[0].startswith(".staging/")
    workshop.drain()
    job = workshop.get(job_id)
    assert (job.status, job.fence, job.rows, job.quarantined) == (
        "completed_with_warnings",
        1,
        1,
        1,
    )
    assert workshop.store.quarantine.counts([job_id]) == {job_id: 1}
    assert not list(workshop.root.glob(".staging/*"))


def test_no_heartbeat_is_late_while_parsers_and_the_validator_hold_the_processor(
    workshop: Workshop,
) -> None:
    workshop.parser(
        """
        import re
        for _ in range(2):
            re.match(r"(a+)+$", "a" * 22 + "b")   # one call that never lets go of the interpreter
            yield [dict(name="x" * 20 + str(n), age=str(n)) for n in range(60_000)]
        """,
        outputs={
            "name": {"type": "string", "pattern": "x+[0-9]+", "unique": False},
            "age": "int64",
        },
    )
    ids = [workshop.job(f"{n}\n") for n in range(3)]
    worker = workshop.worker("--drain", "--concurrency", 2, "--heartbeat-interval", 0.25)
    gaps: list[int] = []
    last: dict[str, int] = {}
    while worker.poll() is None:
        for job in workshop.store.jobs.list().jobs:
            if job.status == "running" and job.last_heartbeat_at is not None:
                before = last.get(job.job_id)
                if before is not None and job.last_heartbeat_at != before:
                    gaps.append(job.last_heartbeat_at - before)
                last[job.job_id] = job.last_heartbeat_at
            else:
                last.pop(job.job_id, None)
        os.sched_yield()
    worker.communicate()
    assert {workshop.get(job_id).status for job_id in ids} == {"completed"}
    assert len(gaps) > 5
    assert max(gaps) < 1_250, "within a second of when it was due"
