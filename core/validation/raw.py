"""A raw row as JSON that keeps kinds apart: 1, "1", 1.0, true, {"$decimal": "1.10"}, …"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final, NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from casparian.core.validation.blocks import bytes_of
from casparian.core.validation.cells import cells_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from casparian.core.validation.cells import Cell

_AT_ONCE: Final = 256 * 2**20
"""Bytes of rows that are written in one go; JSON may take six times as much, an array 2 GiB."""

_SPACE, _QUOTE, _BACKSLASH = b' "\\'

_TAGGED: Final = frozenset(
    {"decimal", "bytes", "date", "time", "datetime", "timedelta", "uuid", "enum", "str_invalid"}
)


def raw_rows(data: Mapping[str, pa.Array], kinds: Mapping[str, pa.Array]) -> pa.ChunkedArray:
    """Write rows, given as plain columns and the kinds of those that are tagged, as JSON objects.

    The same as ``raw_json`` of each row's cells, a column at a time.
    """
    rows = max(map(len, data.values()), default=0)
    if rows > 1 and sum(array.nbytes for array in data.values()) > _AT_ONCE:
        half = rows // 2
        parts = [
            raw_rows(
                {name: array.slice(start, end - start) for name, array in data.items()},
                {name: array.slice(start, end - start) for name, array in kinds.items()},
            )
            for start, end in ((0, half), (half, rows))
        ]
        return pa.chunked_array([chunk for part in parts for chunk in part.chunks], pa.string())
    if not rows:
        return pa.chunked_array([], pa.string())
    pieces: list[object] = []
    before = "{"
    for name, array in data.items():
        # Texts that need no escape are joined as they are, their quotes with what is between.
        bare = name not in kinds and not array.null_count and _is_bare(array)
        quote = '"' if bare else ""
        pieces.append(f"{before}{_text(name)}: {quote}")
        pieces.append(array if bare else _column(array, kinds.get(name)))
        before = f"{quote}, "
    end = before.removesuffix(", ") + "}"
    return pa.chunked_array([pc.binary_join_element_wise(*pieces, end, "")])


def _is_bare(array: pa.Array) -> bool:
    """Say whether these are texts that JSON writes as they are."""
    if not pa.types.is_string(array.type):
        return False
    data = bytes_of(array).all
    return not (np.any(data < _SPACE) or np.any(data == _QUOTE) or np.any(data == _BACKSLASH))


def _column(array: pa.Array, kinds: pa.Array | None) -> pa.Array:
    if kinds is None and pa.types.is_string(array.type):
        quoted = pc.binary_join_element_wise('"', array, '"', "")
        if not _is_bare(array):
            special = pc.match_substring_regex(array, r'["\\\x00-\x1f]').fill_null(False)
            escaped = [_text(text) for text in array.filter(special).to_pylist()]
            quoted = pc.replace_with_mask(quoted, special, pa.array(escaped, pa.string()))
        return quoted.fill_null("null")
    if kinds is None and (pa.types.is_integer(array.type) or pa.types.is_boolean(array.type)):
        return array.cast(pa.string()).fill_null("null")
    return pa.array([_value(cell) for cell in cells_of(array, kinds)], pa.string())


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
    if not _FLOAT.fullmatch(text):
        return _tag("float", text)
    # A guest may write a one as 1, which JSON would take for an integer.
    return text if re.search("[.e]", text) else f"{text}.0"


def _nested(kind: str, text: str) -> str:
    try:
        _JSON.decode(text)
    except (ValueError, RecursionError):
        return _tag(kind, text)
    return text if kind == "json" else f'{{"$set": {text}}}'


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"JSON has no {name}")


_FLOAT: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?")
_JSON: Final = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=_no_constant)
"""Says what is JSON, however long its numbers are; NaN and Infinity are none."""


def _tag(name: str, text: str) -> str:
    return f"{{{_text('$' + name)}: {_text(text)}}}"


_text = json.JSONEncoder(ensure_ascii=False).encode
