"""From a hint's words back to the options that they mean."""

from __future__ import annotations

import json
import re
from typing import Any, Final

_NAME: Final = re.compile(r"([a-z_]+) = ")
_NEXT: Final = re.compile(r"(?: \(or whichever zone the times are in\))?(, with |, | or |$)")


_ADVICE: Final = re.compile(r"(?: \(or whichever zone the times are in\))?, (?:or|if) ")


def option_before_advice(hint: str) -> dict[str, Any]:
    """Return the option that a hint begins with, if advice follows that is no option.

    Such are the hints on columns whose type can't become the declared one.
    """
    found = _NAME.match(hint)
    if found is None:
        return {}
    value, end = json.JSONDecoder().raw_decode(hint, found.end())
    return {found[1]: value} if _ADVICE.match(hint, end) else {}


def options_of_hint(hint: str) -> list[dict[str, Any]]:
    """Return the options that a hint names: one set for each reading of the value.

    Lists are whole: they have what the column's own list has, too. Empty if nothing would let the
    value through (there is no hint), or if the hint is advice of another kind.
    """
    readings: list[dict[str, Any]] = [{}]
    at = 0
    while found := _NAME.match(hint, at):
        value, at = json.JSONDecoder().raw_decode(hint, found.end())
        readings[-1][found[1]] = value
        rest = _NEXT.match(hint, at)
        if rest is None:
            return []
        at = rest.end()
        if rest[1] == " or ":
            readings.append({})
    return [options for options in readings if options] if at == len(hint) else []
