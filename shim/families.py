"""To which family a cell belongs, and whether it is a null.

A column may hold one family only (and nulls).  NumPy, pandas and polars are recognised without
importing them, and no class is asked that could lie about itself.
"""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import math
import sys
from typing import Any

import pyarrow as pa

_MAX_KNOWN_TYPES = 4_096
#: A class's own name, whatever its metaclass says.
TYPE_NAME: Any = type.__dict__["__name__"]
_ZONE_MODULES = ("datetime", "zoneinfo", "pytz", "backports.zoneinfo")

FAMILIES: dict[type, str] = {
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
    name = TYPE_NAME.__get__(cell_type)
    return valid_text(name)[0]


def family(cell_type: type) -> str:
    """Return the family of a type of cells.

    Families are what a column may not mix: the kinds, except that ``datetime`` covers naive and
    aware ones, ``null`` is every type whose only values are nulls, ``np_datetime`` and
    ``np_timedelta`` are NumPy's, ``sequence`` is a Series or array in a cell, ``arrow`` is an
    Arrow scalar, and ``object`` is the rest.
    """
    try:
        known = FAMILIES.get(cell_type)
    except Exception:  # noqa: BLE001 - a metaclass may break hashing
        return "object"
    if known is None:
        known = _classify(cell_type)
        if len(FAMILIES) < _MAX_KNOWN_TYPES:
            FAMILIES[cell_type] = known
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
        return "sequence" if lister(cell_type) else "object"
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


def lister(cell_type: type) -> str | None:
    """Return the name of the method that turns a Series or an array into a list."""
    for method in ("to_list", "tolist", "to_pylist"):
        if callable(getattr(cell_type, method, None)):
            return method
    return None


#: Families in which a value may be a null.
MAYBE_NULL = {"null", "float", "decimal", "np_datetime", "np_timedelta", "arrow"}


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


def zone_name(zone: Any) -> str | None:
    """Return the name under which Arrow keeps a time zone, None if it can't be relied upon."""
    if type(zone).__module__.split(".")[0] not in _ZONE_MODULES:
        return None
    if type(zone).__name__ == "ZoneInfo" and zone.key is None:
        return None
    return str(zone)


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
