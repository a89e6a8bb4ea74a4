"""What one cell is once its column has to become text: a kind and a text.

Nothing here may raise because of what a parser put into a cell, whatever its ``__str__``,
``__eq__`` or metaclass does.
"""

from __future__ import annotations

import binascii
import datetime as dt
import decimal
import json
import math
import operator
import sys
from typing import TYPE_CHECKING, Any

from .families import (
    FAMILIES,
    MAYBE_NULL,
    family,
    is_null,
    lister,
    type_name,
    valid_text,
    zone_name,
)
from .nesting import MAX_DEPTH, TOO_DEEP, Budget, NestingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MAX_OBJECT_BYTES = 65_536
"""The text of an object without a kind of its own is cut here."""
MAX_DECIMAL_BITS = 14_000
"""Longer integers are written in hexadecimal: Python refuses more than 4,300 digits."""

_SHORT_INT = 10**18
_UNIT_NS = {
    "W": 604_800_000_000_000,
    "D": 86_400_000_000_000,
    "h": 3_600_000_000_000,
    "m": 60_000_000_000,
    "s": 1_000_000_000,
    "ms": 1_000_000,
    "us": 1_000,
    "ns": 1,
}

_dumps = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode  # one, as making it is slow


def cell(value: Any) -> tuple[str | None, str | None]:
    """Return the kind and the text of one cell; both are None for a null."""
    try:
        return _TEXTS[family(type(value))](value)
    except NestingError as error:
        return "json", str(error)
    except Exception as error:  # noqa: BLE001 - whatever a value's own methods raise
        return _unprintable(value, error)


def tag(values: Iterable[Any]) -> tuple[list[str | None], list[str | None]]:
    """Return the kinds and the texts of a column's cells."""
    writers = {cell_type: _TEXTS[of] for cell_type, of in FAMILIES.items()}
    kinds: list[str | None] = []
    texts: list[str | None] = []
    for value in values:
        kind: str | None
        text: str | None
        of = type(value)
        if of is str and value.isascii():  # the two that most cells are
            kind, text = "str", value
        elif of is int and -_SHORT_INT < value < _SHORT_INT:
            kind, text = "int", str(value)
        else:
            try:
                kind, text = writers.get(of, cell)(value)
            except Exception:  # noqa: BLE001 - the slow way then, which knows what to say
                kind, text = cell(value)
        kinds.append(kind)
        texts.append(text)
    return kinds, texts


def _unprintable(value: Any, error: Exception) -> tuple[str, str]:
    name = type_name(type(value))
    return f"object:{name}", f"<unprintable {name}: {type_name(type(error))}>"


def _str(value: Any) -> tuple[str, str]:
    text, valid = valid_text(value)
    return ("str" if valid else "str_invalid"), text


def _exact_int(value: Any) -> int:
    return int.__index__(value) if isinstance(value, int) else operator.index(value)


def _int_text(number: int) -> str:
    return str(number) if number.bit_length() < MAX_DECIMAL_BITS else hex(number)


def _int(value: Any) -> tuple[str, str]:
    number = _exact_int(value)
    try:
        return "int", _int_text(number)
    except ValueError:  # the parser lowered sys.set_int_max_str_digits
        return "int", hex(number)


def _exact_float(value: Any) -> float:
    return float.__pos__(value) if isinstance(value, float) else float(value)


def python_number(value: Any) -> int | float:
    """Return an int or float of any class as Python's own, whatever the class says of itself."""
    return _exact_int(value) if family(type(value)) == "int" else _exact_float(value)


def _float(value: Any) -> tuple[str | None, str | None]:
    number = _exact_float(value)
    if math.isnan(number):
        return None, None
    # NumPy's narrower floats as well: their own shortest text would read back as another double.
    return "float", float.__repr__(number)


def _decimal(value: Any) -> tuple[str | None, str | None]:
    if decimal.Decimal.is_nan(value):
        return None, None
    return "decimal", decimal.Decimal.__str__(value)


def _bytes(value: Any) -> tuple[str, str]:
    return "bytes", binascii.b2a_base64(bytes(value), newline=False).decode()


def _datetime(value: Any) -> tuple[str, str]:
    kind = "datetime" if value.tzinfo is None else "datetimetz"
    # pandas' own hold nanoseconds; any other class may have changed how it writes itself.
    stamp = hasattr(value, "nanosecond")
    return kind, valid_text(value.isoformat() if stamp else dt.datetime.isoformat(value))[0]


def _time(value: Any) -> tuple[str, str]:
    text = dt.time.isoformat(value)
    if value.tzinfo is None or dt.time.utcoffset(value) is not None:
        return "time", text
    # Without a day most zones have no offset, and isoformat says nothing of them: so RFC 9557.
    zone = zone_name(value.tzinfo) or type_name(type(value.tzinfo))
    return "time", valid_text(f"{text}[{zone}]")[0]


def duration_text(nanoseconds: int) -> str:
    """Return a duration as ISO 8601 in seconds, as the host writes it: ``-PT3600.5S``."""
    seconds, fraction = divmod(abs(nanoseconds), 1_000_000_000)
    tail = f".{fraction:09d}".rstrip("0") if fraction else ""
    return f"{'-' if nanoseconds < 0 else ''}PT{seconds}{tail}S"


def _timedelta(value: Any) -> tuple[str, str]:
    microseconds = (value.days * 86_400 + value.seconds) * 1_000_000 + value.microseconds
    return "timedelta", duration_text(microseconds * 1_000 + getattr(value, "nanoseconds", 0))


