"""The one thread that decides in a dev session: what runs, what is killed, what is told.

All that happens comes to it one after the other: what a person asks, what was written in the
watched folders, what children say. So there is one order of runs, and no lock.
"""

from __future__ import annotations

import itertools
import queue
import selectors
import socket
import time
import traceback
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from casparian.core.dev_session.belongings import Subject
from casparian.core.dev_session.broken_runs import no_process, run_lost, sample_missing
from casparian.core.dev_session.children import Children
from casparian.core.dev_session.comparisons import Comparisons
from casparian.core.dev_session.current_run import CurrentRun, Wanted, task_of
from casparian.core.dev_session.events import (
    Chosen,
    EarlyRows,
    Lines,
    Progress,
    RunEnded,
    RunStarted,
    SessionBroken,
    Stage,
)
from casparian.core.dev_session.history import History
from casparian.core.dev_session.known_parser import ScriptPython, modules_after
from casparian.core.dev_session.messages import (
    Comparison,
    ComparisonDone,
    Done,
    Prepare,
    Ready,
    Task,
)
from casparian.core.dev_session.request import each_once, plain
from casparian.core.dev_session.session_folder import SessionFolder, remove
from casparian.core.dev_session.watcher import Watcher

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from casparian.core.dev_session.child_process import ChildProcess
    from casparian.core.dev_session.events import SessionEvent
    from casparian.core.dev_session.request import SessionRequest
    from casparian.core.dev_session.results import RunResult

#: A child is started beside a run that takes longer than this (seconds).
_LONG_RUN: Final = 0.5
#: How long a run that a person cancels may take to end, so that its rows are kept (seconds).
_CANCEL_GRACE: Final = 1.0


