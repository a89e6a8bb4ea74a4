"""The inbox goes on whatever happens to it, and says what did."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from casparian.core.queueing import watching
from casparian.core.worker import inbox
from casparian.core.worker.inbox import Inbox
from casparian.core.worker.reports import Notice, Report

from .conftest import READ, Workshop
from .test_start import start, statuses

Eventually = Callable[..., Any]


@pytest.fixture
def folder(workshop: Workshop) -> Path:
    made = workshop.folder / "people"
    made.mkdir()
    return made


def opened(workshop: Workshop, *folders: Path, **other: Any) -> Inbox:
    given: dict[str, Any] = {"on_report": workshop.reports.append, "stable_s": 0.2, **other}
    url = str(workshop.folder / "casparian.db")
    return Inbox(url, folders, topics=(), pattern="*", excluded=[], **given)


def warnings(workshop: Workshop) -> list[str]:
    return [one.sentence for one in workshop.reports if isinstance(one, Notice) and one.warning]


def test_a_name_that_is_several_lines_is_said_as_one(
    workshop: Workshop, folder: Path, eventually: Eventually
) -> None:
    workshop.parser(READ, topics=("people",))
    (folder / "a\nqueued b.csv").write_text("name,age\nAda,36\n")
    with opened(workshop, folder):
        eventually(lambda: len(statuses(workshop)) == 1, 30)
    [said] = [one.sentence for one in workshop.reports if isinstance(one, Notice)]
    assert r"a\nqueued b.csv" in said
    assert "\n" not in said


def test_what_nobody_expected_is_told_and_the_files_are_queued_all_the_same(
    workshop: Workshop, folder: Path, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    workshop.parser(READ, topics=("people",))
    (folder / "a.csv").write_text("name,age\nAda,36\n")
    enqueue, calls = inbox.enqueue, []

    def broken_once(*arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) == 1:
            raise RuntimeError("no such thing")
        return enqueue(*arguments)

    monkeypatch.setattr(inbox, "enqueue", broken_once)
    with opened(workshop, folder) as box:
        eventually(lambda: statuses(workshop) == {"a.csv": "people pending"}, 30)
    assert box.failure is None
    [told] = warnings(workshop)
    assert "RuntimeError: no such thing" in told
    assert "trying again in 1 s" in told


def test_where_not_even_that_can_be_told_the_worker_is_asked_to_end(
    workshop: Workshop, folder: Path, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    workshop.parser(READ, topics=("people",))
    (folder / "a.csv").write_text("name,age\nAda,36\n")
    asked: list[str] = []

    def gone(_: Report) -> None:
        raise BrokenPipeError

    with opened(workshop, folder, on_report=gone, on_failure=lambda: asked.append("stop")) as box:
        eventually(lambda: asked == ["stop"], 30)
    assert isinstance(box.failure, BrokenPipeError)


def test_a_name_that_is_no_unicode_is_warned_of_once(
    workshop: Workshop, folder: Path, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    workshop.parser(READ, topics=("people",))
    try:
        (folder / os.fsdecode(b"\xff.csv")).write_text("x")
    except OSError:
        pytest.skip("this file system has no such names")
    monkeypatch.setattr(watching, "_LOOK_EVERY_S", 0.3)
    enqueue, calls = inbox.enqueue, []

    def counted(*arguments: Any) -> Any:
        calls.append(arguments)
        return enqueue(*arguments)

    monkeypatch.setattr(inbox, "enqueue", counted)
    with opened(workshop, folder):
        eventually(lambda: len(calls) >= 3, 30)
    assert len(warnings(workshop)) == 1


def test_a_folder_that_vanishes_is_told_of_and_looked_for_again(
    workshop: Workshop, folder: Path, eventually: Eventually
) -> None:
    workshop.parser(READ, topics=("people", "other"))
    other = workshop.folder / "other"
    other.mkdir()
    (other / "a.csv").write_text("name,age\nAda,36\n")
    with opened(workshop, folder, other):
        eventually(lambda: "a.csv" in statuses(workshop), 30)
        for name in ("b.csv", "c.csv"):
            told = len(warnings(workshop))
            shutil.rmtree(folder)
            eventually(lambda told=told: len(warnings(workshop)) > told, 30)
            assert f"{folder}: the folder is gone" in warnings(workshop)[-1]
            folder.mkdir()
            (folder / name).write_text(f"name,age\n{name},36\n")
            eventually(lambda name=name: name in statuses(workshop), 30)


def test_a_folder_that_is_not_there_at_the_start_is_an_error(workshop: Workshop) -> None:
    worker = start(workshop, "--watch", workshop.folder / "none")
    _, told = worker.communicate(timeout=30)
    assert worker.returncode == 2
    assert f"{workshop.folder / 'none'}: there is no such folder" in told
    assert "mkdir -p" in told
    assert workshop.store.workers.list(retired=True) == []


def test_a_worker_whose_inbox_has_failed_ends_and_says_so_by_its_exit_code(
    workshop: Workshop, folder: Path, eventually: Eventually
) -> None:
    workshop.parser(READ, topics=("people",))
    worker = start(workshop, "--watch", folder)
    try:
        eventually(lambda: workshop.store.workers.list(), 30)
        assert worker.stderr is not None
        worker.stderr.close()  # nobody hears it any more
        (folder / "a.csv").write_text("name,age\nAda,36\n")
        assert worker.wait(30) == 1
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
