"""What one cell is: its family, and its kind and text once its column has to become text.

Nothing here may raise because of what a parser put into a cell, whatever its ``__str__``,
``__eq__`` or metaclass does.  NumPy, pandas and polars are recognised without importing them.
"""

from __future__ import annotations

import binascii
import datetime as dt
import decimal
import enum
import json
import math
import operator
import sys
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MAX_OBJECT_BYTES = 65_536
"""The text of an object without a kind of its own is cut here."""
MAX_DEPTH = 64
"""Lists and dicts nested deeper (or in themselves) are not followed."""
MAX_DECIMAL_BITS = 14_000
"""Longer integers are written in hexadecimal: Python refuses more than 4,300 digits."""
TOO_DEEP = f'"<recursive or deeper than {MAX_DEPTH} levels>"'

_MAX_KNOWN_TYPES = 4_096
_TYPE_NAME = type.__dict__["__name__"]
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


class TooDeepError(Exception):
    """A value is nested in itself, or deeper than `MAX_DEPTH`."""


# --------------------------------------------------------------------------- families

_FAMILIES: dict[type, str] = {
    type(None): "null",
    bool: "bool",
    int: "int",
    float: "float",
    str: "str",
    bytes: "bytes",
    bytearray: "bytes",
    memoryview: "bytes",
    decimal.Decimal: "decimal",
    dt.date: "date",
    dt.datetime: "datetime",
    dt.time: "time",
    dt.timedelta: "timedelta",
    list: "json",
    tuple: "json",
    dict: "json",
    set: "set",
    frozenset: "set",
}


def type_name(cell_type: type) -> str:
    """Return the class's own name, even if its metaclass says otherwise."""
    name = _TYPE_NAME.__get__(cell_type)
    return valid_text(name)[0]


def family(cell_type: type) -> str:
    """Return the family of a type of cells.

    Families are what a column may not mix: the kinds, except that ``datetime`` covers naive and
    aware ones, ``null`` is every type whose only values are nulls, ``np_datetime`` and
    ``np_timedelta`` are NumPy's, ``sequence`` is a Series or array in a cell, ``arrow`` is an
    Arrow scalar, and ``object`` is the rest.
    """
    try:
        known = _FAMILIES.get(cell_type)
    except Exception:  # noqa: BLE001 - a metaclass may break hashing
        return "object"
    if known is None:
        known = _classify(cell_type)
        if len(_FAMILIES) < _MAX_KNOWN_TYPES:
            _FAMILIES[cell_type] = known
    return known


def _classify(cell_type: type) -> str:
    found = "object"
    name = type_name(cell_type)
    module = str(type.__dict__["__module__"].__get__(cell_type)).split(".")[0]
    np = sys.modules.get("numpy")
    if name in ("NAType", "NaTType") and module == "pandas":
        return "null"
    if np is not None and hasattr(np, "ndarray"):
        found = _numpy_family(cell_type, name, np)
    if found != "object":
        return found
    for base, base_family in _BASES:
        if issubclass(cell_type, base):
            return base_family
    if issubclass(cell_type, pa.Scalar):
        return "arrow"
    if issubclass(cell_type, (pa.Array, pa.ChunkedArray)):
        return "sequence"
    if module in ("pandas", "polars") and name != "DataFrame":
        return "sequence" if _lister(cell_type) else "object"
    module_uuid = sys.modules.get("uuid")
    if module_uuid is not None and issubclass(cell_type, module_uuid.UUID):
        return "uuid"
    return "object"


# In this order: a str or int Enum is its value, a datetime is a date, a bool an int.
_BASES: tuple[tuple[type, str], ...] = (
    (str, "str"),
    (int, "int"),
    (float, "float"),
    (enum.Enum, "enum"),
    (bytes, "bytes"),
    (bytearray, "bytes"),
    (decimal.Decimal, "decimal"),
    (dt.datetime, "datetime"),
    (dt.date, "date"),
    (dt.time, "time"),
    (dt.timedelta, "timedelta"),
    (dict, "json"),
    (list, "json"),
    (tuple, "json"),
    (set, "set"),
    (frozenset, "set"),
)


def _numpy_family(cell_type: type, name: str, np: Any) -> str:
    if issubclass(cell_type, np.ndarray):
        return "null" if name == "MaskedConstant" else "json"
    if not issubclass(cell_type, np.generic):
        return "object"
    if issubclass(cell_type, np.timedelta64):  # before integer, which it is derived from
        return "np_timedelta"
    if issubclass(cell_type, np.datetime64):
        return "np_datetime"
    if issubclass(cell_type, np.bool_):
        return "bool"
    if issubclass(cell_type, np.integer):
        return "int"
    if issubclass(cell_type, np.floating) and cell_type is not np.longdouble:
        return "float"
    return "object"


def _lister(cell_type: type) -> str | None:
    """Return the name of the method that turns a Series or an array into a list."""
    for method in ("to_list", "tolist", "to_pylist"):
        if callable(getattr(cell_type, method, None)):
            return method
    return None


_MAYBE_NULL = {"null", "float", "decimal", "np_datetime", "np_timedelta", "arrow"}


