"""JSON in which each leaf keeps its kind: how a nested value is read that was no text.

What JSON doesn't know stands as ``{"$kind": text}``, a set as ``{"$set": […]}``. An object that
would look like these, or whose names are no texts, stands as ``{"$items": [[name, value], …]}``.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from casparian.core.contract.grammar import NotAValueError
from casparian.core.contract.grammar_texts import JsonNumber, read_json
from casparian.core.validation.cells import LEAF_KINDS, Cell, json_text

_SURROGATE: Final = re.compile("[\ud800-\udfff]")


ODD: Final = r'\A"|"\$(?:items|str_invalid)"'
"""Finds texts that are not yet as JSON would have the value (or look so)."""


class Named(dict[str, Any]):
    """An object that was written as pairs, and stands for nothing but itself."""


def read_tagged_json(text: str) -> Any:
    """Parse what was written for a nested value; numbers come as JsonNumber.

    Raises NotAValueError (out_of_range) if it could not be written out.
    """
    value = read_json(text)
    if isinstance(value, str) and not isinstance(value, JsonNumber):
        raise NotAValueError("out_of_range", "it nests too deep, or holds itself")
    return _untangled(value) if '"$items"' in text else value


def _untangled(value: Any) -> Any:
    if isinstance(value, list):
        return [_untangled(member) for member in value]
    if not isinstance(value, dict):
        return value
    named = {name: _untangled(member) for name, member in value.items()}
    pairs = named["$items"] if named.keys() == {"$items"} else None
    if not isinstance(pairs, list) or not all(map(_is_pair, pairs)):
        return named
    found = Named((name, member) for name, member in pairs)
    return found if len(found) == len(pairs) else named


def _is_pair(pair: Any) -> bool:
    if not isinstance(pair, list) or len(pair) != 2:
        return False
    return isinstance(pair[0], str) and not isinstance(pair[0], JsonNumber)


def leaf_of(value: Any) -> Cell | None:
    """Return the cell that ``{"$kind": text}`` stands for; None for any other value."""
    if not isinstance(value, dict) or len(value) != 1 or isinstance(value, Named):
        return None
    [(name, text)] = value.items()
    kind = name.removeprefix("$")
    if kind == name or not isinstance(text, str) or isinstance(text, JsonNumber):
        return None
    return Cell(kind, text) if kind in LEAF_KINDS or kind.startswith("object:") else None


def set_of(value: Any) -> Any:
    """Return the members of a set; None for any other value."""
    if isinstance(value, Named) or not isinstance(value, dict) or value.keys() != {"$set"}:
        return None
    return value["$set"]


def has_odd_names(value: Any) -> bool:
    """Say whether a value is an object whose names are no texts, or the same once they are."""
    return isinstance(value, dict) and not isinstance(value, Named) and value.keys() == {"$items"}


def written_json(text: str) -> str:
    """Return what was written for a nested value with its objects as JSON has them.

    Raises NotAValueError.
    """
    if not re.search(ODD, text):
        return text
    value = read_tagged_json(text)
    if _holds_invalid(value):
        raise NotAValueError("invalid_encoding", "it is not valid Unicode")
    return dumped(value) if '"$items"' in text else text


def _holds_invalid(value: Any) -> bool:
    leaf = leaf_of(value)
    if leaf is not None:
        return leaf.kind == "str_invalid"
    members = value.values() if isinstance(value, dict) else value
    return isinstance(value, dict | list) and any(map(_holds_invalid, members))


def dumped(value: Any) -> str:
    """Write a parsed value again, every number as it was spelled."""
    if isinstance(value, JsonNumber):
        return str(value)
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_quoted(k)}: {dumped(v)}' for k, v in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(dumped, value))}]"
    return _quoted(value) if isinstance(value, str) else json.dumps(value)


def _quoted(text: str) -> str:
    return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", json_text(text))
