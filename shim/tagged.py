"""A converted column; one that became text has a companion that says what each cell was."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import pyarrow as pa

_EXAMPLE_LENGTH = 40
_REASONS = {
    "int": "beyond 64 bits",
    "decimal": "not finite, or too many digits",
    "datetime": "outside of what Arrow can hold",
    "datetimetz": "several time zones, or one that Arrow can't hold",
    "time": "with a time zone",
    "timedelta": "finer or longer than Arrow can hold",
    "json": "nested values of different shapes",
    "str_invalid": "not valid Unicode",
}


class Column(NamedTuple):
    """A converted column: an Arrow array, and for a tagged one its kinds and a note."""

    array: Any
    kinds: Any = None
    note: str | None = None


def tagged(kinds: list[str | None], texts: list[str | None]) -> Column:
    """Return a column of texts; kinds and texts are None where a cell is null."""
    names = [kind for kind in dict.fromkeys(kinds) if kind is not None]
    codes: dict[str | None, int | None] = {name: code for code, name in enumerate(names)}
    codes[None] = None
    places = pa.array([codes[kind] for kind in kinds], pa.int32())
    tags = pa.DictionaryArray.from_arrays(places, pa.array(names, pa.string()))
    return Column(pa.array(texts, pa.string()), tags, _note(kinds, texts))


def _note(kinds: list[str | None], texts: list[str | None]) -> str | None:
    """Describe a tagged column in half a sentence, with the first cell of its rarest kind."""
    counts = Counter(kinds)
    found = [kind for kind in counts if kind is not None]
    if not found or found == ["uuid"]:  # nothing is lost, nothing to warn of
        return None
    ranked = sorted(found, key=lambda kind: -counts[kind])
    row = kinds.index(ranked[-1])
    text = str(texts[row])
    example = text if len(text) <= _EXAMPLE_LENGTH else text[: _EXAMPLE_LENGTH - 1] + "…"
    if ranked[-1] in ("str", "str_invalid"):
        example = repr(example)
    listed = ", ".join(f"{kind} ({counts[kind]})" for kind in ranked)
    if len(ranked) > 1:
        return f"mixed types: {listed}, e.g. {example} in row {row + 1}"
    reason = _REASONS.get(ranked[0], "no Arrow type")
    return f"{listed}: {reason}, e.g. {example} in row {row + 1}"