def _np_datetime(value: Any) -> tuple[str | None, str | None]:
    np = sys.modules["numpy"]
    if np.isnat(value):
        return None, None
    unit = np.datetime_data(value.dtype)[0]
    if unit == "D":
        return "date", str(value)
    if unit in ("h", "m"):
        return "datetime", str(value.astype("datetime64[s]"))
    if unit in ("Y", "M", "W", "generic"):
        return "object:datetime64", str(value)
    return "datetime", str(value)


def _np_timedelta(value: Any) -> tuple[str | None, str | None]:
    np = sys.modules["numpy"]
    if np.isnat(value):
        return None, None
    unit, count = np.datetime_data(value.dtype)
    if unit not in _UNIT_NS:
        return "object:timedelta64", str(value)
    return "timedelta", duration_text(int(value.astype("int64")) * count * _UNIT_NS[unit])


def _enum(value: Any) -> tuple[str, str]:
    return "enum", valid_text(f"{type_name(type(value))}.{value.name}")[0]


def _set(value: Any) -> tuple[str, str]:
    return "set", _dumps(_sorted(value, Budget((value,)), 0))


def _sorted(value: Any, budget: Budget, depth: int) -> list[Any]:
    members = _plain_list(value, budget, depth)
    try:
        members.sort()
    except TypeError:
        members.sort(key=_dumps)
    return members


def _json(value: Any) -> tuple[str, str]:
    return "json", _dumps(_plain(value, Budget((value,)), 0))


def _object(value: Any) -> tuple[str, str]:
    text = valid_text(str(value))[0]
    if len(text) * 4 > MAX_OBJECT_BYTES:
        text = text.encode()[:MAX_OBJECT_BYTES].decode("utf-8", "ignore")
    return f"object:{type_name(type(value))}", text


def _arrow(value: Any) -> tuple[str | None, str | None]:
    return cell(value.as_py())


_TEXTS: dict[str, Callable[[Any], tuple[str | None, str | None]]] = {
    "null": lambda _: (None, None),
    "str": _str,
    "bool": lambda value: ("bool", "true" if value else "false"),
    "int": _int,
    "float": _float,
    "decimal": _decimal,
    "bytes": _bytes,
    "datetime": _datetime,
    "date": lambda value: ("date", dt.date.isoformat(value)),
    "time": _time,
    "timedelta": _timedelta,
    "np_datetime": _np_datetime,
    "np_timedelta": _np_timedelta,
    "uuid": lambda value: ("uuid", valid_text(str(value))[0]),
    "enum": _enum,
    "set": _set,
    "json": _json,
    "sequence": _json,
    "arrow": _arrow,
    "object": _object,
}


# --------------------------------------------------------------------------- nested values


def _plain(value: Any, budget: Budget, depth: int) -> Any:
    """Return a nested value as what JSON can hold; other leaves become ``{"$kind": text}``."""
    if depth > MAX_DEPTH:
        raise NestingError(TOO_DEEP)
    cell_type = type(value)
    if cell_type is str and value.isascii():  # the two that most leaves are
        return value
    if cell_type is int and -_SHORT_INT < value < _SHORT_INT:
        return value
    of = family(cell_type)
    if of in MAYBE_NULL and is_null(value):
        return None
    if of == "str":
        string, valid = valid_text(value)
        return string if valid else {"$str_invalid": string}
    if of == "bool":
        return bool(value)
    if of == "int":
        number = _exact_int(value)
        return number if number.bit_length() < 2_000 else {"$int": _int(number)[1]}
    if of == "float":
        exact = _exact_float(value)
        return exact if math.isfinite(exact) else {"$float": repr(exact)}
    if of == "json":
        if isinstance(value, dict):
            return _plain_dict(value, budget, depth)
        if getattr(value, "ndim", 1) == 0:  # a NumPy array of no dimension is a value
            return _plain(value.item(), budget, depth + 1)
        return _plain_list(value, budget, depth)
    if of == "sequence":
        return _plain(getattr(value, str(lister(type(value))))(), budget, depth)
    if of == "arrow":
        return _plain(value.as_py(), budget, depth)
    if of == "set":
        return {"$set": _sorted(value, budget, depth)}
    kind, text = cell(value)
    return {f"${kind}": text}


def _plain_list(value: Any, budget: Budget, depth: int) -> list[Any]:
    members = value if type(value) in (list, tuple) else list(value)
    budget.spend(len(members))
    return [_plain(member, budget, depth + 1) for member in members]


def _plain_dict(value: dict[Any, Any], budget: Budget, depth: int) -> dict[str, Any]:
    """Return an object; as pairs if its keys can't be names, or it would look like a leaf."""
    budget.spend(len(value))
    names = [_name(key, budget, depth) for key in dict.keys(value)]
    members = [_plain(member, budget, depth + 1) for member in dict.values(value)]
    known = all(type(name) is str for name in names) and len(set(names)) == len(names)
    if known and not (len(names) == 1 and names[0].startswith("$")):
        return dict(zip(names, members))  # noqa: B905 - as long as each other
    return {"$items": [list(member) for member in zip(names, members)]}  # noqa: B905


def _name(key: Any, budget: Budget, depth: int) -> Any:
    """Return a key as the name that JSON writes it as; else what stands for it as a value."""
    if type(key) is str and key.isascii():
        return key
    of = family(type(key))
    if of in ("bool", "int", "float", "null"):
        return "null" if is_null(key) else str(cell(key)[1])
    return _plain(key, budget, depth + 1)
