"""The words of a table's filter: a text that a row contains, or conditions on its columns.

| written | kept are rows |
|---|---|
| ``ada`` | of which any cell contains ``ada``, whatever its case |
| ``"age > 3"`` | likewise: in double quotes nothing has a meaning |
| ``age > 30``, ``>= < <= = !=`` | by the column's own type: numbers, dates, texts |
| ``name ~ ada``, ``name !~ ada`` | whose text contains it, or doesn't, whatever its case |
| ``age is null``, ``age is not null`` | |
| ``age > 30 and name ~ ada`` | for which both hold; ``or`` binds weaker |

A column with other characters than letters, digits and ``_`` stands in backquotes. What ``!=`` and
``!~`` keep is what ``=`` and ``~`` don't, nulls too.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from casparian.app.tui.widgets.cells import spelled_array
from casparian.app.tui.widgets.comparing import comparison
from casparian.core.errors import CasparianError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from casparian.app.tui.widgets.comparing import Comparison

_CONDITION = re.compile(
    r"\s*(?:`(?P<quoted>[^`]+)`|(?P<name>\w+))\s*"
    r"(?:(?P<null>is\s+(?P<not>not\s+)?null)\s*$|(?P<operator>!=|>=|<=|==|!~|=|>|<|~)\s*(?P<value>.*))",
    re.IGNORECASE | re.DOTALL,
)
_WORDS = re.compile(r"""(\s+(?:and|or)\s+)(?=(?:[^"']|"[^"]*"|'[^']*')*$)""", re.IGNORECASE)


class FilterError(CasparianError):
    """A filter that can't be understood, or doesn't fit the table."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What one column must fulfil. ``operator`` is one of the signs, or ``is null``."""

    column: int
    operator: str
    negated: bool
    test: Comparison | None
    text: str = ""

    def mask(self, values: Any) -> Any:
        """Return for each value whether it is kept; never null."""
        if self.operator == "is null":
            found = pc.is_null(values)
        elif self.test is not None:
            found = pc.fill_null(self.test(values), False)
        else:
            found = contains(values, self.text)
        return pc.invert(found) if self.negated else found


@dataclass(frozen=True, slots=True)
class Filter:
    """Which rows are shown: any of ``either`` with all of its conditions, or a text anywhere."""

    either: tuple[tuple[Condition, ...], ...] = ()
    text: str = ""

    def columns(self, schema: pa.Schema) -> list[int]:
        """Return the columns it looks at."""
        if self.text:
            return list(range(len(schema)))
        return sorted({condition.column for every in self.either for condition in every})

    def mask(self, values: Mapping[int, Any]) -> Any:
        """Return for each row whether it is kept. ``values``: its columns, by their places."""
        if self.text:
            return _all_of(pc.or_, [contains(column, self.text) for column in values.values()])
        return _all_of(
            pc.or_,
            [
                _all_of(pc.and_, [each.mask(values[each.column]) for each in every])
                for every in self.either
            ],
        )


def contains(values: Any, text: str) -> Any:
    """Return for each value whether its text contains this one, whatever its case; never null."""
    found = pc.match_substring(spelled_array(values), text, ignore_case=True)
    return pc.fill_null(found, False)


def parse_filter(written: str, schema: pa.Schema) -> Filter | None:
    """Understand a filter; None for an empty one, which keeps everything.

    Raises:
        FilterError: there is no such column, or its type can't be compared so.
    """
    written = written.strip()
    if not written:
        return None
    if len(written) > 2 and written[0] == written[-1] == '"':
        return Filter(text=written[1:-1])
    parts = _WORDS.split(written)
    if _CONDITION.fullmatch(parts[0]) is None:
        return Filter(text=written)
    either: list[list[Condition]] = [[]]
    for at in range(0, len(parts), 2):
        if at and parts[at - 1].strip().lower() == "or":
            either.append([])
        either[-1].append(_condition(parts[at], schema))
    return Filter(tuple(tuple(every) for every in either))


def _condition(written: str, schema: pa.Schema) -> Condition:
    match = _CONDITION.fullmatch(written)
    if match is None:
        raise FilterError(
            f"{written.strip()!r} is no condition",
            hint="such as age > 30, name ~ ada, age is null; a text in double quotes",
        )
    column = _column(match["quoted"] or match["name"], schema)
    if match["null"]:
        return Condition(column, "is null", match["not"] is not None, None)
    operator, value = match["operator"], _unquoted(match["value"].strip())
    if operator in {"~", "!~"}:
        return Condition(column, "~", operator == "!~", None, value)
    field = schema.field(column)
    if value.lower() == "null" and match["value"].strip().lower() == "null":
        raise FilterError(
            "nothing equals null", hint=f"{field.name} is null; a text in quotes: {operator} 'null'"
        )
    negated = operator == "!="
    sign = "==" if operator in {"=", "!="} else operator
    try:
        return Condition(column, sign, negated, comparison(field.type, sign, value))
    except (ValueError, pa.ArrowException) as error:
        raise FilterError(f"{field.name} is {field.type}: {error}") from error


def _column(name: str, schema: pa.Schema) -> int:
    names = list(schema.names)
    for candidates in (names, [each.lower() for each in names]):
        wanted = name if candidates is names else name.lower()
        if wanted in candidates:
            return candidates.index(wanted)
    near = difflib.get_close_matches(name, names, n=1)
    meant = f"; did you mean {near[0]}?" if near else ""
    raise FilterError(
        f"there is no column {name!r}{meant}",
        hint='a text stands in "…"',
    )


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value


def _all_of(join: Any, masks: list[Any]) -> Any:
    first, *rest = masks
    for mask in rest:
        first = join(first, mask)
    return first
