"""The orders of a list of jobs, and the pages of a list in any of them.

By the time of queueing, by state and by parser a list of any length is paged: an index leads to the
place. What no index leads to is sorted only while the list is short.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, get_args

from casparian.core.stores.jobs import Measure
from casparian.core.stores.states import STATUSES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from casparian.core.stores.job_store import JobStore
    from casparian.core.stores.jobs import Job, JobFilter, Sort

Key = Literal["queued", "state", "parser"] | Measure
"""By what a list can be sorted."""

MOST_SORTED: Final = 10_000
"""No more jobs than these are sorted by what no index leads to."""

_MEASURES: Final[frozenset[str]] = frozenset(get_args(Measure))
_ASCENDING: Final[frozenset[str]] = frozenset({"state", "parser", "input"})


@dataclass(frozen=True, slots=True)
class JobOrder:
    """An order; of jobs that are the same in it, the newest is first."""

    by: Key = "queued"
    descending: bool = True

    @property
    def has_index(self) -> bool:
        """Whether a list of any length can be in it."""
        return self.by not in _MEASURES

    @property
    def reversed(self) -> JobOrder:
        """The other way."""
        return replace(self, descending=not self.descending)


NEWEST: Final = JobOrder()
OLDEST: Final = JobOrder(descending=False)


def order_by(key: Key) -> JobOrder:
    """Return the order that is meant first: names from A, numbers from the largest."""
    return JobOrder(key, descending=key not in _ASCENDING)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a job is in a list, or was, as it was seen: it may be gone, or have another state."""

    seq: int
    status: str = "pending"
    parser: str = ""


def spot_of(job: Job) -> Spot:
    """Return a job's."""
    return Spot(job.seq, job.status, job.parser)


Place = Literal["first", "last"] | Spot
"""Where in a list: at its beginning, at its end, or at a job."""


@dataclass(frozen=True, slots=True)
class JobsAround:
    """Jobs in the order of their list, and whether there are others before and behind them."""

    jobs: tuple[Job, ...] = ()
    before: bool = False
    behind: bool = False


def is_behind(order: JobOrder, other: Job, job: Job) -> bool | None:
    """Whether another job comes after a job, or is in its place; None if their ids don't tell."""
    if order.by == "queued":
        return other.seq < job.seq if order.descending else other.seq > job.seq
    if order.by == "state":
        theirs, mine = f"{STATUSES.index(other.status)}", f"{STATUSES.index(job.status)}"
    elif order.by == "parser":
        theirs, mine = other.parser, job.parser
    else:
        return None
    if theirs == mine:
        return other.seq < job.seq
    return (theirs > mine) != order.descending


def around(
    jobs: JobStore, wanted: JobFilter, order: JobOrder, place: Place, reach: int
) -> JobsAround | None:
    """Return up to ``reach`` jobs each way of a place.

    None if the list is too long to be in this order. Raises StoreError.
    """
    if order.by == "queued":
        found = _Groups(jobs, [wanted], "newest" if order.descending else "oldest")
        return found.around(place, 0, reach)
    if not order.has_index:
        return _ranked(jobs, wanted, order, place, reach)
    if order.by == "state":
        names: list[str] = [one for one in STATUSES if one in (wanted.statuses or STATUSES)]
        wanted_groups = [replace(wanted, statuses=(one,)) for one in names]  # type: ignore[arg-type]
    else:
        names = [one for one in jobs.parsers() if wanted.parser is None or one == wanted.parser]
        wanted_groups = [replace(wanted, parser=one) for one in names]
    if order.descending:
        names.reverse()
        wanted_groups.reverse()
    at = -1
    if isinstance(place, Spot):
        name = place.status if order.by == "state" else place.parser
        at = names.index(name) if name in names else -1
    return _Groups(jobs, wanted_groups, "newest").around(place, at, reach)


class _Groups:
    """A list that is made of others, one after the other."""

    def __init__(self, jobs: JobStore, groups: Sequence[JobFilter], sort: Sort) -> None:
        self._jobs = jobs
        self._groups = groups
        self._sort: Sort = sort
        self._backwards: Sort = "oldest" if sort == "newest" else "newest"

    def around(self, place: Place, at: int, reach: int) -> JobsAround:
        """Return the jobs around a place, which is in the group of this index; -1 is in none."""
        if place == "last":
            found, more = self._page(self._groups[::-1], self._backwards, None, 2 * reach)
            return JobsAround(found[::-1], before=more, behind=False)
        if not isinstance(place, Spot) or at < 0:
            found, more = self._page(self._groups, self._sort, None, 2 * reach)
            return JobsAround(found, before=False, behind=more)
        step = 1 if self._sort == "newest" else -1
        below, behind = self._page(self._groups[at:], self._sort, place.seq + step, reach)
        above, before = self._page(self._groups[at::-1], self._backwards, place.seq, reach)
        # A job that moved from one group to another between two reads is there once.
        there = {job.seq for job in below}
        above = tuple(job for job in above if job.seq not in there)
        return JobsAround(above[::-1] + below, before=before, behind=behind)

    def _page(
        self, groups: Sequence[JobFilter], sort: Sort, after: int | None, limit: int
    ) -> tuple[tuple[Job, ...], bool]:
        """Return the first jobs of some groups, and whether there are more."""
        found: dict[int, Job] = {}
        for group in groups:
            room = limit - len(found)
            page = self._jobs.list(group, sort=sort, after=after, limit=room + 1)
            for job in page.jobs:
                found.setdefault(job.seq, job)
            if len(found) > limit:
                return tuple(found.values())[:limit], True
            after = None
        return tuple(found.values()), False


def _ranked(
    jobs: JobStore, wanted: JobFilter, order: JobOrder, place: Place, reach: int
) -> JobsAround | None:
    by: Measure = order.by  # type: ignore[assignment]
    seqs = jobs.ranked(wanted, by, descending=order.descending, most=MOST_SORTED)
    if seqs is None:
        return None
    low, high = 0, 2 * reach
    if place == "last":
        low, high = len(seqs) - 2 * reach, len(seqs)
    elif isinstance(place, Spot):
        at = next((at for at, seq in enumerate(seqs) if seq == place.seq), reach)
        low, high = at - reach, at + reach
    low, high = max(0, low), min(len(seqs), high)
    return JobsAround(tuple(jobs.of(seqs[low:high])), before=low > 0, behind=high < len(seqs))
