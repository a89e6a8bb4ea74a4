"""Published sets that stand, as the store keeps them: where each is, and what gives way to what.

An input is its path: its set stands until another job of the same parser version publishes for the
same path. A file of the same content under another name shares the set, and keeps it when the first
file gets other content.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class StandingSet:
    """The set that a job has published with a fence.

    ``place`` is absolute: a folder, or ``sqlite:///path`` of the database that has its rows.
    """

    job_id: str
    fence: int
    place: str


@dataclass(frozen=True, slots=True)
class StandsFor:
    """A path for which a set of a parser's version stands, and the job that has published it."""

    input_path: str
    parser_version: str
    job_id: str


@dataclass(frozen=True, slots=True)
class Promoted:
    """The answer to a promotion.

    ``granted``: the set is to be published, and the ``replaced`` ones are to go. ``refused``: the
    job is to be cancelled, or the lease is lost. ``later``: the set of ``other``, for the same
    input, is being published now. ``superseded``: ``other``, which was asked for later, has
    published for the same input already.
    """

    outcome: Literal["granted", "refused", "later", "superseded"]
    replaced: tuple[StandingSet, ...] = ()
    other: str | None = None

    @property
    def granted(self) -> bool:
        """Whether the set is to be published."""
        return self.outcome == "granted"


def sets_text(sets: Iterable[StandingSet]) -> str | None:
    """Return sets as they are stored; None for none."""
    kept = [asdict(one) for one in sets]
    return json.dumps(kept, ensure_ascii=False) if kept else None


def read_sets(text: str | None) -> tuple[StandingSet, ...]:
    """Return stored sets."""
    return () if text is None else tuple(StandingSet(**one) for one in json.loads(text))
