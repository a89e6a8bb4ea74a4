"""How far a nested value is followed before its cell says so instead.

A list that holds itself has no end, and forty lists of which each holds the next one twice have
2**40 members once they are written out.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from .families import family, lister

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_DEPTH = 64
"""Lists and dicts nested deeper (or in themselves) are not followed."""
MAX_REPEATED = 1_000_000
"""A cell may hold the same members again and again up to so many; its own have no limit."""
TOO_DEEP = f'"<recursive or deeper than {MAX_DEPTH} levels>"'
TOO_REPETITIVE = f'"<repeats more than {MAX_REPEATED} members>"'

_UNCHECKED = 10_000
_HOLDERS = {"json", "set", "sequence"}


class NestingError(Exception):
    """A value can't be written out; the error's text stands for its cell."""


class Budget:
    """Counts the members that are visited, and once they are many looks at where they are from.

    Args:
        roots: the cells that are about to be followed.
        unchecked: so many members are visited without a look.
    """

    __slots__ = ("_left", "_roots")

    def __init__(self, roots: Sequence[Any], unchecked: int = _UNCHECKED) -> None:
        self._roots = roots
        self._left: float = unchecked

    def spend(self, members: int) -> None:
        """Count members before they are visited.

        Raises:
            NestingError: one of the cells would repeat too much, or has no end.
        """
        self._left -= members
        if self._left < 0:
            for root in {id(root): root for root in self._roots}.values():
                _refuse_repetition(root)
            self._left = math.inf


def _refuse_repetition(root: Any) -> None:
    if family(type(root)) not in _HOLDERS:
        return
    known: dict[int, tuple[int, int, Any]] = {}
    written = _written(root, 0, known)
    if written - sum(own for _, own, _ in known.values()) > MAX_REPEATED:
        raise NestingError(TOO_REPETITIVE)


def _written(holder: Any, depth: int, known: dict[int, tuple[int, int, Any]]) -> int:
    """Return how many members would be written; each holder is visited once."""
    if id(holder) in known:
        return known[id(holder)][0]
    if depth > MAX_DEPTH:
        raise NestingError(TOO_DEEP)
    members = list(_members(holder))
    size = len(members)
    nested = {of for of in set(map(type, members)) if family(of) in _HOLDERS}
    if nested:
        size += sum(_written(m, depth + 1, known) for m in members if type(m) in nested)
    known[id(holder)] = (size, len(members), holder)  # held, so that no id is given twice
    return size


def _members(holder: Any) -> Iterable[Any]:
    if isinstance(holder, dict):
        return dict.values(holder)
    if family(type(holder)) == "sequence":
        members: Iterable[Any] = getattr(holder, str(lister(type(holder))))()
        return members
    if hasattr(holder, "ravel"):  # NumPy's
        return list(holder.ravel().tolist())
    return list(holder)
