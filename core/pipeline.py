"""Work on other threads that keeps its order: judging ahead of the reader, writing behind it.

Arrow lets go of Python's lock while it computes, so threads share the processors. What is handed
in first comes out first, a bounded amount is under way, and an error is raised where the result
would have been.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from .processors import processors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")
K = TypeVar("K")

MOST_THREADS: Final = 4
"""More would wait for the reader: frames come from one guest."""


class Ahead(Generic[K, T]):
    """Computes results on several threads, and gives them back in the order of their calls.

    Each call has a tag that comes back with its result. Threads start with the first call: as many
    as are given, or as there are processors, but for those to ``spare``.
    """

    def __init__(self, threads: int | None = None, *, spare: int = 0) -> None:
        self._given, self._spare = threads, spare
        self._pool: ThreadPoolExecutor | None = None
        self._under_way: deque[tuple[K, Future[T]]] = deque()

    @cached_property
    def _threads(self) -> int:
        return self._given or max(1, min(processors(), MOST_THREADS) - self._spare)

    def __len__(self) -> int:
        return len(self._under_way)

    def submit(self, tag: K, call: Callable[[], T]) -> None:
        """Begin a call."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="judge")
        self._under_way.append((tag, self._pool.submit(call)))

    def ready(self) -> Iterator[tuple[K, T]]:
        """Yield the oldest results until no more than two calls per thread are under way.

        Raises what a call raised, when its turn has come.
        """
        while len(self._under_way) > 2 * self._threads:
            yield self._oldest()

    def rest(self) -> Iterator[tuple[K, T]]:
        """Yield all results that are left, as ``ready`` does."""
        while self._under_way:
            yield self._oldest()

    def _oldest(self) -> tuple[K, T]:
        tag, future = self._under_way[0]
        result = future.result()
        self._under_way.popleft()
        return tag, result

    def close(self) -> None:
        """Forget what is left, and wait for the calls that have begun."""
        self._under_way.clear()
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None


class Behind:
    """Does things on one other thread, in order; a bounded weight of them waits.

    After one has failed, none that was handed in later is done.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._pool: ThreadPoolExecutor | None = None
        self._waiting: deque[tuple[int, Future[Any]]] = deque()
        self._weight = 0
        self._failed: BaseException | None = None

    @property
    def idle(self) -> bool:
        """Whether nothing waits or is being done."""
        return not self._waiting

    def put(self, weight: int, call: Callable[[], object]) -> None:
        """Hand in a call; waits while more than ``most`` is under way.

        Raises what an earlier call raised.
        """
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, thread_name_prefix="write")
        self._waiting.append((weight, self._pool.submit(self._do, call)))
        self._weight += weight
        while self._waiting and (self._weight > self._most or self._waiting[0][1].done()):
            self._wait_for_one()

    def drain(self) -> None:
        """Wait until everything is done. Raises what a call raised."""
        while self._waiting:
            self._wait_for_one()

    def close(self) -> None:
        """Forget what has not begun, and wait for the call that has."""
        self._waiting.clear()
        self._weight = 0
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def _do(self, call: Callable[[], object]) -> None:
        if self._failed is not None:
            raise self._failed
        try:
            call()
        except BaseException as error:
            self._failed = error
            raise

    def _wait_for_one(self) -> None:
        weight, future = self._waiting[0]
        future.result()
        self._waiting.popleft()
        self._weight -= weight
