"""Hints: which relaxation would have accepted a value, found by trying each in the oracle."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from casparian.core.contract.formats import compile_format
from casparian.core.contract.parse import parse_column
from casparian.core.contract.type_text import parse_type
from casparian.core.errors import CasparianError
from casparian.core.validation.oracle import judge
from casparian.core.validation.oracle_texts import TRIMMED
from casparian.core.validation.zones import assuming

if TYPE_CHECKING:
    from collections.abc import Iterator

    from casparian.core.contract.model import Column
    from casparian.core.validation.cells import Cell
    from casparian.core.validation.oracle import Judgement

_DATES: Final = (
    *("%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%Y%m%d", "%d.%m.%Y", "%m-%d-%Y", "%d-%m-%Y"),
    *("%-d/%-m/%Y", "%-m/%-d/%Y", "%-d.%-m.%Y", "%Y-%-m-%-d", "%d %b %Y", "%d-%b-%Y"),
    *("%-d %b %Y", "%b %d %Y", "%b %d, %Y", "%b %-d, %Y", "%d/%m/%y", "%m/%d/%y"),
    *("%d.%m.%y", "%d-%b-%y", "%y-%m-%d", "%y/%m/%d", "%d-%m-%y", "%m-%d-%y", "%-d/%-m/%y"),
    *("%-m/%-d/%y", "%-d.%-m.%y", "%-d-%b-%Y", "%Y.%m.%d", "%Y-%b-%d", "%d%b%Y", "%d/%b/%Y"),
)
_ISO_DATE: Final = "%Y-%m-%d"
_CLOCKS: Final = ("%H:%M:%S", "%H:%M", "%H:%M:%S.%f", "%H%M%S", "%-H:%M", "%-H:%M:%S", "%H%M")
_HALF_DAY_CLOCKS: Final = (
    *("%I:%M %p", "%I:%M:%S %p", "%-I:%M %p", "%-I:%M:%S %p", "%I:%M%p", "%-I:%M%p"),
    *("%I:%M:%S%p", "%-I:%M:%S%p"),
)
_HALF_DAY: Final = re.compile("[0-9] ?[AaPp][Mm]")
_LOG_TIME: Final = re.compile("/[0-9]{4}:")
_PLAIN_NUMBER: Final = re.compile(r"[-+]?[0-9]+\.[0-9]+")
_TRUE: Final = frozenset({"yes", "y", "1", "t", "on", "true", "x", "ja", "oui", "si"})
_FALSE: Final = frozenset({"no", "n", "0", "f", "off", "false", "nein", "non"})
_NOTHING: Final = frozenset(
    {
        *("", "-", "--", "---", ".", "?", "n/a", "#n/a", "na", "nan", "null", "none", "nil"),
        *("missing", "unknown", "undefined", "not available"),
    }
)
_SPELLED: Final = frozenset({"enum", "uuid", "binary", "json", "list", "struct"})
_LONGEST: Final = 100
"""Longer texts get no hint: no relaxation is likely to fit them, and trying costs time."""

_SEARCHES: Final = 200
"""Searches per column. A search tries up to some hundred changes, a remembered hint takes one."""

Change = tuple[str, dict[str, Any]]
"""A hint's words, and the options that they mean."""


class Hints:
    """Finds hints for the bad cells of one column, and remembers what fitted which shape of text.

    After 200 searches only remembered hints are tried, so that a column of nothing but bad
    cells, all different, costs no minutes.
    """

    def __init__(self, column: Column) -> None:
        self._column = column
        self._remembered: dict[tuple[str | None, str], list[list[Change]]] = {}
        self._searches = 0

    def hint(self, cell: Cell) -> str:
        """Return the options that would have accepted this cell, as TOML; empty if none would."""
        if len(cell.text) > _LONGEST:
            return ""
        known = self._remembered.setdefault((cell.kind, _shape(cell.text)), [])
        for changes in known:
            if all(_accepts(cell, self._column, options) for _, options in changes):
                return _joined(changes)
        if self._searches >= _SEARCHES:
            return ""
        self._searches += 1
        found = list(_searched(cell, replace(self._column, name="column")))
        if found:
            known.append(found)
        return _joined(found)


