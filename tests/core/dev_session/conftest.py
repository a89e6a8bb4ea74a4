"""A session over a small parser, and all that it told."""

from __future__ import annotations

import textwrap
import threading
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pyarrow.parquet as pq
import pytest

from casparian.core.dev_session.events import Lines, RunEnded, RunStarted, Watching
from casparian.core.dev_session.request import SessionRequest
from casparian.core.dev_session.results import RunResult
from casparian.core.dev_session.session import DevSession

from ...guest_python import GUEST_PYTHON
from ...ready_processes import CHILD, ready, server_of


class Told:
    """What a session told, in order; others wait for more of it."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self._changed = threading.Condition()

    def __call__(self, event: Any) -> None:
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    def wait(self, condition: Any, within: float = 30.0) -> Any:
        """Wait until something is true of the events; return it."""
        with self._changed:
            assert self._changed.wait_for(lambda: condition(), within), self.events[-10:]
            return condition()


@dataclass
class Bench:
    """A parser and samples in a folder, and a session over them."""

    folder: Path
    told: Told = field(default_factory=Told)
    session: DevSession | None = None

    @property
    def parser(self) -> Path:
        return self.folder / "parser.py"

    @property
    def temp(self) -> Path:
        return self.folder / "temp"

    def write(self, source: str, name: str = "parser.py") -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(source))
        return path

    def replace(self, source: str, name: str = "parser.py") -> Path:
        """Save as editors do that give the new file its name: nobody can see a part of it."""
        written = self.write(source, f"{name}.~")
        return written.replace(self.folder / name)

    def says(self, word: str) -> None:
        """Save a parser that yields one row with this word."""
        self.write(f"def parse(path):\n    return [{{'word': {word!r}}}]\n")

    def sample(self, name: str = "a.txt", text: str = "a") -> Path:
        path = self.folder / "samples" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def start(self, *samples: Path, **options: Any) -> DevSession:
        given = samples or (self.sample(),)
        options.setdefault("python", GUEST_PYTHON)
        request = SessionRequest(self.parser, given, folder=self.temp, **options)
        self.session = DevSession(request, self.told)
        self.session.start()
        return self.session

    def ended(self) -> list[RunEnded]:
        """The runs that weren't superseded."""
        return [e for e in self.told.of(RunEnded) if e.result.ended != "superseded"]

    def result(self, count: int = 1) -> RunResult:
        """The result of the run that ends as this one in the session."""
        return self.told.wait(lambda: len(self.ended()) >= count and self.ended()[count - 1]).result

    def started(self, count: int = 1) -> RunStarted:
        return self.told.wait(
            lambda: len(self.told.of(RunStarted)) >= count and self.told.of(RunStarted)[count - 1]
        )

    def watching(self) -> Watching:
        """How it was watched when that was last told."""
        return next(iter(self.told.of(Watching)[::-1]), Watching(paused=False))

    def printed(self, text: str) -> None:
        """Wait until the parser has printed a line."""
        self.told.wait(
            lambda: any(line.message == text for told in self.told.of(Lines) for line in told.lines)
        )

    def until_says(self, word: str, within: float = 30.0) -> RunEnded:
        """Wait for a newest result that holds this word."""

        def found() -> RunEnded | None:
            newest = (event for event in self.ended() if event.is_newest)
            return next((event for event in newest if words(event.result) == [word]), None)

        return self.told.wait(found, within)

    def close(self) -> None:
        """Close the session, and see that nothing of it stays."""
        if self.session is None:
            return
        self.session.close()
        assert list(self.temp.iterdir()) == []
        server = server_of(CHILD)
        mine = [p for p in psutil.Process().children() if p.pid != server]
        mine += psutil.Process(server).children(recursive=True) if server is not None else []
        # One that was forked by another process of the tests is waited for by that, not by us.
        _, still_there = psutil.wait_procs([p for p in mine if is_child(p)], timeout=5)
        assert still_there == []
        named = ("dev-session", "watch")
        assert [t.name for t in threading.enumerate() if t.name in named] == []


def is_child(process: psutil.Process) -> bool:
    """Whether it runs as a session's child, or is to."""
    with suppress(psutil.NoSuchProcess):
        if process.status() != psutil.STATUS_ZOMBIE:
            return "dev_session.child" in " ".join(process.cmdline())
    return False


def words(result: RunResult) -> list[str]:
    found = result.outputs[0].rows if result.outputs else None
    return [] if found is None or not found.exists() else pq.read_table(found)["word"].to_pylist()


@pytest.fixture
def spare():
    """Asked for by tests in which a child is ready beside the one that runs, as it always is.

    Starting one takes longer than most runs, so others do without.
    """


@pytest.fixture
def bench(request, tmp_path, monkeypatch):
    if "spare" not in request.fixturenames:
        monkeypatch.setattr("casparian.core.dev_session.children._WANTED", 1)
    made = Bench(tmp_path / "work")
    made.folder.mkdir()
    made.temp.mkdir()
    made.says("first")
    # What is looked at together with its spare is started as it always is.
    with nullcontext() if "spare" in request.fixturenames else ready(CHILD):
        yield made
        made.close()
