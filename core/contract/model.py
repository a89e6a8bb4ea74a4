"""The contract as data: outputs, columns, and the canonical form that its hash is taken of."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from casparian.core.contract.types import ColumnType

Bound = int | float | Decimal | date | str
"""A value of a column's type. Those of times, timestamps and durations are ISO text."""

ExtraColumns = Literal["fail", "drop"]
Ambiguous = Literal["reject", "earliest", "latest"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its type, whether it may be null, its constraints and its relaxations.

    ``min`` and ``max`` are inclusive; lengths count characters (bytes of a binary, items of a
    list); ``pattern`` (RE2) must match the whole text; ``unique`` forbids a value that an earlier
    row of the output has. Every relaxation is off by default.
    """

    name: str
    type: ColumnType
    nullable: bool = False
    min: Bound | None = None
    max: Bound | None = None
    enum: tuple[Bound, ...] | None = None
    pattern: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    unique: bool = False
    trim: bool = False
    null_tokens: tuple[str, ...] = ()
    leading_zeros: bool = False
    plus: bool = False
    thousands: str | None = None
    decimal_point: str | None = None
    formats: tuple[str, ...] = ()
    true_tokens: tuple[str, ...] = ()
    false_tokens: tuple[str, ...] = ()
    allow_nan: bool = False
    allow_inf: bool = False
    from_float: bool = False
    stringify: bool = False
    midnight_ok: bool = False
    assume_tz: str | None = None
    ambiguous: Ambiguous = "reject"

    def canonical(self) -> dict[str, object]:
        """Return type, nullability and every option that isn't at its default, as plain JSON."""
        out: dict[str, object] = {"type": str(self.type), "nullable": self.nullable}
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name not in ("name", "type", "nullable") and value != field.default:
                out[field.name] = plain(value)
        return out


DEFAULT_TRUE: Final = ("true", "True", "TRUE")
DEFAULT_FALSE: Final = ("false", "False", "FALSE")


@dataclass(frozen=True, slots=True)
class OutputContract:
    """The columns of one output, in the order in which they are written.

    ``key`` names the columns that together tell each row from every other.
    """

    name: str
    columns: tuple[Column, ...]
    extra_columns: ExtraColumns = "fail"
    key: tuple[str, ...] = ()

    def __hash__(self) -> int:
        # What is made of a contract is looked up for each job, and to go through all of its columns
        # would take longer than to make it anew; those of one name and key are few.
        return hash((self.name, self.key))

    def canonical(self) -> dict[str, object]:
        """Return the output's full form as a plain dict, columns in declared order."""
        out: dict[str, object] = {
            "columns": {column.name: column.canonical() for column in self.columns},
            "extra_columns": self.extra_columns,
        }
        if self.key:
            out["key"] = list(self.key)
        return out


@dataclass(frozen=True)
class Contract:
    """What a parser promises: one or more outputs."""

    outputs: tuple[OutputContract, ...]

    def output(self, name: str) -> OutputContract | None:
        """Return the output of that name, or None."""
        return next((output for output in self.outputs if output.name == name), None)

    def canonical(self) -> dict[str, object]:
        """Return the contract as a plain dict, shorthand expanded; deterministic."""
        return {"outputs": {output.name: output.canonical() for output in self.outputs}}

    @cached_property
    def hash(self) -> str:
        """Hex sha256 of the canonical form as JSON; the order of columns doesn't matter."""
        text = json.dumps(
            self.canonical(), sort_keys=True, ensure_ascii=False, separators=(",", ":")
        )
        return hashlib.sha256(text.encode()).hexdigest()


def plain(value: object) -> object:
    """Return a value of a contract as JSON has it."""
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return value.isoformat()
    return value
