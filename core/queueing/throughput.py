"""How many jobs end each minute, over the last hour: what a chart of the queue shows.

A minute that is over is counted once. The present one is counted anew at each look that follows a
change, as a job that failed in it may have been queued again, and may even have failed again; only
where very many jobs end what came since the last look is added. So each look costs the same,
however many jobs there are. What is not counted yet is counted bit by bit, the newest minutes
first. Then one of those that are over is counted again at each look, for the same reason.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from casparian.core.stores.states import SUCCEEDED

if TYPE_CHECKING:
    from collections.abc import Callable

    from casparian.core.stores.store import Store

MINUTES: Final = 60
_MINUTE: Final = 60_000
#: For so long (milliseconds) a job may end at a time that is past, as its transaction has to wait.
_SETTLES: Final = 3_000
#: Seconds that a look may spend on minutes that are not counted yet.
_BUDGET: Final = 0.004
#: A minute in which more jobs ended is not counted again, since that takes longer.
_FEW: Final = 5_000


@dataclass(frozen=True, slots=True)
class Rate:
    """What ended in one minute: jobs that succeeded, and that failed or became dead letters."""

    done: int = 0
    failed: int = 0

    @property
    def jobs(self) -> int:
        """All of them."""
        return self.done + self.failed


@dataclass(frozen=True, slots=True)
class Throughput:
    """The rates of the last minutes, the oldest first; None for one that is not counted yet.

    The last is the present one, which has the number ``minute``, since 1970. Of ``unsure`` minutes
    it is to be seen yet whether what ended then has ended still.
    """

    minute: int
    rates: tuple[Rate | None, ...]
    unsure: int = field(default=0, compare=False)

    def is_now(self, now: int) -> bool:
        """Whether it is whole, and as it is ``now`` if the store has not changed since."""
        return None not in self.rates and not self.unsure and self.minute == now // _MINUTE


class ThroughputCount:
    """Counts; it keeps what it has counted."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._settled: dict[int, Rate] = {}
        self._mark: int | None = None
        self._oldest = 0
        self._unsure = set[int]()
        self._again = 0

    def look(self, store: Store, now: int, *, changed: bool = True) -> Throughput:
        """Return the rates as they are ``now``, milliseconds since 1970. Raises StoreError.

        ``changed``: whether the store may have changed since the last look.
        """
        minute = now // _MINUTE
        first = minute - MINUTES + 1
        settles = now - _SETTLES
        if self._mark is None or not first * _MINUTE <= self._mark <= now:
            # The first look, one after a long rest, or the clock was put back.
            self._oldest = minute
            self._mark = minute * _MINUTE
            self._settled.clear()
        if settles > self._mark:
            self._add(_counted(store, self._mark, settles), self._settled)
            self._mark = settles
        if changed:
            self._count_present(store)
            over = self._mark // _MINUTE
            few = (at for at, rate in self._settled.items() if 0 < rate.jobs <= _FEW)
            self._unsure = {at for at in few if first <= at < over}
        if self._oldest > first:
            self._look_back(store, first)
        else:
            self._count_again(store)
        self._settled = {at: rate for at, rate in self._settled.items() if at >= first}
        rates = dict(self._settled)
        self._add(_counted(store, self._mark, None), rates)
        return Throughput(
            minute,
            tuple(
                rates.get(at, Rate()) if at >= self._oldest else None
                for at in range(first, minute + 1)
            ),
            len(self._unsure),
        )

    def _count_present(self, store: Store) -> None:
        """Count what is settled of the minute that goes on: its jobs may have been queued again."""
        assert self._mark is not None
        at = self._mark // _MINUTE
        if 0 < self._settled.get(at, Rate()).jobs <= _FEW:
            found = _counted(store, at * _MINUTE, self._mark)
            self._settled[at] = found.get(at, Rate())

    def _look_back(self, store: Store, first: int) -> None:
        until = self._clock() + _BUDGET
        while self._oldest > first:
            start = (self._oldest - 1) * _MINUTE
            self._add(_counted(store, start, start + _MINUTE), self._settled)
            self._oldest -= 1
            if self._clock() > until:
                break

    def _count_again(self, store: Store) -> None:
        if not self._unsure:
            return
        # The next older one than last time, and after the oldest the newest.
        older = (at for at in self._unsure if at < self._again)
        self._again = at = max(older, default=max(self._unsure))
        self._unsure.remove(at)
        self._settled[at] = _counted(store, at * _MINUTE, (at + 1) * _MINUTE).get(at, Rate())

    @staticmethod
    def _add(more: dict[int, Rate], rates: dict[int, Rate]) -> None:
        for at, rate in more.items():
            there = rates.get(at, Rate())
            rates[at] = Rate(there.done + rate.done, there.failed + rate.failed)


def _counted(store: Store, since: int, until: int | None) -> dict[int, Rate]:
    found: dict[int, Rate] = {}
    for one in store.statistics.ended_by_minute(since=since, until=until):
        there = found.get(one.minute, Rate())
        if one.status in SUCCEEDED:
            found[one.minute] = Rate(there.done + one.jobs, there.failed)
        elif one.status != "cancelled":
            found[one.minute] = Rate(there.done, there.failed + one.jobs)
    return found
