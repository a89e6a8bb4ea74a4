"""The queue's commands as a person meets them: on a terminal, in a pipe, while others work."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from casparian.core.worker.job_logs import log_path

from ..app.queued import Queued
from .conftest import CASPARIAN, Workplace


@pytest.fixture
def queued(workplace: Workplace) -> Iterator[Queued]:
    with Queued(workplace.folder / "home" / "casparian.db") as store:
        store.register()
        yield store


def env(workplace: Workplace) -> dict[str, str]:
    return workplace.env(CASPARIAN_HOME=str(workplace.folder / "home"))


def terminal(workplace: Workplace, *words: str) -> pexpect.spawn[str]:
    return pexpect.spawn(
        str(CASPARIAN),
        list(words),
        cwd=str(workplace.folder),
        env=env(workplace),
        encoding="utf-8",
        timeout=30,
        dimensions=(20, 120),
    )


def test_watched_jobs_are_shown_as_they_change_until_ctrl_c(
    queued: Queued, workplace: Workplace
) -> None:
    queued.add("/data/first.csv")
    shown = terminal(workplace, "jobs", "--watch")
    shown.expect("pending.*first.csv")
    lease = queued.claim("worker-7")
    shown.expect("running.*worker-7")
    queued.finish(lease, rows=4321)
    shown.expect("completed.*4,321")
    for number in range(30):
        queued.add(f"/data/{number}.csv")
    shown.expect("showing 14 of 31")
    shown.sendintr()
    shown.expect("showing 14 of 31")
    shown.expect(pexpect.EOF)
    shown.close()
    assert shown.exitstatus == 0


def test_without_a_terminal_each_change_is_a_new_list(queued: Queued, workplace: Workplace) -> None:
    queued.add("/data/first.csv")
    with subprocess.Popen(
        [CASPARIAN, "jobs", "--watch"],
        env=env(workplace),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None

        def next_list() -> str:
            lines = []
            while (line := process.stdout.readline()) not in ("", "\n"):  # type: ignore[union-attr]
                lines.append(line)
            lines += [process.stdout.readline(), process.stdout.readline()]  # type: ignore[union-attr]
            process.stdout.readline()  # type: ignore[union-attr]
            return "".join(lines)

        first = next_list()
        assert first.startswith("— 20")
        assert "1 pending" in first
        queued.claim("worker-7")
        assert "▶ running" in next_list()
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0


def test_a_bar_shows_how_far_the_queueing_is(queued: Queued, workplace: Workplace) -> None:
    for number in range(30):
        workplace.write(f"in/{number}.csv", str(number))
    shown = terminal(workplace, "enqueue", "sales", "in")
    shown.expect("30 of 30 files|30 files")
    shown.expect("30 queued")
    shown.expect("✓ 30 queued")
    shown.expect(pexpect.EOF)
    shown.close()
    assert shown.exitstatus == 0
    assert Path(queued.jobs.list().jobs[0].input_path).is_absolute()


def test_a_log_is_followed_until_its_job_ends(queued: Queued, workplace: Workplace) -> None:
    job_id = queued.add("/data/first.csv")
    shown = terminal(workplace, "job", "logs", job_id[:8], "-f")
    lease = queued.claim()
    job = queued.jobs.get(job_id)
    assert job is not None
    path = log_path(workplace.folder / "home", job)
    path.parent.mkdir(parents=True)
    with path.open("a") as log:
        for line in ("first words", "more words"):
            log.write(f"{line}\n")
            log.flush()
            shown.expect(line)
        log.write("last words\n")
    queued.finish(lease)
    shown.expect("last words")
    shown.expect("attempt 1: completed")
    shown.expect(pexpect.EOF)
    shown.close()
    assert shown.exitstatus == 0


def test_following_ends_with_ctrl_c(queued: Queued, workplace: Workplace) -> None:
    job_id = queued.add("/data/first.csv")
    queued.claim()
    shown = terminal(workplace, "job", "logs", job_id, "--follow")
    shown.expect("attempt 1: running")
    shown.sendintr()
    shown.expect(pexpect.EOF)
    shown.close()
    assert shown.exitstatus == 130


def test_an_interrupted_enqueueing_says_what_is_queued_and_goes_on_later(
    queued: Queued, workplace: Workplace, eventually
) -> None:
    for number in range(600):
        workplace.write(f"in/{number}.csv", str(number))
    shown = subprocess.Popen(
        [CASPARIAN, "enqueue", "sales", "-"],
        cwd=workplace.folder,
        env=env(workplace),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert shown.stdin is not None
    for number in range(600):  # more than a batch, and the list goes on
        shown.stdin.write(f"in/{number}.csv\n")
    shown.stdin.flush()
    eventually(lambda: queued.jobs.counts().get("pending", 0) >= 500)
    shown.send_signal(signal.SIGINT)
    _, told = shown.communicate(timeout=30)
    assert shown.returncode == 130
    before = queued.jobs.counts()["pending"]
    least = re.search("at least ([0-9]+) jobs are queued; the same command goes on", told)
    assert least is not None, told
    assert int(least[1]) <= before
    home = env(workplace)["CASPARIAN_HOME"]
    done = workplace.casparian("enqueue", "sales", "in", CASPARIAN_HOME=home)
    assert f"{600 - before} queued" in done.stdout
    assert queued.jobs.counts() == {"pending": 600}
