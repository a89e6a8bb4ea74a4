"""Hints: which relaxation would have accepted a value, found by trying each in the oracle."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from casparian.core.contract.types import parse_type
from casparian.core.validation.oracle import TRIMMED, Value, judge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from casparian.core.contract.model import Column
    from casparian.core.validation.cells import Cell

_DATES: Final = (
    *("%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%Y%m%d", "%d.%m.%Y", "%m-%d-%Y", "%d-%m-%Y"),
    *("%-d/%-m/%Y", "%-m/%-d/%Y", "%-d.%-m.%Y", "%Y-%-m-%-d", "%d %b %Y", "%d-%b-%Y"),
    *("%-d %b %Y", "%b %d %Y", "%b %d, %Y", "%b %-d, %Y", "%d/%m/%y", "%m/%d/%y"),
    *("%d.%m.%y", "%d-%b-%y"),
)
_ISO_DATE: Final = "%Y-%m-%d"
_CLOCKS: Final = ("%H:%M:%S", "%H:%M", "%H:%M:%S.%f", "%H%M%S", "%-H:%M", "%-H:%M:%S")
_TRUE: Final = frozenset({"yes", "y", "1", "t", "on", "true", "x", "ja", "oui", "si"})
_FALSE: Final = frozenset({"no", "n", "0", "f", "off", "false", "nein", "non"})
_LONGEST: Final = 100
"""Longer texts get no hint: no relaxation is likely to fit them, and trying costs time."""

Change = tuple[str, dict[str, Any]]


@lru_cache(maxsize=4096)
def hint_for(cell: Cell, column: Column) -> str:
    """Return the options that would have accepted this cell, as TOML; empty if none would."""
    if len(cell.text) > _LONGEST:
        return ""
    if cell.kind is None:
        return _first(cell, column, [("nullable = true", {"nullable": True})])
    if cell.kind == "str":
        return (
            _first(cell, column, _spellings(column))
            or _formats(cell, column)
            or _first(cell, column, _others(cell, column))
            or _placeholder(cell, column)
        )
    return _first(cell, column, _typed(column))


def _first(cell: Cell, column: Column, changes: Iterator[Change] | list[Change]) -> str:
    return next((text for text, change in changes if _accepts(cell, column, change)), "")


def _accepts(cell: Cell, column: Column, change: dict[str, Any]) -> bool:
    return not judge(cell, replace(column, **change)).reasons


def _spellings(column: Column) -> Iterator[Change]:
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
    for change in [*singles, *({"trim": True, **single} for single in singles[1:])]:
        yield _written(change), change


def _written(change: dict[str, Any]) -> str:
    return ", ".join(
        f"{name} = {json.dumps(list(v) if isinstance(v, tuple) else v, ensure_ascii=False)}"
        for name, v in change.items()
    )


def _formats(cell: Cell, column: Column) -> str:
    """Name the common formats that fit; both, where day and month can't be told apart."""
    if column.type.family not in ("date", "timestamp"):
        return ""
    for trim in (column.trim, True):
        fitting: dict[Value | None, str] = {}
        for format_ in _candidates(cell.text.strip(TRIMMED), column):
            judgement = judge(cell, replace(column, formats=(format_,), trim=trim))
            if not judgement.reasons:
                fitting.setdefault(judgement.value, format_)
            if len(fitting) == 2:
                break
        if fitting:
            prefix = "trim = true, " if trim and not column.trim else ""
            return prefix + " or ".join(_written({"formats": (f,)}) for f in fitting.values())
    return ""


def _candidates(text: str, column: Column) -> Iterator[str]:
    if column.type.family == "date":
        yield from _DATES
        return
    zone = "%z" if column.type.tz else ""
    between = "T" if "T" in text else " "
    for day in (_ISO_DATE, *_DATES):
        for clock in _CLOCKS:
            yield f"{day}{between}{clock}{zone}"
            if zone and " " in text:
                yield f"{day}{between}{clock} {zone}"


def _others(cell: Cell, column: Column) -> Iterator[Change]:
    text = cell.text.strip(TRIMMED) if column.trim else cell.text
    if column.type.family == "bool" and text.lower() in _TRUE | _FALSE:
        name = "true_tokens" if text.lower() in _TRUE else "false_tokens"
        yield _written({name: (text,)}), {name: (*getattr(column, name), text)}
    if column.type.family == "timestamp":
        yield from _zones(column)
    if column.nullable is False and text in column.null_tokens:
        yield "nullable = true", {"nullable": True}


def _zones(column: Column) -> Iterator[Change]:
    """Yield the other kind of timestamp: with a zone for texts that have an offset, or without."""
    tz = "" if column.type.tz else ", UTC"
    text = f"timestamp({column.type.unit}{tz})"
    yield f'type = "{text}"', {"type": parse_type(text, where=column.name)}


def _placeholder(cell: Cell, column: Column) -> str:
    """Offer a null token for a short text without digits, such as N/A, Unknown or nothing."""
    text = cell.text.strip(TRIMMED) if column.trim else cell.text
    if len(text) > 20 or any(c.isdigit() for c in text) or column.type.family == "string":
        return ""
    tokens: dict[str, Any] = {"null_tokens": (text,)}
    if not column.nullable:
        return f"{_written(tokens)}, with nullable = true"
    return _written(tokens)


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
    if family == "timestamp":
        yield from _zones(column)
