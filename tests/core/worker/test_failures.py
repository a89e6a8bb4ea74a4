"""What goes wrong is told by its class, with a hint, and is retried if that may help."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from casparian.core.events import GuestError
from casparian.core.publishing.manifest import Manifest
from casparian.core.sinks.errors import SinkError
from casparian.core.worker import job_run
from casparian.core.worker.failures import CLASSES, failure_of
from casparian.core.worker.memory import OomRisk, check_memory
from casparian.core.worker.messages import Publish, PublishFailed
from casparian.core.worker.runner import publish

from ...full_disk import disk_ends_at
from ...guest_python import GUEST_PYTHON
from .conftest import READ, Workshop

FAILING = {
    "parser_error": "raise ValueError('connection timeout')",
    "transient_error": "raise ConnectionResetError('gone')",
    "contract_violation": "yield [dict(name='a', years=1)]",
    "crash": "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
    "memory_limit": "bytearray(3_000_000_000)",
    "disk_full": "import errno; raise OSError(errno.ENOSPC, 'No space left on device')",
    "timeout": "while True: pass",
}
ENDS = {"never": "failed", "later": "dead_letter", "crash": "dead_letter"}


def test_each_class_of_failure_is_told_and_leads_to_what_it_should(workshop: Workshop) -> None:
    jobs = {}
    for name, body in FAILING.items():
        workshop.parser(body, name=name)
        jobs[name] = workshop.job(f"{name}\n", parser=name, max_attempts=1, max_crashes=1)
    limits = {"AS": 2_000_000_000, "CPU": 2}
    workshop.drain(concurrency=2, resource_limits=limits)
    for name, job_id in jobs.items():
        status, error_class, message = workshop.error(job_id)
        expected = "poison" if name == "crash" else name
        assert (status, error_class) == (ENDS[CLASSES[name].retry], expected), message
        assert workshop.get(job_id).error.message in workshop.log(job_id) or name == "crash"
    assert workshop.error(jobs["parser_error"])[2] == "ValueError: connection timeout"
    for name in ("memory_limit", "disk_full", "timeout", "crash"):
        assert workshop.get(jobs[name]).error.hint, f"{name} says what to try"
    assert "SIGSEGV" in workshop.error(jobs["crash"])[2]
    assert "SIGXCPU" in workshop.error(jobs["timeout"])[2]
    assert "$CASPARIAN_CPU_LIMIT" in workshop.get(jobs["timeout"]).error.hint
    assert workshop.files() == []


def test_a_guest_that_ends_without_a_word_has_crashed(workshop: Workshop) -> None:
    workshop.parser("import os\nyield [dict(name='a', age=1)]\nos._exit(0)")
    job_id = workshop.job(max_crashes=1)
    workshop.drain()
    status, error_class, message = workshop.error(job_id)
    assert (status, error_class) == ("dead_letter", "poison")
    assert "exited with code 0 before it had finished" in message
    assert workshop.files() == []


def test_a_job_that_takes_too_long_is_ended(workshop: Workshop) -> None:
    workshop.parser("import time\nwhile True: time.sleep(60)")
    job_id = workshop.job(max_attempts=1)
    workshop.drain(job_timeout=2)
    status, error_class, message = workshop.error(job_id)
    assert (status, error_class) == ("dead_letter", "timeout")
    assert "longer than its 2 s" in message
    error = workshop.get(job_id).error
    assert error is not None
    assert "--job-timeout" in error.hint, "the worker's own option"


def test_an_error_of_the_parser_says_where_and_is_in_the_store_with_its_traceback(
    workshop: Workshop,
) -> None:
    workshop.parser("raise KeyError('total')")
    job_id = workshop.job()
    workshop.drain()
    error = workshop.get(job_id).error
    assert error is not None
    assert error.details["type"] == "KeyError"
    assert error.details["traceback"][-1]["source"] == "raise KeyError('total')"
    assert "KeyError: 'total'" in error.details["text"]
    assert "raise KeyError('total')" in workshop.log(job_id)


def test_an_input_that_is_gone_changed_or_replaced_is_no_fault_of_the_parser(
    workshop: Workshop,
) -> None:
    workshop.parser(
        "with open(ctx.input_path, 'a') as file: file.write('x')\nyield [dict(name='a', age=1)]",
        name="writes",
    )
    workshop.parser(READ)
    gone, replaced = workshop.job("gone\n"), workshop.job("was\n")
    changed = workshop.job("changed\n", parser="writes", max_attempts=1)
    Path(workshop.get(gone).input_path).unlink()
    Path(workshop.get(replaced).input_path).write_text("is\n")
    workshop.drain()
    assert workshop.error(gone)[:2] == ("failed", "input_missing")
    assert workshop.error(replaced)[:2] == ("failed", "input_replaced")
    assert workshop.error(changed)[:2] == ("dead_letter", "input_changed")
    assert not workshop.store.parsers.health()


def test_a_pipe_or_a_device_where_the_input_was_is_told_and_never_waited_for(
    workshop: Workshop,
) -> None:
    workshop.parser(READ)
    pipe, device = workshop.job("pipe\n"), workshop.job("device\n")
    for job_id in (pipe, device):
        Path(workshop.get(job_id).input_path).unlink()
    os.mkfifo(workshop.get(pipe).input_path)
    Path(workshop.get(device).input_path).symlink_to("/dev/zero")
    workshop.drain()
    for job_id, what in ((pipe, "a named pipe"), (device, "a device")):
        status, error_class, message = workshop.error(job_id)
        assert (status, error_class) == ("failed", "input_replaced")
        assert what in message
    assert not workshop.store.parsers.health()


def test_a_bundle_of_which_a_byte_flipped_is_never_run(workshop: Workshop) -> None:
    workshop.parser(READ)
    job_id = workshop.job()
    with sqlite3.connect(workshop.folder / "casparian.db") as connection:
        [[archive]] = connection.execute("SELECT source_archive FROM cf_parsers").fetchall()
        at = archive.index(b"csv")
        flipped = archive[:at] + b"C" + archive[at + 1 :]
        connection.execute("UPDATE cf_parsers SET source_archive = ?", (flipped,))
    workshop.drain()
    status, error_class, message = workshop.error(job_id)
    assert (status, error_class) == ("failed", "bundle_corrupt")
    assert "hash" in message


def test_a_worker_whose_output_root_cannot_be_used_takes_no_jobs(workshop: Workshop) -> None:
    workshop.parser(READ)
    job_id = workshop.job()
    workshop.root.write_text("a file")
    with pytest.raises(SinkError, match="is a file, not a folder"):
        workshop.drain()
    assert workshop.get(job_id).status == "pending"


def test_an_output_root_that_cannot_be_used_any_more_says_so(workshop: Workshop) -> None:
    root = str(workshop.root)
    workshop.parser(
        f"import os, shutil\nroot = {root!r}\nshutil.rmtree(root)\nopen(root, 'w').close()\n"
        "yield [dict(name='a', age=1)]"
    )
    job_id = workshop.job()
    workshop.drain()
    status, error_class, message = workshop.error(job_id)
    assert (status, error_class) == ("failed", "sink_error")
    assert "is a file, not a folder" in message


def test_a_full_disk_is_met_again_later(workshop: Workshop) -> None:
    workshop.parser(
        "import os\nyield [dict(name=os.urandom(50).hex(), age=n) for n in range(40_000)]"
    )
    job_id = workshop.job(max_attempts=1)
    # What the runner may write at most, as if the disk ended there; its supervisor is let off.
    with disk_ends_at(1_000_000):
        workshop.drain()
    status, error_class, message = workshop.error(job_id)
    assert (status, error_class) == ("dead_letter", "disk_full"), message
    assert "full" in message


def test_a_bundle_that_there_is_no_room_for_is_unpacked_again_later(workshop: Workshop) -> None:
    workshop.parser(READ, before="# " + "x" * 20_000)
    job_id = workshop.job(max_attempts=1)
    workshop.drain(warm_guests=0, resource_limits={"FSIZE": 10_000})
    status, error_class, message = workshop.error(job_id)
    assert (status, error_class) == ("dead_letter", "disk_full"), message
    error = workshop.get(job_id).error
    assert error is not None
    assert "free some space" in error.hint
    assert not workshop.store.parsers.health(), "it doesn't count against the parser"


def test_a_damaged_bundle_is_no_fault_of_the_parser_whoever_finds_it() -> None:
    told = GuestError("parser", "BundleCorrupt", "it is cut", "load", cause="bundle_corrupt")
    failure = failure_of(told, broken=None, exit_code=1)
    assert failure.error_class == "bundle_corrupt"
    assert (failure.permanent, failure.blames_parser) == (True, False)


def test_a_parser_that_meets_its_file_size_limit_is_not_to_blame(workshop: Workshop) -> None:
    workshop.parser("open('big', 'wb').write(bytes(300_000))")
    job_id = workshop.job(max_attempts=1)
    workshop.drain(resource_limits={"FSIZE": 200_000})
    status, error_class, message = workshop.error(job_id)
    assert (status, error_class) == ("dead_letter", "disk_full"), message
    error = workshop.get(job_id).error
    assert error is not None
    assert "$CASPARIAN_FILE_SIZE_LIMIT" in error.hint
    assert not workshop.store.parsers.health()
    assert workshop.files() == []


def test_a_batch_that_this_machine_has_no_memory_for_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("casparian.core.worker.memory.available_memory", lambda: 40 << 20)
    check_memory(1 << 20)
    with pytest.raises(OomRisk, match="OOM_RISK"):
        check_memory(30 << 20)
    assert job_run.check_memory is check_memory


def test_five_failures_in_a_row_pause_the_parser_and_its_jobs_wait(workshop: Workshop) -> None:
    workshop.parser("raise ValueError('no')")
    ids = [workshop.job(f"{n}\n") for n in range(7)]
    workshop.drain(concurrency=1)
    assert [workshop.get(job_id).status for job_id in ids] == ["failed"] * 5 + ["pending"] * 2
    assert [workshop.get(job_id).attempt for job_id in ids[5:]] == [0, 0]
    sentences = [getattr(report, "sentence", "") for report in workshop.reports]
    line = "[CIRCUIT_BREAKER] Parser 'people' paused after 5 consecutive failures"
    assert sentences.count(line) == 1


def test_a_failed_job_keeps_its_quarantine_in_the_store_and_publishes_nothing(
    workshop: Workshop,
) -> None:
    workshop.parser(READ)
    job_id = workshop.job("name,age\nAda,x\nAlan,y\nGrace,1\n")
    workshop.drain()
    status, error_class, message = workshop.error(job_id)
    assert (status, error_class) == ("failed", "contract_violation"), message
    rows = workshop.store.quarantine.list_for_job(job_id)
    assert [row.row_number for row in rows] == [0, 1]
    job = workshop.store.jobs.get(job_id)
    assert job is not None
    assert (job.rows, job.quarantined) == (None, 2)
    assert workshop.files() == []
    assert not list(workshop.root.glob(".staging/*"))


@pytest.mark.parametrize("warm_guests", [0, 1])
def test_a_guest_sees_no_secret_and_has_folders_and_limits_of_its_own(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, eventually: Any, warm_guests: int
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
    monkeypatch.setenv("ALLOWED", "seen")
    workshop.parser(
        """
        import os, resource, tempfile, pathlib
        here = pathlib.Path.cwd()
        pathlib.Path('left').write_text('behind')
        limits = [resource.getrlimit(getattr(resource, 'RLIMIT_' + name))[0]
                  for name in ('AS', 'NOFILE', 'FSIZE')]
        yield [dict(name=name, age=0) for name in (
            str(sorted(os.environ)), str(here), tempfile.gettempdir(), os.environ['HOME'],
            os.environ['ALLOWED'], str(limits))]
        """
    )
    job_id = workshop.job()
    limits = {"AS": 5_000_000_000, "NOFILE": 200, "FSIZE": 1_000_000}
    workshop.drain(pass_env=("ALLOWED",), resource_limits=limits, warm_guests=warm_guests)
    assert workshop.get(job_id).status == "completed", workshop.get(job_id).error
    names, here, temporary, home, allowed, seen = workshop.table(job_id)["name"].to_pylist()
    assert "AWS_SECRET_ACCESS_KEY" not in names
    assert allowed == "seen"
    assert len({here, temporary, home}) == 3
    # With the guest; if its imports are kept loaded for the next one, with the worker.
    eventually(lambda: not Path(here).parent.exists())
    assert home != str(Path.home())
    assert seen == "[5000000000, 200, 1000000]"
    assert str(GUEST_PYTHON) in workshop.log(job_id)


def test_a_locked_store_is_waited_for_and_nothing_is_lost(workshop: Workshop) -> None:
    locks = workshop.folder / "locks.py"
    database = workshop.folder / "casparian.db"
    workshop.parser(
        f"import subprocess, sys\nsubprocess.Popen([sys.executable, {str(locks)!r}])\n"
        f"import pathlib, time\n"
        f"while not pathlib.Path({str(workshop.folder / 'locked')!r}).exists(): time.sleep(0.01)\n"
        "yield [dict(name='a', age=1)]"
    )
    locks.write_text(
        "import sqlite3, time, pathlib\n"
        f"connection = sqlite3.connect({str(database)!r}, isolation_level=None, timeout=30)\n"
        "connection.execute('BEGIN IMMEDIATE')\n"
        f"pathlib.Path({str(workshop.folder / 'locked')!r}).touch()\n"
        "time.sleep(60)\n"  # the guest's processes end with it
    )
    job_id = workshop.job()
    workshop.drain()
    assert workshop.get(job_id).status == "completed"


def test_the_guide_lists_every_class_of_failure_as_it_is() -> None:
    page = (Path(__file__).parents[3] / "docs" / "worker.md").read_text()
    table = page.partition("<!-- failure classes -->")[2].partition("\n\n")[0]
    rows = [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in table.splitlines()]
    shown = {row[0]: row[1:] for row in rows if len(row) == 4 and row[0] in CLASSES}
    assert shown == {
        name: [found.retry, "yes" if found.blames_parser else "no", found.meaning]
        for name, found in CLASSES.items()
    }


def test_a_version_that_would_leave_the_output_root_is_refused_before_the_parser_runs(
    workshop: Workshop,
) -> None:
    workshop.parser("raise AssertionError('it ran')")
    job_ids = [workshop.job("1"), workshop.job("2")]
    with sqlite3.connect(workshop.folder / "casparian.db") as connection:
        for job_id, version in zip(job_ids, ("../../x", "x" * 300), strict=True):
            values = (version, job_id)
            connection.execute("UPDATE cf_jobs SET parser_version = ? WHERE job_id = ?", values)
    workshop.drain()
    for job_id in job_ids:
        status, error_class, message = workshop.error(job_id)
        assert (status, error_class) == ("failed", "sink_error")
        assert "can't be the name of a folder" in message
    assert not workshop.store.parsers.health()


def test_a_set_that_can_never_be_published_is_given_up(tmp_path: Path) -> None:
    staged = Manifest("ab", 1, "a", "x" * 300, "beef", None, "/in", "cafe", str(tmp_path), ())
    told = publish(Publish(staged.as_json()))
    assert isinstance(told, PublishFailed)
    assert told.vanished, "its job fails, and isn't promoting for ever"
    assert "register it" in told.hint
