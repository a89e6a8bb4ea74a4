"""Column types: their names, aliases and parameters. A new scalar type is a row in ``FAMILIES``."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final, Literal

Family = Literal[
    "string",
    "bool",
    "int",
    "float",
    "decimal",
    "date",
    "time",
    "timestamp",
    "duration",
    "binary",
    "uuid",
    "json",
    "enum",
    "list",
    "struct",
]
Unit = Literal["s", "ms", "us", "ns"]

UNIT_DIGITS: Final[dict[str, int]] = {"s": 0, "ms": 3, "us": 6, "ns": 9}
"""Fraction digits of a second that each unit can hold."""

UNIT_FAMILIES: Final = frozenset({"time", "timestamp", "duration"})
"""Families whose types have a unit."""

BARE_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""What needs no quotes as a struct's field, or (with digits, ``.`` and ``-``) an enum's value."""
BARE_VALUE: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a struct; ``nullable`` also lets it be missing."""

    name: str
    type: ColumnType
    nullable: bool = False

    def __str__(self) -> str:
        name = self.name if BARE_WORD.fullmatch(self.name) else _quoted(self.name)
        return f"{name}: {self.type}{'?' if self.nullable else ''}"


@dataclass(frozen=True, slots=True)
class ColumnType:
    """A column's type. ``str()`` gives the canonical spelling, such as ``decimal(12,2)``.

    ``precision`` and ``scale`` are set for decimals only; ``unit`` for times, timestamps and
    durations; ``tz`` for timestamps with a zone; ``values`` for enums; ``item`` and
    ``item_nullable`` for lists; ``fields`` for structs.
    """

    name: str
    family: Family
    precision: int = 0
    scale: int = 0
    unit: Unit = "us"
    tz: str | None = None
    values: tuple[str, ...] = ()
    item: ColumnType | None = None
    item_nullable: bool = False
    fields: tuple[Field, ...] = ()

    def __str__(self) -> str:
        if self.family == "decimal":
            return f"decimal({self.precision},{self.scale})"
        if self.family == "timestamp" and self.tz:
            return f"timestamp({self.unit}, {self.tz})"
        if self.family in UNIT_FAMILIES:
            return f"{self.name}({self.unit})"
        if self.family == "enum":
            return f"enum[{', '.join(_value(value) for value in self.values)}]"
        if self.family == "list":
            return f"list<{self.item}{'?' if self.item_nullable else ''}>"
        if self.family == "struct":
            return f"struct{{{', '.join(map(str, self.fields))}}}"
        return self.name

    @property
    def bits(self) -> int:
        """Width in bits of an integer or float type."""
        return int(re.sub(r"[a-z]", "", self.name))

    @property
    def int_range(self) -> tuple[int, int]:
        """Smallest and largest value of an integer type."""
        if self.name.startswith("u"):
            return 0, 2**self.bits - 1
        return -(2 ** (self.bits - 1)), 2 ** (self.bits - 1) - 1

    @property
    def with_article(self) -> str:
        """The type in a sentence: ``an int64``, ``a decimal(12,2)``."""
        return f"{'an' if self.name.startswith(('int', 'enum')) else 'a'} {self}"


FAMILIES: Final[dict[str, Family]] = {
    "string": "string",
    "bool": "bool",
    **{f"{sign}int{bits}": "int" for sign in ("", "u") for bits in (8, 16, 32, 64)},
    "float32": "float",
    "float64": "float",
    "decimal": "decimal",
    "date": "date",
    "time": "time",
    "timestamp": "timestamp",
    "duration": "duration",
    "binary": "binary",
    "uuid": "uuid",
    "json": "json",
}
"""Name of each scalar type -> its family."""

NESTED: Final[dict[str, str]] = {
    "enum": "enum[red, green]",
    "list": "list<int64>",
    "struct": "struct{id: int64, note: string?}",
}
"""Types that are made of others, with an example of how each is written."""

ALIASES: Final[dict[str, str]] = {
    "str": "string",
    "text": "string",
    "utf8": "string",
    "varchar": "string",
    "large_string": "string",
    "boolean": "bool",
    "int": "int64",
    "integer": "int64",
    "bigint": "int64",
    "long": "int64",
    "smallint": "int16",
    "tinyint": "int8",
    "uint": "uint64",
    "float": "float64",
    "double": "float64",
    "real": "float32",
    "number": "float64",
    "numeric": "decimal",
    "decimal128": "decimal",
    "date32": "date",
    "datetime": "timestamp",
    "timestamptz": "timestamp(UTC)",
    "timedelta": "duration",
    "interval": "duration",
    "bytes": "binary",
    "blob": "binary",
    "bytea": "binary",
    "guid": "uuid",
}


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _value(text: str) -> str:
    return text if BARE_VALUE.fullmatch(text) else _quoted(text)