@lru_cache(maxsize=1024)
def _searched(cell: Cell, column: Column) -> tuple[Change, ...]:
    """Search once for all columns that differ by name only: there may be thousands."""
    return tuple(_search(cell, column))


def hint_for(cell: Cell, column: Column) -> str:
    """Search a hint for a single cell; see Hints."""
    return Hints(column).hint(cell)


def _shape(text: str) -> str:
    """Return the text with every digit a 9 and every letter an a."""
    return re.sub("[^\\W\\d_]+", "a", re.sub("[0-9]", "9", text))


def _joined(changes: list[Change]) -> str:
    return " or ".join(words for words, _ in changes)


def _search(cell: Cell, column: Column) -> list[Change]:
    """Return the change that accepts the cell; several where it may be read in several ways."""
    if cell.kind is None:
        return _first(cell, column, iter([("nullable = true", {"nullable": True})]))
    if cell.kind == "str":
        return (
            _both_marks(cell, column, _first(cell, column, _spellings(cell.text, column)))
            or _all(cell, column, _zones(column))
            or _formats(cell, column)
            or _first(cell, column, _others(cell, column))
            or _first(cell, column, _placeholder(cell, column))
        )
    return _first(cell, column, _typed(column)) or _all(cell, column, _zones(column))


def _first(cell: Cell, column: Column, changes: Iterator[Change]) -> list[Change]:
    return next(([change] for change in changes if _accepts(cell, column, change[1])), [])


def _all(cell: Cell, column: Column, changes: Iterator[Change]) -> list[Change]:
    return [change for change in changes if _accepts(cell, column, change[1])]


def _both_marks(cell: Cell, column: Column, found: list[Change]) -> list[Change]:
    """Add the other reading of a number such as 1,234: it may well be a little more than 1."""
    for _, options in found:
        mark = options.get("thousands")
        if mark == "," and column.type.family != "int" and "decimal_point" not in options:
            other = {name: value for name, value in options.items() if name != "thousands"}
            other["decimal_point"] = mark
            if _accepts(cell, column, other):
                return [*found, (_written(other), other)]
    return found


def _accepts(cell: Cell, column: Column, options: dict[str, Any]) -> bool:
    if "thousands" in options and _PLAIN_NUMBER.fullmatch(cell.text.strip(TRIMMED)):
        # Reading 8.455 as 8455 would let it through by changing it.
        return False
    return _judged(cell, replace(column, **options)) is not None


def _judged(cell: Cell, column: Column) -> Judgement | None:
    """Judge a cell against a changed column; None if it is bad, or the column is impossible.

    The column's other options may not go with the change (formats and bounds with another zone):
    whoever followed the hint would get a contract that is refused.
    """
    try:
        judgement = judge(cell, column)
        if judgement.reasons:
            return None
        parse_column(column.name, column.canonical(), where=column.name)
    except (CasparianError, ArithmeticError, ValueError):
        return None
    return judgement


def _spellings(text: str, column: Column) -> Iterator[Change]:
    """Yield changes of how a text may be written, the smallest first."""
    singles: list[dict[str, Any]] = [{"trim": True}]
    if column.type.family in ("int", "float", "decimal"):
        singles += [{"leading_zeros": True}, {"plus": True}]
        singles += [{"thousands": mark} for mark in (",", " ", "_", "'", "\u00a0", "\u202f")]
    if column.type.family == "int":
        singles.append({"thousands": "."})
    if column.type.family in ("float", "decimal"):
        singles.append({"decimal_point": ","})
        singles += [
            {"thousands": mark, "decimal_point": ","} for mark in (".", " ", "\u00a0", "\u202f")
        ]
    if column.type.family == "float":
        singles += [{"allow_nan": True}, {"allow_inf": True}]
    if column.type.family == "date":
        singles.append({"midnight_ok": True})
    changes = [*singles, *({"trim": True, **single} for single in singles[1:])]
    if text.strip(TRIMMED).startswith("+"):  # the sign hides what else is unusual
        changes += [{**change, "plus": True} for change in changes if "plus" not in change]
    for change in changes:
        yield _written(change), change


def _written(change: dict[str, Any]) -> str:
    return ", ".join(
        f"{name} = {json.dumps(list(v) if isinstance(v, tuple) else v, ensure_ascii=False)}"
        for name, v in change.items()
    )


