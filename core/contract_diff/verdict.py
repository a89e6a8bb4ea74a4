"""The three verdicts of a change, and how several of them are put together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

Verdict = Literal["compatible", "tightening", "breaking"]

VERDICTS: Final[tuple[Verdict, ...]] = ("compatible", "tightening", "breaking")
"""From the mildest to the worst."""

Judged = tuple[Verdict, str]
"""A verdict, and the sentence that says what changed."""

_MOST: Final = 5
"""Values that a sentence lists."""


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst; compatible if there is none."""
    return max(verdicts, key=VERDICTS.index, default="compatible")


def lost_and_won(what: str, lost: list[str], won: list[str]) -> str:
    """Say what is no longer taken, and what is taken now."""
    parts = [f"no longer {_listed(lost)}"] if lost else []
    parts += [f"also {_listed(won)}"] if won else []
    return f"{what}: {'; '.join(parts) or 'in another order'}"


def _listed(values: list[str]) -> str:
    more = len(values) - _MOST
    return ", ".join(values[:_MOST]) + (f" and {more:,} more" if more > 0 else "")
