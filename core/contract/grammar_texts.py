"""The grammar of texts that are no numbers and no times: uuid, binary, json.

Sources: RFC 9562, 4 (uuid), RFC 4648, 4 (base64), RFC 8259 (json).
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from casparian.core.contract.grammar import NotAValueError

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_JSON_DEPTH: Final = 128
"""Arrays and objects in each other, at most."""

_UUID: Final = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_LOOSE_UUID: Final = re.compile(
    r"(?:urn:uuid:|\{)?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\}?", re.IGNORECASE
)
_JSON_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)


class JsonNumber(str):
    """A JSON number by its spelling: ``1`` and ``1.0`` stay apart, and no digit is lost."""

    __slots__ = ()


def read_uuid(text: str) -> str:
    """Read 8-4-4-4-12 hexadecimal digits, lower case: a UUID has one spelling."""
    if _UUID.fullmatch(text):
        return text
    if _LOOSE_UUID.fullmatch(text):
        raise NotAValueError("not_canonical", f"expected {_spelled(text)}")
    raise NotAValueError("type_mismatch", "expected 8-4-4-4-12 hexadecimal digits")


def _spelled(text: str) -> str:
    digits = re.sub("[^0-9a-f]", "", text.lower().removeprefix("urn:uuid:"))
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def read_binary(text: str) -> bytes:
    """Read base64 (padded, no line breaks), and only the spelling that writing it again gives."""
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotAValueError("type_mismatch", "expected base64") from error
    if base64.b64encode(value).decode() != text:
        raise NotAValueError("not_canonical", "it is not how base64 writes these bytes")
    return value


def read_json(text: str, *, one_of_each: bool = False) -> Any:
    """Parse one JSON value; numbers come as JsonNumber. NaN and Infinity are no JSON.

    ``one_of_each`` refuses objects that have a name twice, of which only one value could be kept.
    """
    if _depth(text) > MAX_JSON_DEPTH:
        raise NotAValueError("out_of_range", f"it nests more than {MAX_JSON_DEPTH} deep")
    try:
        return (_STRICT if one_of_each else _DECODER).decode(text)
    except NotAValueError:
        raise
    except ValueError as error:
        why = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        raise NotAValueError("type_mismatch", f"it is no JSON: {why}") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise NotAValueError("type_mismatch", f"it has the field {twice!r} twice")
    return found


def _depth(text: str) -> int:
    """Return how deep brackets nest; an upper bound for texts that are no JSON."""
    if text.count("[") + text.count("{") <= MAX_JSON_DEPTH:
        return 0
    depth = deepest = 0
    for mark in re.findall(r"[\[{\]}]", _JSON_STRING.sub("", text)):
        depth += 1 if mark in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _no_constant(name: str) -> None:
    raise ValueError(f"JSON has no {name}")


def _decoder(pairs: Callable[[list[tuple[str, Any]]], Any] | None) -> json.JSONDecoder:
    return json.JSONDecoder(
        parse_int=JsonNumber,
        parse_float=JsonNumber,
        parse_constant=_no_constant,
        object_pairs_hook=pairs,
    )


# Made once: making one takes as long as reading a short text.
_DECODER: Final = _decoder(None)
_STRICT: Final = _decoder(_object)