def _formats(cell: Cell, column: Column) -> list[Change]:
    """Return the common formats that fit, with different values; at most three."""
    if column.type.family not in ("date", "time", "timestamp"):
        return []
    text = cell.text.strip(TRIMMED)
    zone = column.type.tz if column.assume_tz is None else None
    for trim in (False, True):
        for assumed in (None, zone) if zone else (None,):
            fitting: dict[object, Change] = {}
            offset = zone is not None and assumed is None
            for format_ in _candidates(text, column, offset=offset):
                if not _compiled(format_, column.type.family, offset).fullmatch(text):
                    continue
                change: dict[str, Any] = {"trim": True} if trim else {}
                change["formats"] = (*column.formats, format_)
                words = _written(change)
                if assumed:
                    change["assume_tz"] = assumed
                    words = f"{words}, {assuming(assumed)}"
                judgement = _judged(cell, replace(column, **change))
                if judgement is not None:
                    fitting.setdefault(judgement.value, (words, change))
                if len(fitting) == 3:
                    break
            if fitting:
                return list(fitting.values())
    return []


@lru_cache(maxsize=8192)
def _compiled(format_: str, family: str, offset: bool) -> re.Pattern[str]:
    compiled = compile_format(
        format_, family=family, zoned=offset, offset_needed=False, where=format_
    )
    return re.compile(compiled.regex)


def _candidates(text: str, column: Column, *, offset: bool) -> Iterator[str]:
    if column.type.family == "date":
        yield _ISO_DATE  # formats take the place of the ISO form, which may be meant as well
        yield from _DATES
        return
    clocks = _HALF_DAY_CLOCKS if _HALF_DAY.search(text) else _CLOCKS
    if column.type.family == "time":
        yield from clocks
        return
    between = "T" if re.search("[0-9]T[0-9]", text) else " "
    if _LOG_TIME.search(text):
        between = ":"
    for day in (_ISO_DATE, *_DATES):
        for clock in clocks:
            yield f"{day}{between}{clock}{'%z' if offset else ''}"
            if offset and " " in text:
                yield f"{day}{between}{clock} %z"


def _others(cell: Cell, column: Column) -> Iterator[Change]:
    text = cell.text.strip(TRIMMED) if column.trim else cell.text
    if column.type.family == "bool" and text.lower() in _TRUE | _FALSE:
        name = "true_tokens" if text.lower() in _TRUE else "false_tokens"
        change = {name: (*getattr(column, name), text)}
        yield _written(change), change
    if not column.nullable:  # the text may stand for null already
        yield "nullable = true", {"nullable": True}


def _zones(column: Column) -> Iterator[Change]:
    """Yield what to do about a zone that is missing, or not expected, or whose clocks went back."""
    if column.type.family != "timestamp":
        return
    if column.assume_tz is not None:
        for choice in ("earliest", "latest"):
            yield f'ambiguous = "{choice}"', {"ambiguous": choice}
        return
    if column.type.tz:
        yield assuming(column.type.tz), {"assume_tz": column.type.tz}
    tz = "" if column.type.tz else ", UTC"
    text = f"timestamp({column.type.unit}{tz})"
    yield f'type = "{text}"', {"type": parse_type(text, where=column.name)}


def _placeholder(cell: Cell, column: Column) -> Iterator[Change]:
    """Yield a null token for a short text without digits, such as N/A, Unknown or nothing.

    Where other words have a meaning as well, only for those that mean nothing everywhere.
    """
    text = cell.text.strip(TRIMMED) if column.trim else cell.text
    if len(text) > 20 or any(c.isdigit() for c in text) or column.type.family == "string":
        return
    if column.type.family in _SPELLED and text.strip(TRIMMED).lower() not in _NOTHING:
        return
    change: dict[str, Any] = {"null_tokens": (*column.null_tokens, text)}
    words = _written({"null_tokens": change["null_tokens"]})
    if column.nullable:
        yield words, change
    else:
        yield f"{words}, with nullable = true", {**change, "nullable": True}


def _typed(column: Column) -> Iterator[Change]:
    family = column.type.family
    names = {
        "string": ("stringify",),
        "decimal": ("from_float",),
        "date": ("midnight_ok",),
        "float": ("allow_nan", "allow_inf"),
    }.get(family, ())
    for name in names:
        yield f"{name} = true", {name: True}
