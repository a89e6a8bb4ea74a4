"""What a column may be: every definition that inference tries, in order of preference."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from casparian.core.contract.formats import compile_format
from casparian.core.contract.model import Column
from casparian.core.contract.type_text import parse_type
from casparian.core.inference.date_formats import Guess, guesses
from casparian.core.inference.digits import Digits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

EXAMPLES: Final = 10
"""Cells that a candidate keeps of those that speak against it."""

_MOST_FORMATS: Final = 40
_SPACES: Final = (" ", "\u00a0", "\u202f")
_THOUSANDS: Final = (",", ".", "'", "\u2019", "_", *_SPACES)
_EARLIEST, _LATEST = "1900-01-01", "2100-12-31"


@dataclass(slots=True)
class Candidate:
    """One definition, and the cells that speak against it."""

    column: Column
    shape: str = ""
    """Equal for formats that nobody can tell apart in a text (day or month first)."""
    stays_text: str = ""
    """Why the column is kept as text if this is what fits."""
    exact_only: bool = False
    """Whether it is proposed only if no cell speaks against it."""
    base: Candidate | None = None
    """The candidate that judges texts without any of this one's marks the same."""
    digits: Digits | None = None
    """What its numbers look like, for numbers."""
    against: int = 0
    doubted: int = 0
    """Those of ``against`` that it takes all the same: hardly meant so, and not refused."""
    dropped: bool = False
    """Whether so much spoke against it that the rest wasn't asked."""
    examples: list[tuple[int, str]] = field(default_factory=list)
    """(zero-based row, text) of cells that it doesn't take."""
    doubts: list[tuple[int, str]] = field(default_factory=list)
    """The same of cells that are hardly meant so."""

    @property
    def refused(self) -> int:
        """Cells that it doesn't take."""
        return self.against - self.doubted

    @property
    def family(self) -> str:
        """The family of its type."""
        return self.column.type.family

    @property
    def marks(self) -> str:
        """The marks that it allows in numbers."""
        return f"{self.column.thousands or ''}{self.column.decimal_point or ''}"


def plain_candidates(name: str) -> list[Candidate]:
    """Return every candidate that needs no look at the texts, the preferred first."""
    int64, float64 = _made(name, "int64"), _made(name, "float64")
    int64.digits, float64.digits = Digits(int64.column), Digits(float64.column)
    found = [_made(name, "bool"), int64, float64]
    found += [_made(name, type_) for type_ in ("date", "time(us)", "time(ns)")]
    for unit in ("us", "ns"):
        found += [_made(name, f"timestamp({unit})"), _made(name, f"timestamp({unit}, UTC)")]
    found += [_made(name, type_) for type_ in ("uuid", "duration(us)", "duration(ns)", "json")]
    zeros = _made(name, "int64", leading_zeros=True)
    zeros.stays_text = "leading zeros are part of a text, and a number would lose them"
    found.append(zeros)
    for type_ in ("int64", "float64"):
        plus = _made(name, type_, plus=True, leading_zeros=type_ == "int64")
        plus.stays_text = "some begin with '+', as phone numbers do; plus = true reads numbers"
        found.append(plus)
    for type_, options in _marked():
        candidate = _made(name, type_, **options)
        candidate.base = int64 if type_ == "int64" else float64
        candidate.digits = Digits(candidate.column)
        found.append(candidate)
    return found


def as_text(name: str) -> Candidate:
    """Return the candidate that keeps every cell's text."""
    return Candidate(Column(name, parse_type("string", where=name), stringify=True))


def format_candidates(name: str, texts: Iterable[str]) -> list[Candidate]:
    """Return a candidate per format that any of the texts may be in."""
    found = [_formatted(name, guess) for guess in guesses(texts)[:_MOST_FORMATS]]
    return sorted(found, key=lambda candidate: "%-" in candidate.column.formats[0])


def _made(name: str, type_: str, **options: Any) -> Candidate:
    return Candidate(Column(name, parse_type(type_, where=name), trim=True, **options))


def _marked() -> Iterator[tuple[str, dict[str, Any]]]:
    for mark in _THOUSANDS:
        yield "int64", {"thousands": mark}
    yield "float64", {"decimal_point": ","}
    for mark in _THOUSANDS:
        if mark != ".":
            yield "float64", {"thousands": mark}
        if mark != ",":
            yield "float64", {"thousands": mark, "decimal_point": ","}


def _formatted(name: str, guess: Guess) -> Candidate:
    options: dict[str, Any] = {"formats": (guess.format,)}
    family = parse_type(guess.type, where=name).family
    # Eight digits may be any number: they are days only if all of them are days of our times.
    compact = guess.format.startswith("%Y%m%d")
    if compact and family == "date":
        options["min"], options["max"] = map(date.fromisoformat, (_EARLIEST, _LATEST))
    elif compact and "UTC" not in guess.type:
        options["min"], options["max"] = f"{_EARLIEST}T00:00:00", f"{_LATEST}T23:59:59"
    candidate = _made(name, guess.type, **options)
    shape = compile_format(guess.format, family=family, zoned="UTC" in guess.type, where=name).shape
    candidate.shape = f"{guess.type} {shape}"
    candidate.exact_only = compact
    return candidate
