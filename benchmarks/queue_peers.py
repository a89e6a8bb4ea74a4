"""Three queues over SQLite, driven as their own documentation does."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar


class Peer:
    """A queue in a file. A job is a number."""

    name: ClassVar[str]
    kept: ClassVar[str]
    """What it writes of a job, and how surely."""
    target: ClassVar[str] = "at least 4"

    def __init__(self, path: Path) -> None:
        self.path = path

    def enqueue(self, count: int) -> None:
        """Put so many jobs into it, one by one."""
        raise NotImplementedError

    def take(self, done: Callable[[int], None]) -> None:
        """Do all jobs there are; ``done`` is the work on one."""
        raise NotImplementedError


class Huey(Peer):
    """``SqliteHuey``: a job is gone from the file once it is taken."""

    name = "huey"
    kept = "two durable transactions a job: it is there, it is gone"

    def _app(self) -> tuple[Any, Any, list[Callable[[int], None]]]:
        from huey import SqliteHuey

        work: list[Callable[[int], None]] = []
        app = SqliteHuey("bench", filename=str(self.path), results=False)

        @app.task()
        def noop(number: int) -> None:
            work[0](number)

        return app, noop, work

    def enqueue(self, count: int) -> None:
        _, noop, _ = self._app()
        for number in range(count):
            noop(number)

    def take(self, done: Callable[[int], None]) -> None:
        app, _, work = self._app()
        work.append(done)
        while (task := app.dequeue()) is not None:
            app.execute(task)


def _patiently(call: Callable[[], Any]) -> Any:
    """Do what may find the file locked for longer than the peer waits, as its users have to."""
    while True:
        try:
            return call()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise


class LiteQueue(Peer):
    """A job is locked, then done. As it comes it is not durable: a power cut may undo either."""

    name = "litequeue"
    kept = "three transactions a job, not durable (synchronous NORMAL): a power cut undoes the last"
    target = "at least 4"

    def _queue(self) -> Any:
        from litequeue import LiteQueue as Queue

        return Queue(str(self.path))

    def enqueue(self, count: int) -> None:
        queue = self._queue()
        for number in range(count):
            queue.put(str(number))

    def take(self, done: Callable[[int], None]) -> None:
        queue = self._queue()
        while (message := _patiently(queue.pop)) is not None:
            done(int(message.data))
            _patiently(partial(queue.done, message.message_id))


class DurableLiteQueue(LiteQueue):
    """The same, told to be as durable as the others."""

    name = "litequeue, made durable"
    kept = "three durable transactions a job"
    target = "told, no target"

    def _queue(self) -> Any:
        queue = super()._queue()
        queue.conn.execute("PRAGMA synchronous = FULL")
        return queue


class PersistQueue(Peer):
    """``SQLiteAckQueue``: a job is taken, then acknowledged."""

    name = "persist-queue"
    kept = "three durable transactions a job"

    def _queue(self) -> Any:
        from persistqueue import SQLiteAckQueue

        return SQLiteAckQueue(str(self.path), multithreading=True, auto_commit=True)

    def enqueue(self, count: int) -> None:
        queue = self._queue()
        for number in range(count):
            queue.put(number)
        queue.close()

    def take(self, done: Callable[[int], None]) -> None:
        import persistqueue

        queue = self._queue()
        while True:
            try:
                taken = queue.get(block=False, raw=True)
            except persistqueue.Empty:
                break
            except sqlite3.OperationalError:
                continue  # locked: as its users have to
            done(taken["data"])
            while True:
                try:
                    queue.ack(id=taken["pqid"])
                    break
                except sqlite3.OperationalError:
                    continue
        queue.close()


PEERS: tuple[type[Peer], ...] = (Huey, LiteQueue, DurableLiteQueue, PersistQueue)