def is_null(value: Any) -> bool:
    """Tell whether a cell is a null: None, NA, NaT, or a NaN of any numeric type."""
    of = family(type(value))
    if of == "null":
        return True
    try:
        if of == "float":
            return math.isnan(value)
        if of == "decimal":
            return bool(decimal.Decimal.is_nan(value))
        if of in ("np_datetime", "np_timedelta"):
            return bool(sys.modules["numpy"].isnat(value))
        if of == "arrow":
            return not value.is_valid
    except Exception:  # noqa: BLE001 - a subclass that can't be asked is not a null
        return False
    return False


# --------------------------------------------------------------------------- texts


def valid_text(text: str) -> tuple[str, bool]:
    """Return a text that is valid UTF-8 (surrogates escaped), and whether it was already."""
    text = str.__str__(text)
    if text.isascii():
        return text, True
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode(), False
    return text, True


def cell(value: Any) -> tuple[str | None, str | None]:
    """Return the kind and the text of one cell; both are None for a null."""
    try:
        return _TEXTS[family(type(value))](value)
    except TooDeepError:
        return "json", TOO_DEEP
    except Exception as error:  # noqa: BLE001 - whatever a value's own methods raise
        return _unprintable(value, error)


def tag(values: Iterable[Any]) -> tuple[list[str | None], list[str | None]]:
    """Return the kinds and the texts of a column's cells."""
    writers = {cell_type: _TEXTS[of] for cell_type, of in _FAMILIES.items()}
    kinds: list[str | None] = []
    texts: list[str | None] = []
    for value in values:
        try:
            kind, text = writers.get(type(value), cell)(value)
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


def _float(value: Any) -> tuple[str | None, str | None]:
    if math.isnan(value):
        return None, None
    if issubclass(type(value), float):
        return "float", float.__repr__(value)
    return "float", str(value)  # NumPy's narrower floats: the shortest text for their width


def _decimal(value: Any) -> tuple[str | None, str | None]:
    if decimal.Decimal.is_nan(value):
        return None, None
    return "decimal", decimal.Decimal.__str__(value)


def _bytes(value: Any) -> tuple[str, str]:
    return "bytes", binascii.b2a_base64(bytes(value), newline=False).decode()


def _datetime(value: Any) -> tuple[str, str]:
    kind = "datetime" if value.tzinfo is None else "datetimetz"
    return kind, valid_text(value.isoformat())[0]


def duration_text(nanoseconds: int) -> str:
    """Return a duration as ISO 8601 with its sign in front: ``-P0DT1H0M0.5S``."""
    sign = "-" if nanoseconds < 0 else ""
    seconds, fraction = divmod(abs(nanoseconds), 1_000_000_000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    tail = f".{fraction:09d}".rstrip("0") if fraction else ""
    return f"{sign}P{days}DT{hour}H{minute}M{second}{tail}S"


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


def _set(value: Any, depth: int = 0) -> tuple[str, str]:
    members = [plain(member, depth + 1) for member in value]
    try:
        members.sort()
    except TypeError:
        members.sort(key=_dumps)
    return "set", _dumps(members)


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
    "date": lambda value: ("date", valid_text(value.isoformat())[0]),
    "time": lambda value: ("time", valid_text(value.isoformat())[0]),
    "timedelta": _timedelta,
    "np_datetime": _np_datetime,
    "np_timedelta": _np_timedelta,
    "uuid": lambda value: ("uuid", valid_text(str(value))[0]),
    "enum": _enum,
    "set": _set,
    "json": lambda value: ("json", _dumps(plain(value))),
    "sequence": lambda value: ("json", _dumps(plain(value))),
    "arrow": _arrow,
    "object": _object,
}


# --------------------------------------------------------------------------- nested values


def plain(value: Any, depth: int = 0) -> Any:
    """Return a nested value as what JSON can hold; other leaves become ``{"$kind": text}``."""
    if depth > MAX_DEPTH:
        raise TooDeepError
    of = family(type(value))
    if of in _MAYBE_NULL and is_null(value):
        return None
    if of == "str":
        return valid_text(value)[0]
    if of == "bool":
        return bool(value)
    if of == "int":
        number = _exact_int(value)
        return number if number.bit_length() < 2_000 else {"$int": _int(number)[1]}
    if of == "float":
        return float(value) if math.isfinite(value) else {"$float": repr(float(value))}
    if of == "json":
        return _plain_dict(value, depth) if isinstance(value, dict) else _plain_list(value, depth)
    if of == "sequence":
        return plain(getattr(value, str(_lister(type(value))))(), depth)
    if of == "arrow":
        return plain(value.as_py(), depth)
    if of == "set":
        return {"$set": json.loads(_set(value, depth)[1])}
    kind, text = cell(value)
    return {f"${kind}": text}


def _plain_list(value: Any, depth: int) -> Any:
    if getattr(value, "ndim", 1) == 0:  # a NumPy array of no dimension is a value
        return plain(value.item(), depth + 1)
    return [plain(member, depth + 1) for member in value]


def _plain_dict(value: dict[Any, Any], depth: int) -> dict[str, Any]:
    members = [(_key(key), plain(member, depth + 1)) for key, member in dict.items(value)]
    result = dict(members)
    if len(result) < len(members):  # {1: …, "1": …}
        return {"$items": [list(member) for member in members]}
    return result


def _key(key: Any) -> str:
    text = cell(key)[1]
    return "null" if text is None else text
