"""Reads a type as a contract writes it: ``int``, ``decimal(12,2)``, ``list<struct{id: int64}>``."""

from __future__ import annotations

import json
import re
import zoneinfo
from typing import Final

from casparian.core.contract.errors import ContractError, did_you_mean
from casparian.core.contract.types import (
    ALIASES,
    BARE_VALUE,
    BARE_WORD,
    FAMILIES,
    NESTED,
    UNIT_FAMILIES,
    ColumnType,
    Field,
    Unit,
)

MAX_DEPTH: Final = 16
"""Lists and structs in each other, at most; readers of Parquet have limits of their own."""

_SCALAR: Final = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*(?:\(([^()]*)\))?")
_SPACE: Final = re.compile(r"\s*")
_FIRST_WORD: Final = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*(?:[(<\[{].*)?\s*", re.DOTALL)


def is_type_name(text: object) -> bool:
    """Say whether ``text`` begins as a type does, even if the rest of it is wrong."""
    if not isinstance(text, str):
        return False
    word = _FIRST_WORD.fullmatch(text)
    return word is not None and (
        word[1].lower() in FAMILIES or word[1].lower() in ALIASES or word[1].lower() in NESTED
    )


def parse_type(text: object, *, where: str) -> ColumnType:
    """Read a type such as ``int``, ``decimal(12,2)`` or ``timestamp(us, Europe/Berlin)``.

    Raises ContractError, with a suggestion, for what is no type.
    """
    if not isinstance(text, str):
        raise ContractError(f"{where}: a type is a string, not {type(text).__name__}")
    reader = _Reader(text, where)
    found = reader.type(0)
    reader.end()
    return found


class _Reader:
    """Reads one text from left to right."""

    def __init__(self, text: str, where: str) -> None:
        self.text = text
        self.where = where
        self.at = 0

    def type(self, depth: int) -> ColumnType:
        if depth > MAX_DEPTH:
            raise ContractError(f"{self.where}: lists and structs nest {MAX_DEPTH} deep at most")
        shape = _SCALAR.match(self.text, self.at)
        word = shape[1].lower() if shape else self.text.strip().lower()
        if shape is None or (word not in NESTED and word not in FAMILIES and word not in ALIASES):
            raise ContractError(
                f"{self.where}: unknown type {self.text!r}",
                hint=did_you_mean(word, {*FAMILIES, *ALIASES, *NESTED}),
            )
        if word in NESTED:
            self.at = shape.end(1)
            return {"list": self._list, "struct": self._struct, "enum": self._enum}[word](depth)
        self.at = shape.end()
        arguments = [part.strip() for part in shape[2].split(",")] if shape[2] is not None else None
        return _scalar(self.text, word, arguments, where=self.where)

    def end(self) -> None:
        rest = self.text[self.at :].strip()
        if not rest:
            return
        if rest.startswith("?"):
            raise ContractError(
                f"{self.where}: '?' is for what lies in a list or struct: {self.text!r}",
                hint="write nullable = true for a column",
            )
        raise ContractError(f"{self.where}: can't read {rest!r} in the type {self.text!r}")

    def _list(self, depth: int) -> ColumnType:
        self._expect("<", "list")
        item = self.type(depth + 1)
        nullable = self._take("?")
        self._expect(">", "list")
        return ColumnType("list", "list", item=item, item_nullable=nullable)

    def _struct(self, depth: int) -> ColumnType:
        self._expect("{", "struct")
        fields: list[Field] = []
        while not self._take("}"):
            if fields:
                self._expect(",", "struct")
                if self._take("}"):
                    break
            name = self._word(BARE_WORD, "struct")
            if any(field.name == name for field in fields):
                raise ContractError(f"{self.where}: the struct has two fields {name!r}")
            self._expect(":", "struct")
            type_ = self.type(depth + 1)
            fields.append(Field(name, type_, self._take("?")))
        if not fields:
            raise ContractError(f"{self.where}: a struct needs at least one field: {self.text!r}")
        return ColumnType("struct", "struct", fields=tuple(fields))

    def _enum(self, _depth: int) -> ColumnType:
        self._expect("[", "enum")
        values: list[str] = []
        while not self._take("]"):
            if values:
                self._expect(",", "enum")
                if self._take("]"):
                    break
            values.append(self._word(BARE_VALUE, "enum"))
        if not values:
            raise ContractError(f"{self.where}: an enum needs at least one value: {self.text!r}")
        twice = next((value for value in values if values.count(value) > 1), None)
        if twice is not None:
            raise ContractError(f"{self.where}: the enum lists {twice!r} twice")
        return ColumnType("enum", "enum", values=tuple(values))

    def _word(self, bare: re.Pattern[str], kind: str) -> str:
        """Read a bare word, or a JSON string in double quotes."""
        self._skip()
        if self.text.startswith('"', self.at):
            try:
                word, self.at = json.JSONDecoder().raw_decode(self.text, self.at)
            except ValueError as error:
                raise self._wrong(kind) from error
            return str(word)
        found = bare.match(self.text, self.at)
        if found is None:
            raise self._wrong(kind)
        self.at = found.end()
        return found[0]

    def _skip(self) -> None:
        found = _SPACE.match(self.text, self.at)
        assert found is not None
        self.at = found.end()

    def _take(self, mark: str) -> bool:
        self._skip()
        if not self.text.startswith(mark, self.at):
            return False
        self.at += len(mark)
        return True

    def _expect(self, mark: str, kind: str) -> None:
        if not self._take(mark):
            raise self._wrong(kind)

    def _wrong(self, kind: str) -> ContractError:
        here = self.text[self.at : self.at + 20]
        what = f"can't read {here!r}" if here else "it ends too soon"
        return ContractError(
            f"{self.where}: {what} in the type {self.text!r}", hint=f"write it as {NESTED[kind]}"
        )


def _scalar(text: str, word: str, arguments: list[str] | None, *, where: str) -> ColumnType:
    name = ALIASES.get(word, word)
    if "(" in name:  # an alias with its parameters
        if arguments is not None:
            raise ContractError(f"{where}: {word} takes no parameters: {text!r}")
        return parse_type(name, where=where)
    family = FAMILIES[name]
    if family == "decimal":
        return _decimal(text, arguments or [], where=where)
    if family in UNIT_FAMILIES:
        return _with_unit(text, name, arguments or [], where=where)
    if arguments is not None:
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


_UNIT_HINTS: Final = {
    "time": "time, time(ms)",
    "duration": "duration, duration(ms)",
    "timestamp": "timestamp, timestamp(ms), timestamp(us, UTC)",
}


def _with_unit(text: str, name: str, arguments: list[str], *, where: str) -> ColumnType:
    unit: Unit = "us"
    rest = list(arguments)
    for known in ("s", "ms", "us", "ns"):
        if rest and rest[0] == known:
            unit = known
            rest = rest[1:]
            break
    most = 1 if name == "timestamp" else 0
    if len(rest) > most or any(not part for part in arguments):
        raise ContractError(f"{where}: can't read {text!r}", hint=_UNIT_HINTS[name])
    tz = zone(rest[0], where=where) if rest else None
    return ColumnType(name, FAMILIES[name], unit=unit, tz=tz)


def zone(name: str, *, where: str) -> str:
    """Return a time zone's name as it is kept: an IANA name, ``UTC``, or an offset ``+02:00``.

    Raises ContractError.
    """
    if name.upper() in ("UTC", "Z"):
        return "UTC"
    if re.fullmatch(r"[+-](?:0[0-9]|1[0-4]):[0-5][0-9]", name):
        return name
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        near = did_you_mean(name, ["s", "ms", "us", "ns", "UTC"])
        near = near or did_you_mean(name, zoneinfo.available_timezones())
        raise ContractError(
            f"{where}: {name!r} is neither a unit (s, ms, us, ns) nor a known time zone", hint=near
        ) from error
    return name
