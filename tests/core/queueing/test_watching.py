"""A file that appears is handed over once, when it has stopped growing."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from casparian.core.queueing.problems import FileProblem
from casparian.core.queueing.watching import FolderWatch

STABLE_S = 0.4


class Watched:
    """A folder that is watched on a thread, and what came of it."""

    def __init__(self, folder: Path, **options: object) -> None:
        self.folder = folder
        self.came: list[tuple[str, float]] = []
        self.refused: set[str] = set()
        self.problems: list[FileProblem] = []
        self._stop = threading.Event()
        watch = FolderWatch(
            [folder],
            self._take,
            stable_s=STABLE_S,
            on_problem=self.problems.append,
            **options,  # type: ignore[arg-type]
        )
        self._thread = threading.Thread(target=watch.run, args=(self._stop,))
        self._thread.start()

    def _take(self, paths: list[Path]) -> list[Path]:
        now = time.monotonic()
        self.came += [(str(path.relative_to(self.folder)), now) for path in paths]
        return [path for path in paths if path.name in self.refused]

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.came]

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(5)
        assert not self._thread.is_alive(), "it ends at once"


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


@pytest.fixture
def watched(inbox: Path, request: pytest.FixtureRequest) -> Iterator[Watched]:
    (inbox / "before.csv").write_text("there already")
    found = Watched(inbox, **getattr(request, "param", {}))
    yield found
    found.stop()


def test_what_is_there_and_what_comes_is_handed_over_once(watched: Watched, eventually) -> None:
    eventually(lambda: watched.names == ["before.csv"])
    (watched.folder / "deep").mkdir()
    (watched.folder / "deep" / "new.csv").write_text("x")
    (watched.folder / "moved.part").write_text("y")
    (watched.folder / "moved.part").rename(watched.folder / "moved.csv")
    for name in (".hidden.csv", "unfinished.csv.tmp", "old.csv~"):
        (watched.folder / name).write_text("z")
    eventually(lambda: {"deep/new.csv", "moved.csv"} <= set(watched.names))
    (watched.folder / "last.csv").write_text("when this came, the others would have")
    eventually(lambda: "last.csv" in watched.names)
    assert sorted(watched.names) == ["before.csv", "deep/new.csv", "last.csv", "moved.csv"]


def test_a_folder_that_is_moved_in_brings_its_files(
    watched: Watched, tmp_path: Path, eventually
) -> None:
    eventually(lambda: watched.names == ["before.csv"])
    (tmp_path / "batch" / "deep").mkdir(parents=True)
    (tmp_path / "batch" / "a.csv").write_text("x")
    (tmp_path / "batch" / "deep" / "b.csv").write_text("y")
    (tmp_path / "batch").rename(watched.folder / "batch")
    eventually(lambda: sorted(watched.names) == ["batch/a.csv", "batch/deep/b.csv", "before.csv"])


def test_a_file_that_is_written_in_steps_is_handed_over_after_the_last(
    watched: Watched, eventually
) -> None:
    written = 0.0
    for _ in range(4):
        with (watched.folder / "slow.csv").open("a") as file:
            file.write("more\n")
        written = time.monotonic()
        time.sleep(STABLE_S / 2)  # the pace of the writer is what is looked at
    eventually(lambda: "slow.csv" in watched.names)
    [(_, at)] = [came for came in watched.came if came[0] == "slow.csv"]
    assert at - written >= STABLE_S * 0.9


def test_new_content_under_the_same_name_is_handed_over_again(watched: Watched, eventually) -> None:
    eventually(lambda: watched.names == ["before.csv"])
    (watched.folder / "before.csv").write_text("other content")
    eventually(lambda: watched.names == ["before.csv"] * 2)


@pytest.mark.parametrize("watched", [{"pattern": "*.csv"}], indirect=True)
def test_a_pattern_chooses_and_what_is_deleted_before_it_is_complete_is_forgotten(
    watched: Watched, eventually
) -> None:
    (watched.folder / "a.txt").write_text("no")
    (watched.folder / "gone.csv").write_text("soon")
    (watched.folder / "gone.csv").unlink()
    (watched.folder / "b.csv").write_text("yes")
    eventually(lambda: {"before.csv", "b.csv"} == set(watched.names))


def test_a_folder_that_is_not_there_yet_is_waited_for(tmp_path: Path, eventually) -> None:
    watched = Watched(tmp_path / "later")
    try:
        eventually(lambda: [problem.kind for problem in watched.problems] == ["missing"])
        (tmp_path / "later").mkdir()
        (tmp_path / "later" / "a.csv").write_text("x")
        eventually(lambda: watched.names == ["a.csv"])
    finally:
        watched.stop()


def test_what_casparian_writes_itself_is_no_input(inbox: Path, eventually) -> None:
    watched = Watched(inbox, excluded=[inbox / "out", inbox / "s.db"])
    try:
        (inbox / "out").mkdir()
        (inbox / "out" / "result.parquet").write_text("x")
        (inbox / "s.db").write_text("x")
        (inbox / "in.csv").write_text("x")
        eventually(lambda: watched.names == ["in.csv"])
    finally:
        watched.stop()


def test_a_name_that_is_no_unicode_does_not_end_the_watch(watched: Watched, eventually) -> None:
    eventually(lambda: watched.names == ["before.csv"])
    try:
        (watched.folder / os.fsdecode(b"\xff.csv")).write_text("x")
    except OSError:
        pytest.skip("this file system has no such names")
    eventually(lambda: os.fsdecode(b"\xff.csv") in watched.names)
    (watched.folder / "after.csv").write_text("y")
    eventually(lambda: "after.csv" in watched.names)
    assert sorted(watched.names) == ["after.csv", "before.csv", os.fsdecode(b"\xff.csv")]
