"""Readings that give a text another value, and that no cell tells from the one preferred."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casparian.core.inference.date_formats import same_reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from casparian.core.inference.candidates import Candidate


def rivals(best: Candidate, fitting: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates that fit as well as the best, and read the same texts otherwise."""
    as_good = [c for c in fitting if c is not best and c.against == best.against]
    if best.column.formats:
        format_ = best.column.formats[0]
        found = [
            other
            for other in as_good
            if other.shape == best.shape and not same_reading(other.column.formats[0], format_)
        ]
        return _apart(found)
    if best.family == "float":
        return [c for c in as_good if _is_thousands_of(c, best)][:1]
    if best.column.thousands:
        return [c for c in as_good if _is_thousands_of(best, c)][:1]
    return []


def _apart(candidates: list[Candidate]) -> list[Candidate]:
    """Keep one of those that differ in padding only."""
    found: list[Candidate] = []
    for candidate in candidates:
        format_ = candidate.column.formats[0]
        if not any(same_reading(other.column.formats[0], format_) for other in found):
            found.append(candidate)
    return found


def _is_thousands_of(whole: Candidate, broken: Candidate) -> bool:
    """Whether a mark parts thousands in one reading, and is the decimal point in the other."""
    return (
        whole.family == "int"
        and broken.family == "float"
        and not broken.column.thousands
        and whole.column.thousands == (broken.column.decimal_point or ".")
    )
