"""Columns that stay text, and would be something else with a little help: what to ask of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from casparian.core.inference.sentences import cell

if TYPE_CHECKING:
    from casparian.core.inference.candidates import Candidate
    from casparian.core.inference.evidence import Evidence

_MARKED: Final = re.compile(
    r"(?P<open>\()?[-+]?(?P<before>[$€£¥₹]|[A-Z]{3} )?[ \u00a0]?[-+]?"
    r"[0-9][0-9.,' \u00a0\u202f]*[ \u00a0]?(?P<after>[%$€£¥₹]|[A-Z]{3})?(?P<close>\))?"
)


def half_zoned(seen: Evidence) -> str:
    """Ask for a zone if some times have an offset, and all others have none."""
    naive, zoned = (_first(seen, f"timestamp({zone})") for zone in ("us", "us, UTC"))
    if naive is None or zoned is None or not (naive.against and zoned.against):
        return ""
    if naive.against + zoned.against != seen.cells or not zoned.examples:
        return ""
    return (
        f"{zoned.against:,} of {seen.cells:,} times have no UTC offset, e.g. "
        f"{cell(*min(zoned.examples))}: of which zone are they? "
        '{ type = "timestamp(us, UTC)", assume_tz = "Europe/Berlin" } reads both'
    )


def marked_numbers(seen: Evidence) -> str:
    """Ask whether texts are numbers, if all that were looked at are numbers with a mark."""
    number = _first(seen, "float64")
    if number is None or not number.examples:
        return ""
    found = [_MARKED.fullmatch(text) for _, text in number.examples]
    marks = {
        mark.strip()
        for match in found
        for mark in ((match["before"], match["after"], match["open"] and "()") if match else ())
        if mark
    }
    if not all(found) or not marks:
        return ""
    listed = " and ".join(repr(mark) for mark in sorted(marks))
    return f"are these numbers? Take {listed} off in the parser, and they can be read as such"


def _first(seen: Evidence, type_: str) -> Candidate | None:
    """Return the candidate that reads a type in its own spelling."""
    return next(
        (
            candidate
            for candidate in seen.candidates
            if str(candidate.column.type) == type_
            and not (candidate.column.formats or candidate.marks or candidate.stays_text)
        ),
        None,
    )
