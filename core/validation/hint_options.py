"""From a hint's words back to the options that they mean."""

from __future__ import annotations

import json
import re
from typing import Any, Final

_NAME: Final = re.compile(r"([a-z_]+) = ")
_NEXT: Final = re.compile(r"(?: \(or whichever zone the times are in\))?(, with |, | or |$)")


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
