"""Formats that a text of a date or time may be in: all of them, told by its own marks."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from casparian.core.contract.formats import MONTHS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MONTH: Final = "|".join(MONTHS)
_DAY: Final = re.compile(
    rf"""(?P<ymd>(?P<y1>\d{{4}})(?P<s1>[-/.\ ])(?P<m1>\d\d?|{_MONTH})(?P=s1)(?P<d1>\d\d?))
    |(?P<dmy>(?P<a2>\d\d?)(?P<s2>[-/.\ ])(?P<b2>\d\d?)(?P=s2)(?P<y2>\d{{4}}|\d\d))
    |(?P<dby>(?P<d3>\d\d?)(?P<s3>[-/.\ ]?)(?:{_MONTH})(?P=s3)(?P<y3>\d{{4}}|\d\d))
    |(?P<bdy>(?:{_MONTH})(?P<s4>[-\ ])(?P<d4>\d\d?)(?P<c4>,\ |\ |-)(?P<y4>\d{{4}}))
    |(?P<compact>\d{{8}})""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_CLOCK: Final = re.compile(
    r"""(?P<hour>\d\d?):\d\d(?P<second>:\d\d)?(?P<fraction>\.\d{1,9})?(?P<half>\ ?[AP]M)?
    |(?P<run>\d{6})(?P<runfraction>\.\d{1,9})?""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_ZONE: Final = re.compile(r"(?P<space> ?)(?:Z|[+-]\d\d:?\d\d)", re.ASCII)
_BETWEEN: Final = re.compile(r", | - |[T \-_:]?")  # a colon in the logs of web servers
_LONGEST: Final = 40


class Guess(NamedTuple):
    """A type, and a format in which a text may be one of its values."""

    type: str
    format: str


def guesses(texts: Iterable[str]) -> list[Guess]:
    """Return the formats that any of the texts may be in, those of the most texts first."""
    counts: dict[Guess, int] = {}
    for text in texts:
        for guess in _guesses(text):
            counts[guess] = counts.get(guess, 0) + 1
    return sorted(counts, key=lambda guess: -counts[guess])


def same_reading(one: str, other: str) -> bool:
    """Say whether two formats differ in padding only, so that a text means the same in both."""
    return one.replace("%-", "%") == other.replace("%-", "%")


def _guesses(text: str) -> Iterator[Guess]:
    if len(text) > _LONGEST:
        return
    day = _DAY.match(text)
    if day is None:
        for clock, unit, rest in _clocks(text):
            if not rest and clock not in ("%H:%M:%S", "%H:%M:%S.%f", "%H%M%S", "%H%M%S.%f"):
                yield Guess(f"time({unit})", clock)
        return
    rest = text[day.end() :]
    if not rest:
        for format_ in _days(day):
            if format_ != "%Y-%m-%d":
                yield Guess("date", format_)
        return
    between = _BETWEEN.match(rest)
    assert between is not None  # it may be empty
    for clock, unit, after in _clocks(rest[between.end() :]):
        zone = _ZONE.fullmatch(after)
        if after and zone is None:
            continue
        offset = f"{zone['space']}%z" if zone else ""
        type_ = f"timestamp({unit}, UTC)" if zone else f"timestamp({unit})"
        for format_ in _days(day):
            iso = format_ == "%Y-%m-%d" and between[0] in (" ", "T")
            if iso and clock in ("%H:%M:%S", "%H:%M:%S.%f") and offset in ("", "%z"):
                continue  # the type's own grammar takes it
            yield Guess(type_, f"{format_}{between[0]}{clock}{offset}")


def _days(found: re.Match[str]) -> Iterator[str]:
    """Yield each format of the day."""
    if found["compact"]:
        yield "%Y%m%d"
    elif found["ymd"]:
        mark = found["s1"]
        for day, month in itertools.product(_number("d", found["d1"]), _month(found["m1"])):
            yield f"%Y{mark}{month}{mark}{day}"
    elif found["dmy"]:
        mark, year = found["s2"], _year(found["y2"])
        for one, two in itertools.product(_flags(found["a2"]), _flags(found["b2"])):
            yield f"%{one}d{mark}%{two}m{mark}{year}"
            yield f"%{one}m{mark}%{two}d{mark}{year}"
        if mark == "-" and len(found["a2"]) == len(found["b2"]) == len(found["y2"]) == 2:
            yield f"%y{mark}%m{mark}%d"
    elif found["dby"]:
        mark, year = found["s3"], _year(found["y3"])
        for day in _number("d", found["d3"]):
            yield f"{day}{mark}%b{mark}{year}"
    else:
        for day in _number("d", found["d4"]):
            yield f"%b{found['s4']}{day}{found['c4']}%Y"


def _clocks(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield each format of a text's clock, the unit that it needs, and what follows it."""
    found = _CLOCK.match(text)
    if found is None:
        return
    rest = text[found.end() :]
    fraction = found["fraction"] or found["runfraction"] or ""
    unit = "ns" if len(fraction) > 7 else "us"
    point = ".%f" if fraction else ""
    if found["run"]:
        yield f"%H%M%S{point}", unit, rest
        return
    if fraction and not found["second"]:
        return
    half = found["half"]
    letter = "I" if half else "H"
    tail = f":%M{':%S' if found['second'] else ''}{point}"
    tail += f"{' ' if half.startswith(' ') else ''}%p" if half else ""
    for hour in _number(letter, found["hour"]):
        yield hour + tail, unit, rest


def _month(text: str) -> list[str]:
    return _number("m", text) if text.isdigit() else ["%b"]


def _number(letter: str, text: str) -> list[str]:
    return [f"%{flag}{letter}" for flag in _flags(text)]


def _flags(text: str) -> list[str]:
    """A number of two digits is padded, one of one digit is not, and from 10 on nobody knows."""
    if len(text) == 1:
        return ["-"]
    return [""] if text.startswith("0") else ["", "-"]


def _year(text: str) -> str:
    return "%Y" if len(text) == 4 else "%y"
