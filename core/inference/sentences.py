"""What inference says of columns, in the words of contracts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from casparian.core.contract.toml_text import value_toml
from casparian.core.inference.date_formats import same_reading
from casparian.core.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from casparian.core.contract.model import Column
    from casparian.core.inference.candidates import Candidate
    from casparian.core.inference.evidence import Evidence

_LONGEST: Final = 40
_OF_TEXTS: Final = frozenset({"type", "nullable", "trim", "null_tokens", "min", "max", "stringify"})


def times(number: int) -> str:
    """Return ``once`` or ``2,000 times``."""
    return "once" if number == 1 else f"{number:,} times"


def shown(text: str) -> str:
    """Return a text in quotes, cut if it is long."""
    return repr(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")


def cell(row: int, text: str) -> str:
    """Name a cell by its zero-based row, as people count."""
    return f"row {row + 1:,} {shown(text)}"


def options_of(column: Column) -> str:
    """Return how a column reads texts, as TOML."""
    options = {k: v for k, v in column.canonical().items() if k not in _OF_TEXTS}
    return ", ".join(f"{name} = {value_toml(value)}" for name, value in options.items())


def exceptions(seen: Evidence, candidate: Candidate, column: Column) -> str:
    """Say how many cells a candidate refuses, and which is the first."""
    are = "is" if candidate.against == 1 else "are"
    first = f", e.g. {cell(*min(candidate.examples))}" if candidate.examples else ""
    return f"{candidate.against:,} of {seen.cells:,} values {are} no {column.type}{first}"


def padding(seen: Evidence) -> str:
    """Say how many texts have white space around them."""
    first = f", e.g. {cell(*seen.first_padded)}" if seen.first_padded else ""
    have = "has" if seen.padded == 1 else "have"
    return f"{counted(seen.padded, 'text')} {have} white space around{first}"


def proof(best: Candidate, candidates: Sequence[Candidate]) -> str:
    """Name the cell that tells day from month; empty if there is nothing to tell."""
    format_ = best.column.formats[0] if best.column.formats else ""
    swapped = format_.replace("d", "\0").replace("m", "d").replace("\0", "m")
    if swapped == format_ or "%b" in format_:
        return ""
    for other in candidates:
        formats = other.column.formats
        if formats and other.column.type == best.column.type and same_reading(formats[0], swapped):
            told = [example for example in other.examples if example not in best.examples]
            if told:
                first = "day" if format_.index("d") < format_.index("m") else "month"
                return f"{cell(*min(told))} proves {first} first"
    return ""
