"""A raw row as JSON that keeps kinds apart: 1, "1", 1.0, true, {"$decimal": "1.10"}, …"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from casparian.core.validation.cells import Cell

_TAGGED: Final = frozenset(
    {"decimal", "bytes", "date", "time", "datetime", "timedelta", "uuid", "enum", "str_invalid"}
)


def raw_json(cells: Iterable[tuple[str, Cell]]) -> str:
    """Write (column, cell) pairs as one JSON object, in their order."""
    return "{" + ", ".join(f"{_text(name)}: {_value(cell)}" for name, cell in cells) + "}"


def _value(cell: Cell) -> str:
    kind, text = cell
    if kind is None:
        return "null"
    if kind == "str":
        return _text(text)
    if kind in _TAGGED:
        return _tag(kind, text)
    if kind == "datetimetz":
        return _tag("datetime", text)
    if kind == "bool" and text in ("true", "false"):
        return text
    if kind == "int":
        return text if _is_integer(text) else _tag("int", text)
    if kind in ("float", "float32"):
        return _float(text)
    if kind in ("json", "set"):
        return _nested(kind, text)
    return _tag(kind.removeprefix("object:") if kind.startswith("object:") else kind, text)


def _is_integer(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit() and (digits == "0" or digits[0] != "0")


def _float(text: str) -> str:
    try:
        value = float(text)
    except ValueError:
        return _tag("float", text)
    return repr(value) if math.isfinite(value) else _tag("float", repr(value))


def _nested(kind: str, text: str) -> str:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return _tag(kind, text)
    return text if kind == "json" else f'{{"$set": {text}}}'


def _tag(name: str, text: str) -> str:
    return f"{{{_text('$' + name)}: {_text(text)}}}"


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
