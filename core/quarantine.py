"""Quarantined rows as a table and as a summary: each row whole, as JSON, with its reasons."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from casparian.core.validation.raw import raw_json

if TYPE_CHECKING:
    from casparian.core.validation.rejections import Rejections

__all__ = [
    "EXAMPLES",
    "QUARANTINE_SCHEMA",
    "Example",
    "ReasonGroup",
    "Summary",
    "quarantine_table",
    "raw_json",
    "summarise",
]

Codes = np.ndarray[Any, np.dtype[np.int32]]

_REASON: Final = pa.struct(
    [
        pa.field("column", pa.string(), nullable=False),
        pa.field("error_type", pa.string(), nullable=False),
        pa.field("message", pa.string(), nullable=False),
        pa.field("hint", pa.string(), nullable=False),
    ]
)

QUARANTINE_SCHEMA: Final[pa.Schema] = pa.schema(
    [
        pa.field("output", pa.string(), nullable=False),
        pa.field("row_number", pa.int64(), nullable=False),
        pa.field("column", pa.string(), nullable=False),
        pa.field("error_type", pa.string(), nullable=False),
        pa.field("error_message", pa.string(), nullable=False),
        pa.field("reasons", pa.list_(pa.field("item", _REASON, nullable=False)), nullable=False),
        pa.field("raw", pa.string(), nullable=False),
        pa.field("raw_bytes", pa.int64(), nullable=False),
        pa.field("raw_sha256", pa.string(), nullable=False),
    ]
)
"""One row per bad row. ``column``, ``error_type`` and ``error_message`` repeat the first reason;
``row_number`` is zero-based through the whole output; ``raw_bytes`` and ``raw_sha256`` are of the
UTF-8 of ``raw``."""

EXAMPLES: Final = 3
"""Examples that a summary keeps per group."""

MAX_GROUPS: Final = 1000
"""Groups that a summary keeps apart; what comes after is counted together."""


def quarantine_table(output: str, rows: Rejections) -> pa.Table:
    """Return the rows as a table of QUARANTINE_SCHEMA, raw rows whole, order kept."""
    raw = rows.raw.cast(pa.binary()).to_pylist()
    first = pa.array(rows.starts[:-1])
    flat = [rows.columns, rows.error_types, rows.messages, rows.hints]
    arrays = [
        pa.repeat(pa.scalar(output), len(rows)),
        pa.array(rows.numbers),
        *(part.take(first) for part in flat[:3]),
        pa.ListArray.from_arrays(
            pa.array(rows.starts, pa.int32()),
            pa.StructArray.from_arrays(flat, fields=list(_REASON)),
            type=QUARANTINE_SCHEMA.field("reasons").type,
        ),
        rows.raw,
        pc.binary_length(rows.raw).cast(pa.int64()),
        _hex([hashlib.sha256(row).digest() for row in raw]),
    ]
    return pa.Table.from_arrays(arrays, schema=QUARANTINE_SCHEMA)


def _hex(digests: list[bytes]) -> pa.Array:
    """Write digests of one size in hexadecimal."""
    width = 2 * hashlib.sha256().digest_size
    ends = np.arange(0, width * len(digests) + 1, width, dtype=np.int32)
    texts = b"".join(digests).hex().encode()
    return pa.StringArray.from_buffers(len(digests), pa.py_buffer(ends), pa.py_buffer(texts))


class Example(NamedTuple):
    """One bad cell of a group: the zero-based number of its row, and the whole sentence."""

    row_number: int
    message: str


@dataclass(frozen=True, slots=True)
class ReasonGroup:
    """All reasons of one kind: how many, the first few, and the first hint that there was.

    A row with two reasons of a group counts twice. ``column`` and ``error_type`` are ``…`` for
    the group that holds what came after the first thousand groups.
    """

    output: str
    column: str
    error_type: str
    count: int
    examples: tuple[Example, ...]
    hint: str


@dataclass(slots=True)
class _Tally:
    count: int = 0
    examples: list[Example] = field(default_factory=list)
    hint: str = ""


class Summary:
    """Groups reasons by (output, column, error type), a batch at a time, in bounded memory."""

    def __init__(self) -> None:
        self._tallies: dict[tuple[str, str, str], _Tally] = {}
        self.rows = 0
        """Bad rows seen so far."""

    def add(self, output: str, rows: Rejections) -> None:
        """Count the reasons of some rows of an output."""
        self.rows += len(rows)
        if not len(rows):
            return
        codes, groups = _grouped(rows.columns, rows.error_types)
        counts = np.bincount(codes, minlength=len(groups)).tolist()
        hinted = np.flatnonzero(pc.binary_length(rows.hints).to_numpy())
        told, first = np.unique(codes[hinted], return_index=True)
        hint_of = dict(zip(told.tolist(), hinted[first].tolist(), strict=True))
        for code, (column, error_type) in enumerate(groups):
            key = (output, column, error_type)
            if key not in self._tallies and len(self._tallies) >= MAX_GROUPS:
                key = (output, "…", "…")
            tally = self._tallies.setdefault(key, _Tally())
            tally.count += counts[code]
            room = EXAMPLES - len(tally.examples)
            for at in np.flatnonzero(codes == code)[:room].tolist() if room else ():
                row = np.searchsorted(rows.starts, at, side="right") - 1
                example = Example(int(rows.numbers[row]), rows.messages[at].as_py())
                tally.examples.append(example)
            if not tally.hint and code in hint_of:
                tally.hint = rows.hints[hint_of[code]].as_py()

    def groups(self) -> tuple[ReasonGroup, ...]:
        """Return the groups, the largest first; equal ones in the order they were met."""
        groups = [
            ReasonGroup(*key, tally.count, tuple(tally.examples), tally.hint)
            for key, tally in self._tallies.items()
        ]
        return tuple(sorted(groups, key=lambda group: -group.count))


def _grouped(columns: pa.Array, error_types: pa.Array) -> tuple[Codes, list[tuple[str, str]]]:
    """Return per reason the code of its group, and the groups in the order they are met."""
    column, error_type = columns.dictionary_encode(), error_types.dictionary_encode()
    kinds = len(error_type.dictionary)
    pairs = np.asarray(column.indices) * kinds + np.asarray(error_type.indices)
    met = pa.array(pairs).dictionary_encode()
    names = [divmod(pair, kinds) for pair in met.dictionary.to_pylist()]
    groups = [(column.dictionary[c].as_py(), error_type.dictionary[e].as_py()) for c, e in names]
    return np.asarray(met.indices), groups


def summarise(output: str, rows: Rejections) -> tuple[ReasonGroup, ...]:
    """Group the reasons of one output's rows; see Summary for many batches."""
    summary = Summary()
    summary.add(output, rows)
    return summary.groups()
