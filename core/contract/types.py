"""Column types: their names, aliases and parameters. A new type is a row in ``FAMILIES``."""

from __future__ import annotations

import re
import zoneinfo
from dataclasses import dataclass
from typing import Final, Literal

from casparian.core.contract.errors import ContractError, did_you_mean

Family = Literal["string", "bool", "int", "float", "decimal", "date", "timestamp"]
Unit = Literal["s", "ms", "us", "ns"]

UNIT_DIGITS: Final[dict[str, int]] = {"s": 0, "ms": 3, "us": 6, "ns": 9}
"""Fraction digits of a second that each timestamp unit can hold."""


@dataclass(frozen=True, slots=True)
class ColumnType:
    """A column's type. ``str()`` gives the canonical spelling, such as ``decimal(12,2)``.

    ``precision`` and ``scale`` are set for decimals only; ``unit`` and, with a zone, ``tz``
    for timestamps only.
    """

    name: str
    family: Family
    precision: int = 0
    scale: int = 0
    unit: Unit = "us"
    tz: str | None = None

    def __str__(self) -> str:
        if self.family == "decimal":
            return f"decimal({self.precision},{self.scale})"
        if self.family == "timestamp":
            return f"timestamp({self.unit}, {self.tz})" if self.tz else f"timestamp({self.unit})"
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
        return f"{'an' if self.name.startswith('int') else 'a'} {self}"


FAMILIES: Final[dict[str, Family]] = {
    "string": "string",
    "bool": "bool",
    **{f"{sign}int{bits}": "int" for sign in ("", "u") for bits in (8, 16, 32, 64)},
    "float32": "float",
    "float64": "float",
    "decimal": "decimal",
    "date": "date",
    "timestamp": "timestamp",
}

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
}

LATER: Final[frozenset[str]] = frozenset(
    {"time", "duration", "binary", "bytes", "uuid", "json", "list", "struct", "enum", "timedelta"}
)

_SHAPE: Final = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*(?:\(([^()]*)\)|([<\[{].*))?\s*")


def is_type_name(text: object) -> bool:
    """Say whether ``text`` begins as a type does, known now or later."""
    if not isinstance(text, str):
        return False
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        return False
    word = shape[1].lower()
    return word in FAMILIES or word in ALIASES or word in LATER


def parse_type(text: object, *, where: str) -> ColumnType:
    """Read a type such as ``int``, ``decimal(12,2)`` or ``timestamp(us, Europe/Berlin)``.

    Raises ContractError, with a suggestion, for what is no type or isn't supported yet.
    """
    if not isinstance(text, str):
        raise ContractError(f"{where}: a type is a string, not {type(text).__name__}")
    shape = _SHAPE.fullmatch(text)
    word = shape[1].lower() if shape else text.strip().lower()
    if word in LATER:
        raise ContractError(
            f"{where}: the type {text!r} is not supported yet",
            hint="declare the column as string for now",
        )
    name = ALIASES.get(word, word)
    known = {*FAMILIES, *ALIASES}
    if shape is None or shape[3] is not None or (name not in FAMILIES and "(" not in name):
        raise ContractError(f"{where}: unknown type {text!r}", hint=did_you_mean(word, known))
    arguments = [part.strip() for part in shape[2].split(",")] if shape[2] is not None else []
    if "(" in name:
        if arguments:
            raise ContractError(f"{where}: {word} takes no parameters: {text!r}")
        return parse_type(name, where=where)
    family = FAMILIES[name]
    if family == "decimal":
        return _decimal(text, arguments, where=where)
    if family == "timestamp":
        return _timestamp(text, arguments, where=where)
    if shape[2] is not None:
        raise ContractError(f"{where}: {name} takes no parameters: {text!r}")
    return ColumnType(name, family)


def _decimal(text: str, arguments: list[str], *, where: str) -> ColumnType:
    if len(arguments) not in (1, 2) or not all(re.fullmatch("[0-9]{1,3}", a) for a in arguments):
        raise ContractError(
            f"{where}: a decimal needs its precision and scale: {text!r}",
            hint="decimal(12,2) holds 12 digits, 2 of them after the point",
        )
    precision = int(arguments[0])
    scale = int(arguments[1]) if len(arguments) == 2 else 0
    if not 1 <= precision <= 38:
        raise ContractError(f"{where}: a decimal's precision is 1 to 38, not {precision}")
    if scale > precision:
        raise ContractError(
            f"{where}: a decimal's scale ({scale}) can't exceed its precision ({precision})"
        )
    return ColumnType("decimal", "decimal", precision=precision, scale=scale)


def _timestamp(text: str, arguments: list[str], *, where: str) -> ColumnType:
    unit: Unit = "us"
    rest = list(arguments)
    for known in ("s", "ms", "us", "ns"):
        if rest and rest[0] == known:
            unit = known
            rest = rest[1:]
            break
    if len(rest) > 1 or any(not part for part in arguments):
        raise ContractError(
            f"{where}: can't read {text!r}", hint="timestamp, timestamp(ms), timestamp(us, UTC)"
        )
    tz = _zone(rest[0], where=where) if rest else None
    return ColumnType("timestamp", "timestamp", unit=unit, tz=tz)


def _zone(name: str, *, where: str) -> str:
    if name.upper() in ("UTC", "Z"):
        return "UTC"
    if re.fullmatch(r"[+-](?:0[0-9]|1[0-4]):[0-5][0-9]", name):
        return name
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        near = did_you_mean(name, ["s", "ms", "us", "ns", "UTC"])
        raise ContractError(
            f"{where}: {name!r} is neither a unit (s, ms, us, ns) nor a known time zone", hint=near
        ) from error
    return name
