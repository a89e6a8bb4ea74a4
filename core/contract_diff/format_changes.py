"""From one list of date and time formats to another: what is read no longer, or otherwise."""

from __future__ import annotations

import itertools
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from casparian.core.contract_diff.verdict import lost_and_won

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from casparian.core.contract.model import Column
    from casparian.core.contract_diff.verdict import Judged

_DIGIT, _LETTER, _SIGN = "\0", "\1", "\2"

_ISO_OFFSET: Final = "%:z"
"""The offset that ISO texts have; ``%z`` also takes one without a colon."""

_OFFSETS: Final = ["Z", f"{_SIGN}{_DIGIT * 2}:{_DIGIT * 2}"]

#: What each directive may be in a text: its characters by their kind.
_SPELLINGS: Final[dict[str, list[str]]] = {
    "%Y": [_DIGIT * 4],
    **{directive: [_DIGIT * 2] for directive in ("%y", "%m", "%d", "%H", "%I", "%M", "%S")},
    **{directive: [_DIGIT, _DIGIT * 2] for directive in ("%-m", "%-d", "%-H", "%-I")},
    "%b": [_LETTER * 3],
    "%p": [_LETTER * 2],
    "%f": [_DIGIT * digits for digits in range(1, 10)],
    _ISO_OFFSET: _OFFSETS,
    "%z": [*_OFFSETS, f"{_SIGN}{_DIGIT * 4}"],
}
_PIECE: Final = re.compile(r"%:z|%-?.|[^%]", re.DOTALL)


def formats_verdict(old: Column, new: Column) -> Judged:
    """Judge a change of ``formats``; a column without any reads ISO."""
    before, after = _read_by(old), _read_by(new)
    for was in before:
        for now in after:
            first = was not in after or after.index(now) < after.index(was)
            if was != now and first and _read_otherwise(was, now):
                told = f"texts in {_shown(was)} may be read as {_shown(now)} now"
                return "breaking", told
    lost = [f for f in before if f not in after and f.replace(_ISO_OFFSET, "%z") not in after]
    won = [f for f in after if f not in before and f.replace("%z", _ISO_OFFSET) not in before]
    sentence = lost_and_won("formats", _all_shown(old, lost), _all_shown(new, won))
    return ("tightening" if lost else "compatible"), sentence


def _read_by(column: Column) -> tuple[str, ...]:
    """Return the formats that a column reads; those of ISO if it has none of its own."""
    if column.formats:
        return column.formats
    day, clocks = "%Y-%m-%d", ("%H:%M:%S", "%H:%M:%S.%f")
    if column.type.family == "date":
        midnights = [f"{day}{mark}00:00:00" for mark in "T "]
        return (day, *(midnights if column.midnight_ok else ()))
    if column.type.family == "time":
        return clocks
    offsets = [_ISO_OFFSET] if column.type.tz else [""]
    if column.assume_tz is not None:
        offsets.append("")
    return tuple(
        f"{day}{mark}{clock}{offset}" for mark in "T " for clock in clocks for offset in offsets
    )


def _all_shown(column: Column, formats: Sequence[str]) -> list[str]:
    if not column.formats:
        return ["ISO"] if formats else []
    return [_shown(format_) for format_ in formats]


def _shown(format_: str) -> str:
    return format_.replace(_ISO_OFFSET, "%z")


@lru_cache(maxsize=256)
def _read_otherwise(one: str, other: str) -> bool:
    """Say whether there is a text that both read, each of its characters not as the same part."""
    by_length: dict[int, list[tuple[str, str]]] = {}
    for spelling in _spellings(other):
        by_length.setdefault(len(spelling[0]), []).append(spelling)
    return any(
        parts != parts_of_other and all(map(_meet, text, text_of_other))
        for text, parts in _spellings(one)
        for text_of_other, parts_of_other in by_length.get(len(text), ())
    )


def _spellings(format_: str) -> Iterator[tuple[str, str]]:
    """Yield the kinds of characters of each text of a format, and which part each belongs to."""
    pieces = _PIECE.findall(format_.replace("%%", "\3"))
    for choice in itertools.product(*(_SPELLINGS.get(piece, [piece]) for piece in pieces)):
        text = "".join(choice).replace("\3", "%")
        parts = "".join(
            (piece[-1] if piece in _SPELLINGS else "\0") * len(chosen)
            for piece, chosen in zip(pieces, choice, strict=True)
        )
        yield text, parts


def _meet(one: str, other: str) -> bool:
    """Say whether a character may be of both kinds."""
    return one == other or _may_be(one, other) or _may_be(other, one)


def _may_be(kind: str, character: str) -> bool:
    if kind == _DIGIT:
        return character.isdigit()
    return (kind == _LETTER and character.isalpha()) or (kind == _SIGN and character in "+-")
