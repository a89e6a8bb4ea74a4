"""The children of a session: one that runs, one that is ready to, and those that are to end."""

from __future__ import annotations

import selectors
import time
from typing import TYPE_CHECKING, Final

from casparian.core.dev_session.child_process import ChildProcess
from casparian.core.dev_session.messages import (
    Cancel,
    Comparison,
    ComparisonDone,
    Done,
    Prepare,
    Task,
)

if TYPE_CHECKING:
    from casparian.core.dev_session.session_folder import SessionFolder

#: So many are there, so that one can be killed and the next run need not wait for a start.
_WANTED: Final = 2
#: How long a child whose run isn't wanted any more may take to end it (seconds). It is spared if it
#: can: to start another one takes longer than a run.
_GRACE: Final = 0.3
#: How much longer if it is still being started (seconds).
_START: Final = 5.0


class Children:
    """Starts, hands out, takes back and ends children. All in one thread.

    Args:
        folder: the session's own.
        selector: is told of their sockets, each with its child as data.
    """

    def __init__(self, folder: SessionFolder, selector: selectors.BaseSelector) -> None:
        self._folder = folder
        self._selector = selector
        self._all: list[ChildProcess] = []
        self._started = 0
        self._hopeless = False
        self._to_load: Prepare | None = None

    @property
    def all(self) -> tuple[ChildProcess, ...]:
        """All that are there."""
        return tuple(self._all)

    def give(self, task: Task | Comparison) -> ChildProcess:
        """Give a task to a child that has nothing to do, a new one if need be; returns it.

        Raises OSError if none can be started.
        """
        while True:
            child = self._free() or self._start()
            child.task, child.kill_at = task, None
            if child.send(task):
                return child
            self.end(child)

    def _free(self) -> ChildProcess | None:
        """One that has nothing to do, or has not begun with what isn't wanted any more."""
        idle = [child for child in self._all if child.task is None]
        begun = [child for child in idle if child.is_ready]
        late = [c for c in self._all if c.kill_at is not None and not c.is_ready]
        return next(iter([*begun, *idle, *late]), None)

    def prepare(self) -> None:
        """See that another one is ready for the next run."""
        wanted = [child for child in self._all if child.kill_at is None]
        if self._hopeless or len(wanted) >= _WANTED:
            return
        try:
            self._start()
        except OSError:
            self._hopeless = True  # the next run tries again, and says so

    def ready(self, child: ChildProcess) -> None:
        """A child has imported what it needs."""
        child.is_ready = True
        self._hopeless = False
        if self._to_load is not None and child.task is None:
            child.send(self._to_load)

    def load(self, what: Prepare) -> None:
        """Have those that wait for a run load what it will import."""
        self._to_load = what
        for child in self._all:
            if child.is_ready and child.task is None:
                child.send(what)

    def retire(self, child: ChildProcess, *, grace: float = _GRACE) -> None:
        """End what a child does; it is killed if it hasn't ended it soon."""
        if isinstance(child.task, Comparison):
            grace = 0.0
        elif not child.is_ready:
            grace += _START
        if child.kill_at is None:
            child.kill_at = time.monotonic() + grace
        if isinstance(child.task, Task):
            child.send(Cancel(child.task.run))

    def release(self, child: ChildProcess, done: Done | ComparisonDone) -> None:
        """A child has ended a task: it may have another one, unless it has got it already."""
        if isinstance(child.task, Task) and isinstance(done, Done) and child.task.run != done.run:
            return
        child.task = child.kill_at = None
        if sum(other.kill_at is None for other in self._all) > _WANTED:
            self.end(child)

    def end(self, child: ChildProcess, *, by_itself: bool = False) -> str:
        """Kill a child, or reap it; return how it ended if it had."""
        # What ends while it starts would do so again: another one is started only for a run.
        self._hopeless = by_itself and not child.is_ready
        self._selector.unregister(child)
        self._all.remove(child)
        return child.end()

    def late(self) -> list[ChildProcess]:
        """Return those that are to be killed now."""
        return [child for child in self._all if child.is_late()]

    def next_deadline(self) -> float | None:
        """Return when one is to be killed (monotonic clock)."""
        times = [child.kill_at for child in self._all if child.kill_at is not None]
        return min(times, default=None)

    def busy(self) -> list[ChildProcess]:
        """Return those that have a task."""
        return [child for child in self._all if child.task is not None]

    def finish(self) -> None:
        """End them all: those that do something get the time to end it."""
        for child in self.busy():
            self.retire(child)
        while self.busy():
            deadline = self.next_deadline()
            patience = None if deadline is None else max(deadline - time.monotonic(), 0.0)
            for key, _ in self._selector.select(patience):
                if key.data not in self._all:
                    continue
                messages = key.data.receive()
                if messages is None:
                    self.end(key.data)
                for message in messages or ():
                    if isinstance(message, Done | ComparisonDone):
                        self.release(key.data, message)
            for child in self.late():
                self.end(child)
        for child in self.all:
            self.end(child)

    def _start(self) -> ChildProcess:
        self._started += 1
        words = self._folder.path / f"child-{self._started}"
        child = ChildProcess(self._folder.temporary, words, self._folder.mark)
        self._all.append(child)
        self._selector.register(child, selectors.EVENT_READ, child)
        return child