class SessionLoop:
    """Decides. Other threads only :meth:`post`."""

    def __init__(self, request: SessionRequest, on_event: Callable[[SessionEvent], None]) -> None:
        self._request = request
        self._tell = on_event
        self._posted: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._wake, self._woken = socket.socketpair()
        self._wake.setblocking(False)
        self._is_over = False
        self._numbers = itertools.count(1)
        self._revision = 0
        self._waiting: deque[Wanted] = deque()
        self._current: CurrentRun | None = None
        self._newest: dict[Path, int] = {}
        self._script_python = ScriptPython()
        self._subject = Subject(
            None if request.parser is None else plain(request.parser),
            None if request.contract is None else plain(request.contract),
            None,
            each_once(request.samples),
        )
        self.history = History(request.kept_runs, request.kept_bytes)
        self._folder = SessionFolder(request.folder)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._children = Children(self._folder, self._selector)
        self._comparisons = Comparisons(self._children, self.history, on_event)
        self._watcher = Watcher(self.post, self._changed, self._tell)

    @property
    def subject(self) -> Subject:
        """What is being worked on."""
        return self._subject

    @property
    def folder(self) -> Path:
        """The session's private folder."""
        return self._folder.path

    def post(self, what: Callable[[], None]) -> None:
        """Have something done by the loop's thread."""
        self._posted.put(what)
        try:
            self._wake.send(b"x")
        except OSError:
            pass  # it is awake already, or it is over

    def open(self) -> None:
        """Make the session's folder, in whatever thread. Raises SessionError."""
        self._folder.open()

    def run(self) -> None:
        """Go on until :meth:`end` is posted."""
        try:
            self._begin()
            while not self._is_over:
                self._turn()
        except Exception as error:  # noqa: BLE001 - nobody sees what a thread raises
            text = "".join(traceback.format_exception(error))
            self._tell(SessionBroken(f"{type(error).__name__}: {error}", text))
        finally:
            self._finish()
            self.close()

    def close(self) -> None:
        """Let go of everything."""
        self._watcher.close()
        self._selector.close()
        self._wake.close()
        self._woken.close()
        self._folder.close()

    def end(self) -> None:
        """End the loop; nothing more is told."""
        self._is_over = True

    def ask(self, sample: Path | None, first_rows: int | None = None) -> None:
        """Run one sample now, or its first rows, and show it; None: the one that is shown."""
        shown = self._subject.shown if sample is None else plain(sample)
        if shown is None:
            return
        self._supersede(keep_waiting=False)
        self._show(shown)
        self._take_in_changes()
        self._waiting.appendleft(Wanted(shown, "asked", first_rows=first_rows))

    def ask_all(self) -> None:
        """Run all samples, the one that is shown first."""
        self._supersede(keep_waiting=False)
        self._take_in_changes()
        self._waiting.extendleft(reversed([Wanted(sample, "all") for sample in self._in_order()]))

    def ask_registered(self, parser: Path, sample: Path) -> None:
        """Run another version of the parser, when nothing else is to be run."""
        self._waiting.append(Wanted(plain(sample), "registered", parser=plain(parser)))

    def cancel(self) -> None:
        """End what runs, and start nothing of what waits."""
        self._waiting.clear()
        if self._current is not None and self._current.child is not None:
            self._current.is_cancelled = True
            self._children.retire(self._current.child, grace=_CANCEL_GRACE)

    def show(self, sample: Path) -> None:
        """Another sample is shown: its changes, and the parser's, start a run of it."""
        self._show(plain(sample))
        self._tell_chosen()

    def pause(self, paused: bool) -> None:
        """Let saves start no run, or let them again."""
        self._watcher.pause(paused)

    def choose(
        self, parser: Path | None, samples: tuple[Path, ...] | None, contract: Path | None
    ) -> None:
        """Work on another parser, or on other samples (None: those that there are)."""
        self._supersede(keep_waiting=False)
        self._waiting.clear()
        self._revision += 1
        chosen = self._subject.samples if samples is None else each_once(samples)
        shown = self._subject.shown if self._subject.shown in chosen else None
        self._subject = Subject(
            None if parser is None else plain(parser),
            None if contract is None else plain(contract),
            shown or next(iter(chosen), None),
            chosen,
        )
        self._watcher.set_subject(self._subject)
        self._watcher.take_in_changes()
        self._tell_chosen()
        if self._subject.shown is not None:
            self._waiting.append(Wanted(self._subject.shown, "parser"))

    def add_samples(self, samples: tuple[Path, ...]) -> None:
        """Add samples; the first one is run if there was none."""
        was_empty = self._subject.shown is None
        self._set_samples(each_once([*self._subject.samples, *samples]))
        if was_empty and self._subject.shown is not None:
            self._waiting.append(Wanted(self._subject.shown, "asked"))

    def remove_samples(self, samples: tuple[Path, ...]) -> None:
        """Take samples from the list; their runs are ended."""
        gone = set(each_once(samples))
        if self._current is not None and self._current.task.sample in gone:
            self._supersede(keep_waiting=True)
        self._waiting = deque(wanted for wanted in self._waiting if wanted.sample not in gone)
        self._set_samples(tuple(path for path in self._subject.samples if path not in gone))

    def compare(self, before: int, after: int) -> None:
        """Find out what changed between two runs."""
        self._comparisons.ask(before, after)

    def _begin(self) -> None:
        self._subject = replace(self._subject, shown=next(iter(self._subject.samples), None))
        self._watcher.set_subject(self._subject)
        self._watcher.start(paused=not self._request.watching)
        self._tell_chosen()
        if self._subject.shown is not None:
            self._waiting.append(Wanted(self._subject.shown, "start"))

    def _turn(self) -> None:
        """Start what is to be started, then take what comes next."""
        if self._current is None and self._waiting and self._subject.parser is not None:
            self._start(self._waiting.popleft())
        self._comparisons.go_on()
        for key, _ in self._selector.select(self._patience()):
            if key.fileobj is self._woken:
                self._woken.recv(4096)
            elif key.data in self._children.all:
                self._hear(key.data)
        for child in self._children.late():
            self._lose(child, by_itself=False)
        if self._current is None or time.monotonic() - self._current.began > _LONG_RUN:
            self._children.prepare()
        while not self._posted.empty() and not self._is_over:
            self._posted.get()()

    def _patience(self) -> float | None:
        """How long nothing has to be done, if nothing comes (seconds)."""
        if self._current is None and self._waiting and self._subject.parser is not None:
            return 0.0
        times = [self._children.next_deadline()]
        if self._current is not None:
            long = self._current.began + _LONG_RUN
            times.append(long if long > time.monotonic() else None)
        known = [at for at in times if at is not None]
        return max(min(known) - time.monotonic(), 0.0) if known else None

    def _start(self, wanted: Wanted) -> None:
        run = next(self._numbers)
        folder = self._folder.of_run(run)
        folder.mkdir()
        parser = self._subject.parser
        assert parser is not None
        python = self._script_python.get(parser)
        task = task_of(run, wanted, self._request, self._subject, folder, python)
        if wanted.parser is None:
            self._newest[wanted.sample] = run
            self._watcher.run_began()
        current = CurrentRun(task, wanted, self._revision, None)
        self._current = current
        why, waiting = (wanted.reason, wanted.changed), len(self._waiting)
        self._tell(RunStarted(run, wanted.sample, *why, self._revision, waiting))
        if not wanted.sample.exists():
            self._ended(current, current.broken_off("finished", sample_missing(wanted.sample)))
            return
        try:
            current.child = self._children.give(task)
        except OSError as problem:
            self._ended(current, current.broken_off("finished", no_process(problem)))

    def _hear(self, child: ChildProcess) -> None:
        messages = child.receive()
        if messages is None:
            self._lose(child, by_itself=True)
            return
        for message in messages:
            if isinstance(message, Ready):
                self._children.ready(child)
            elif isinstance(message, ComparisonDone):
                self._comparisons.done(child, message)
            else:
                self._hear_of_run(child, message)

    def _hear_of_run(self, child: ChildProcess, message: Any) -> None:
        current = self._current
        is_current = current is not None and current.task.run == message.run
        if isinstance(message, Done):
            self._children.release(child, message)
            if current is not None and is_current:
                self._learn(current, message)
                self._ended(current, current.ended(message))
            else:
                remove(self._folder.of_run(message.run))
        elif current is not None and is_current:
            if isinstance(message, Lines):
                current.take_lines(message.first, message.lines)
            if isinstance(message, Lines | Stage | Progress | EarlyRows):
                self._tell(message)

    def _lose(self, child: ChildProcess, *, by_itself: bool) -> None:
        """A child has ended, or is to be killed because it doesn't come to an end."""
        task, current = child.task, self._current
        said = self._children.end(child, by_itself=by_itself)
        if isinstance(task, Comparison):
            self._comparisons.lost(task, said)
        if current is not None and current.child is child:
            if current.is_cancelled:
                self._ended(current, current.broken_off("cancelled"))
                return
            self._ended(current, current.broken_off("lost", run_lost(said, child.exit_code)))
        elif isinstance(task, Task):
            remove(task.folder)

    def _supersede(self, *, keep_waiting: bool) -> None:
        """End what runs, without waiting for it: something newer is to be run."""
        current = self._current
        if not keep_waiting:
            self._waiting = deque(w for w in self._waiting if w.reason == "registered")
        if current is None:
            return
        if current.child is not None:
            self._children.retire(current.child)
        if current.wanted.parser is not None:
            self._waiting.append(current.wanted)
        self._current = None
        result = current.broken_off("superseded")
        self._tell(RunEnded(current.task.run, current.task.sample, result, is_newest=False))

    def _ended(self, current: CurrentRun, result: RunResult) -> None:
        self._current = None
        is_newest = current.wanted.parser is None and self._newest.get(result.sample) == result.run
        if current.wanted.parser is None:
            self._watcher.run_ended()
        for old in self.history.add(result):
            remove(old.folder)
        self._tell(RunEnded(result.run, result.sample, result, is_newest))

    def _learn(self, current: CurrentRun, done: Done) -> None:
        """Take note of what a run tells of the parser: its modules and its interpreter."""
        if current.wanted.parser is not None:
            return
        self._script_python.learn(current.task.parser, done.python)
        if done.python is not None and not current.task.is_cold:
            self._children.load(Prepare(current.task.parser, done.python.path))
        modules = modules_after(self._subject.modules, done)
        if modules != self._subject.modules:
            self._subject = replace(self._subject, modules=modules)
            self._watcher.set_subject(self._subject)

    def _changed(self, changed: tuple[Path, ...], saved_at: float) -> None:
        """Something that belongs to the parser has other content now."""
        shown = self._subject.shown
        self._revision += 1
        self._script_python.forget()
        current = self._current
        in_all = current is not None and current.wanted.reason == "all"
        in_all = in_all or any(wanted.reason == "all" for wanted in self._waiting)
        self._supersede(keep_waiting=False)
        if shown is None:
            return
        # Those that have been run before are of the older parser.
        others = [path for path in self._in_order() if path != shown] if in_all else []
        again = [Wanted(shown, "change", changed, saved_at), *(Wanted(p, "all") for p in others)]
        self._waiting.extendleft(reversed(again))

    def _take_in_changes(self) -> None:
        """What has changed until now is run, and doesn't start another run."""
        self._revision += self._watcher.take_in_changes()

    def _in_order(self) -> list[Path]:
        """All samples, the one that is shown first."""
        samples = [path for path in self._subject.samples if path != self._subject.shown]
        return samples if self._subject.shown is None else [self._subject.shown, *samples]

    def _show(self, sample: Path) -> None:
        if sample not in self._subject.samples:
            self._subject = replace(self._subject, samples=(*self._subject.samples, sample))
        if sample != self._subject.shown:
            self._subject = replace(self._subject, shown=sample)
            self._watcher.set_subject(self._subject)

    def _set_samples(self, samples: tuple[Path, ...]) -> None:
        shown = self._subject.shown
        if shown not in samples:
            shown = next(iter(samples), None)
        self._subject = replace(self._subject, samples=samples, shown=shown)
        self._watcher.set_subject(self._subject)
        self._tell_chosen()

    def _tell_chosen(self) -> None:
        subject = self._subject
        self._tell(Chosen(subject.parser, subject.samples, subject.shown, self._revision))

    def _finish(self) -> None:
        """Leave nothing behind: no process, no folder."""
        self._watcher.close()
        self._children.finish()
