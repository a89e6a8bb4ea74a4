"""What a runner is told of a job: whatever became of its bundle since the last job of it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from casparian.core.stores.parsers import NewParser
from casparian.core.worker.bundle_cache import BundleCache
from casparian.core.worker.job_logs import log_path
from casparian.core.worker.messages import JobFailed, Task
from casparian.core.worker.tasks import Tasks

if TYPE_CHECKING:
    from casparian.core.stores.jobs import Job

    from ...workshop import Workshop

_PARSE = "yield []"


def _claimed(workshop: Workshop) -> tuple[Tasks, Job, Job]:
    for row in ("Ada,36", "Eve,41"):
        workshop.job(f"name,age\n{row}\n")
    first, second = workshop.store.jobs.claim_next("worker", limit=2, lease_ms=60_000)
    bundles = BundleCache(workshop.home, workshop.store.parsers.archive)
    return Tasks(workshop.store, bundles, workshop.options()), first, second


def test_jobs_of_a_bundle_differ_in_nothing_but_what_is_their_own(workshop: Workshop) -> None:
    workshop.parser(_PARSE)
    tasks, *jobs = _claimed(workshop)
    made = [tasks.make(job) for job in jobs]
    for job, task in zip(jobs, made, strict=True):
        assert isinstance(task, Task)
        assert (task.job_id, task.fence) == job.lease
        assert (task.input_path, task.input_hash) == (job.input_path, job.input_hash)
        assert (task.parser, task.source_hash) == (job.parser, job.source_hash)
        assert task.log == str(log_path(workshop.home, job))
        assert Path(task.bundle).read_bytes() == workshop.store.parsers.archive(job.source_hash)
    one, other = made
    differing = {name for name in Task._fields if getattr(one, name) != getattr(other, name)}
    assert differing == {"job_id", "input_path", "input_hash", "log"}


def test_a_bundle_whose_files_were_swept_is_there_again_for_the_next_job(
    workshop: Workshop,
) -> None:
    workshop.parser(_PARSE)
    tasks, first, second = _claimed(workshop)
    assert isinstance(tasks.make(first), Task)
    shutil.rmtree(workshop.home / "bundles")
    task = tasks.make(second)
    assert isinstance(task, Task)
    assert Path(task.bundle).is_file()
    assert (Path(task.project) / "uv.lock").is_file()


def test_a_bundle_that_can_not_be_unpacked_here_lets_its_jobs_wait(workshop: Workshop) -> None:
    workshop.parser(_PARSE)
    tasks, first, _ = _claimed(workshop)
    workshop.home.mkdir(exist_ok=True)
    (workshop.home / "bundles").write_text("no folder")
    failure = tasks.make(first)
    assert isinstance(failure, JobFailed)
    assert failure.error_class == "environment_error"
    assert failure.waits, "the job is not to blame, and another worker may have a better home"
    assert "$CASPARIAN_HOME" in failure.hint


def test_a_parser_that_was_removed_meanwhile_runs_no_job_and_one_registered_again_as_it_is_now(
    workshop: Workshop,
) -> None:
    source_hash, parsers = workshop.parser(_PARSE), workshop.store.parsers
    known, archive = parsers.get(source_hash), parsers.archive(source_hash)
    assert known is not None
    assert archive is not None
    tasks, *jobs = _claimed(workshop)
    assert isinstance(tasks.make(jobs[0]), Task)
    for job in jobs:
        assert workshop.store.jobs.release(job.lease)
        workshop.store.jobs.cancel(job.job_id)
    assert parsers.remove("people") == 1
    failure = tasks.make(jobs[1])
    assert isinstance(failure, JobFailed)
    assert failure.error_class == "bundle_corrupt"
    assert "not in the store any more" in failure.message
    parsers.insert(
        NewParser(
            known.name,
            known.version,
            source_hash,
            known.lockfile_hash,
            known.entrypoint,
            known.topics,
            "{}",
            "new",
            archive,
        )
    )
    after = tasks.make(jobs[1])
    assert isinstance(after, Task)
    assert (after.contract, after.contract_hash) == ("{}", "new")
