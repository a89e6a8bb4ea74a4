"""A save is told of at once: when the file is whole, and not before."""

from __future__ import annotations

import queue
import sys
from pathlib import Path

import pytest

from casparian.core.dev_session.folder_events import Burst
from casparian.core.dev_session.folder_notices import FolderNotices

PARSER, OTHER = Path("/p/parser.py"), Path("/p/.parser.py.tmp")


def test_a_file_that_was_written_and_closed_is_told_of_at_once():
    burst = Burst()
    burst.written(PARSER, 1.0)
    burst.settled(PARSER, 1.001)
    assert burst.due() == pytest.approx(1.004)
    assert burst.take() == {PARSER}
    assert burst.due() is None


def test_a_file_that_is_written_little_by_little_is_told_of_in_between():
    burst = Burst()
    for at in range(10):
        burst.written(PARSER, 1.0 + at / 100)
    assert burst.due() == pytest.approx(1.045)


def test_a_save_by_renaming_a_new_file_is_told_of_at_once():
    burst = Burst()
    burst.begun(OTHER, 1.0)
    burst.settled(OTHER, 1.001)
    burst.gone(OTHER, 1.002)
    burst.settled(PARSER, 1.002)
    assert burst.due() == pytest.approx(1.005)


def test_a_file_that_is_renamed_away_to_be_written_anew_is_awaited():
    burst = Burst()
    burst.gone(PARSER, 1.0)
    burst.settled(Path("/p/parser.py~"), 1.0)
    assert burst.due() == pytest.approx(1.045)
    burst.begun(PARSER, 1.010)
    assert burst.due() == pytest.approx(1.045)
    burst.settled(PARSER, 1.012)
    assert burst.due() == pytest.approx(1.015)


def test_a_checkout_of_many_files_is_one_burst():
    burst = Burst()
    for number in range(20):
        burst.settled(Path(f"/p/part{number}.py"), 1.0 + number / 1000)
    assert burst.due() == pytest.approx(1.022)
    assert len(burst.take()) == 20


@pytest.fixture(params=["inotify", "watchfiles"])
def told(request, monkeypatch, tmp_path):
    """What is told of ``tmp_path``/watched; what has no suffix doesn't matter."""
    if request.param == "watchfiles":
        monkeypatch.setenv("WATCHFILES_FORCE_POLLING", "false")
    elif not sys.platform.startswith("linux"):
        pytest.skip("this is Linux's own way")
    came: queue.Queue[frozenset[Path] | None] = queue.Queue()
    problems = []
    folder = tmp_path / "watched"
    folder.mkdir()
    notices = FolderNotices(came.put, lambda path: bool(path.suffix), problems.append)
    notices.start()
    notices.watch([folder])
    assert came.get(timeout=10) is None  # it has begun: look at all
    yield came
    notices.close()
    assert problems == []


def test_what_matters_in_a_folder_is_told(told, tmp_path):
    folder = tmp_path / "watched"
    (folder / "nothing").write_text("x")
    (folder / "parser.py").write_text("x")
    assert folder / "parser.py" in told.get(timeout=10)
    (folder / "parser.py").unlink()
    paths = told.get(timeout=10)
    while folder / "parser.py" not in paths:
        paths = told.get(timeout=10)
    assert folder / "nothing" not in paths
