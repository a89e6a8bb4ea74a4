"""Date and time formats (``%d/%m/%Y``): what each directive reads, as a regular expression.

A directive reads digits only, always padded to two unless written ``%-d``. Two-digit years
follow POSIX: 69 to 99 are 1969 to 1999, 00 to 68 are 2000 to 2068. Month names are English.
The expressions are common to RE2 and Python's ``re``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from casparian.core.contract.errors import ContractError, did_you_mean

MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_MONTH_NAMES: Final = "|".join(f"{m}|{m.upper()}|{m.lower()}" for m in MONTHS)

DIRECTIVES: Final[dict[str, tuple[str, str]]] = {
    "%Y": ("year", "[0-9]{4}"),
    "%y": ("year2", "[0-9]{2}"),
    "%m": ("month", "[0-9]{2}"),
    "%-m": ("month", "[1-9]|1[0-2]"),
    "%b": ("month_name", _MONTH_NAMES),
    "%d": ("day", "[0-9]{2}"),
    "%-d": ("day", "[1-9]|[12][0-9]|3[01]"),
    "%H": ("hour", "[0-9]{2}"),
    "%-H": ("hour", "[0-9]|1[0-9]|2[0-3]"),
    "%M": ("minute", "[0-9]{2}"),
    "%I": ("hour12", "0[1-9]|1[0-2]"),
    "%-I": ("hour12", "[1-9]|1[0-2]"),
    "%p": ("half", "AM|PM|am|pm"),
    "%S": ("second", "[0-9]{2}"),
    "%f": ("fraction", "[0-9]{1,9}"),
    "%z": ("offset", "Z|[+-][0-9]{2}:?[0-9]{2}"),
}
"""Directive -> (the part of a date or time that it reads, its expression)."""

PIVOT: Final = 69
"""Two-digit years from here on belong to the twentieth century (POSIX strptime)."""


@dataclass(frozen=True, slots=True)
class Format:
    """A translated format: ``regex`` is anchored and names each part that ``parts`` lists."""

    text: str
    regex: str
    parts: tuple[str, ...]
    shape: str
    """The format with its fields made anonymous: equal shapes can't be told apart in a text.

    A year is four digits like any others: 20101112 is a day by %Y%m%d and by %d%m%Y.
    """


def compile_format(
    text: str, *, family: str, zoned: bool, where: str, offset_needed: bool = True
) -> Format:
    """Translate one format for a date, time or timestamp column.

    Raises ContractError if it can't be used. ``zoned`` types need an offset in each text, unless
    the column assumes a zone (``offset_needed`` false).
    """
    regex, shape, parts = [], [], []
    flexible = False  # the piece before was %-d or its like
    digits = False  # the piece before was digits
    for piece in re.findall(r"%-?.|[^%]|%", text, re.DOTALL):
        if piece == "%%" or not piece.startswith("%"):
            literal = piece[-1]
            if flexible and literal.isdigit():
                raise ContractError(f"{where}: {text!r}: a digit follows an unpadded number")
            regex.append(_escape(literal))
            shape.append(literal)
            flexible, digits = False, literal.isdigit()
            continue
        if piece not in DIRECTIVES:
            raise ContractError(
                f"{where}: {text!r}: {piece!r} can't be read",
                hint=f"use {' '.join(DIRECTIVES)}; {did_you_mean(piece, DIRECTIVES)}".rstrip("; "),
            )
        part, expression = DIRECTIVES[piece]
        numeric = part not in ("month_name", "offset", "half")
        if numeric and (flexible or (digits and "-" in piece)):
            raise ContractError(f"{where}: {text!r}: {piece} touches another number")
        if part in parts:
            raise ContractError(f"{where}: {text!r} reads the {part} twice")
        parts.append(part)
        regex.append(f"(?P<{part}>{expression})")
        shape.append({"year": "DDDD", "fraction": "F"}.get(part, "DD" if numeric else part))
        flexible, digits = "-" in piece, numeric
    _check_parts(text, set(parts), family=family, where=where)
    if zoned and offset_needed and "offset" not in parts:
        raise ContractError(
            f"{where}: {text!r} needs %z, because the type has a zone",
            hint='or say which zone the texts are in: assume_tz = "Europe/Berlin"',
        )
    if not zoned and "offset" in parts:
        raise ContractError(f"{where}: {text!r} has %z, but the type has no zone")
    return Format(text, f"^(?:{''.join(regex)})$", tuple(parts), "".join(shape))


def compile_formats(
    texts: tuple[str, ...], *, family: str, zoned: bool, where: str, offset_needed: bool = True
) -> tuple[Format, ...]:
    """Translate all formats of a column; two that read the same text differently are refused."""
    compiled = tuple(
        compile_format(t, family=family, zoned=zoned, where=where, offset_needed=offset_needed)
        for t in texts
    )
    seen: dict[str, Format] = {}
    for item in compiled:
        other = seen.setdefault(item.shape, item)
        if other.parts != item.parts:  # %d/%m/%Y and %-d/%-m/%Y read what both read alike
            raise ContractError(
                f"{where}: {other.text!r} and {item.text!r} read the same texts as different days",
                hint="keep one of them; nobody can tell 03/04 from 04/03",
            )
    return compiled


_DAY_PARTS: Final = frozenset({"year", "year2", "month", "month_name", "day"})


def _check_parts(text: str, parts: set[str], *, family: str, where: str) -> None:
    def has(*names: str) -> bool:
        return len(parts & set(names)) == 1

    day = has("year", "year2") and has("month", "month_name") and has("day")
    if family != "time" and not day:
        raise ContractError(f"{where}: {text!r} needs one year, one month and one day")
    if family == "time" and parts & _DAY_PARTS:
        raise ContractError(f"{where}: {text!r} reads a day, a time has none")
    if family == "date":
        if parts - _DAY_PARTS:
            raise ContractError(f"{where}: {text!r} reads a time, a date has none")
        return
    if not (has("hour", "hour12") and "minute" in parts):
        raise ContractError(f"{where}: {text!r} needs %H and %M", hint="or %I, %M and %p")
    if ("hour12" in parts) != ("half" in parts):
        raise ContractError(f"{where}: {text!r}: %I and %p (AM or PM) go together")
    if "fraction" in parts and "second" not in parts:
        raise ContractError(f"{where}: {text!r} has %f without %S")


def _escape(literal: str) -> str:
    # re.escape would write a backslash before a space or newline; RE2 knows only some of those.
    return "\\" + literal if literal in ".^$*+?()[]{}|\\/" else literal


def to_iso(parts: dict[str, str], *, family: str) -> str:
    """Join what a format read into ISO text, which the type's own grammar then judges."""
    if family == "time":
        return _clock(parts)
    if "year2" in parts:
        year = ("19" if int(parts["year2"]) >= PIVOT else "20") + parts["year2"]
    else:
        year = parts["year"]
    if "month_name" in parts:
        month = f"{MONTHS.index(parts['month_name'].capitalize()) + 1:02d}"
    else:
        month = parts["month"].rjust(2, "0")
    day = f"{year}-{month}-{parts['day'].rjust(2, '0')}"
    if family == "date":
        return day
    offset = parts.get("offset", "")
    if len(offset) == 5:
        offset = f"{offset[:3]}:{offset[3:]}"
    return f"{day}T{_clock(parts)}{offset}"


def _clock(parts: dict[str, str]) -> str:
    """Join hour, minute, second and fraction, as far as they are there."""
    hour = parts.get("hour", "00")
    if "hour12" in parts:  # 12 AM is midnight, 12 PM is noon
        afternoon = parts["half"].upper() == "PM"
        hour = str(int(parts["hour12"]) % 12 + (12 if afternoon else 0))
    fraction = f".{parts['fraction']}" if "fraction" in parts else ""
    return f"{hour.rjust(2, '0')}:{parts.get('minute', '00')}:{parts.get('second', '00')}{fraction}"
