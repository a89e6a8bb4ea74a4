"""Turn a column of any Python objects into Arrow without bending a single cell.

Arrow refuses some columns and, worse, accepts and changes others: ``[date, 5]`` becomes two
dates.  So a census of the kinds of cells comes first.  A column of one kind is converted; any
other becomes text, cell by cell, with a companion column that says what each cell was.
"""

from __future__ import annotations

import itertools
import operator
import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from . import cells
from .arrow_types import PLAIN, plain_type
from .census import Shape
from .families import MAYBE_NULL, family, is_null, zone_name
from .tagged import Column, tagged

if TYPE_CHECKING:
    from collections.abc import Sequence

_CAN_BE_ONLY_NULLS = ("float", "decimal", "np_datetime", "np_timedelta")
_NATIVE = {"bool", "int", "float", "str", "bytes", "decimal", "date", "datetime", "time"}
_NATIVE |= {"timedelta", "np_datetime", "np_timedelta", "json"}
_PYTHON_NUMBERS = {int, float, type(None)}
_TZINFO = operator.attrgetter("tzinfo")

_KNOWS_NULLS = {"bool", "bytes", "date", "float", "int", "str"}
"""Families whose Arrow types take NaN, NA and NaT for nulls by themselves."""


def python_column(values: Sequence[Any]) -> Column:
    """Convert a list of any Python objects."""
    try:
        array = _native(values)
    except Exception:  # noqa: BLE001 - Arrow's six kinds of refusal, or a cell's own method
        array = None
    if array is not None:
        return Column(array)
    return tagged(*cells.tag(values))


def _native(values: Any) -> Any:
    """Return the Arrow array of a column of one kind; None (or an exception) for any other."""
    types = set(map(type, values))
    cell_types = types - {type(None)}
    if cell_types != {float}:  # or else None is the only null
        array = _plain_column(values, cell_types, from_pandas=False)
        if array is not None:
            return array
    by_type = {cell_type: family(cell_type) for cell_type in types}
    families = set(by_type.values()) - {"null"}
    if "arrow" in families:
        return _native([v.as_py() if isinstance(v, pa.Scalar) else v for v in values])
    odd_nulls = not _arrow_knows({t for t in types if by_type[t] == "null"})
    for name in _CAN_BE_ONLY_NULLS:
        if name not in families:
            continue
        of_family = {cell_type for cell_type in types if by_type[cell_type] == name}
        odd_nulls = odd_nulls or not all(issubclass(t, (float, Decimal)) for t in of_family)
        mixed = len(families) > 1 and families != {"int", "float"}
        if mixed and all(is_null(v) for v in values if type(v) in of_family):
            families.discard(name)
    maybe = {t for t in types if by_type[t] in MAYBE_NULL and t is not type(None)}
    look = odd_nulls or (bool(maybe) and not families <= _KNOWS_NULLS)
    if look:  # from here on None is the only null
        values = [None if type(v) in maybe and is_null(v) else v for v in values]
    if not families:
        return pa.nulls(len(values))
    if len(families) > 1 and families != {"int", "float"}:
        return None
    if len(families) > 1 and not types <= _PYTHON_NUMBERS:
        # Beside others, Arrow bends NumPy's: float16 is cut to an integer, 2**64-1 becomes -1.
        numbers = {cell_type for cell_type in types if by_type[cell_type] in families}
        values = [cells.python_number(v) if type(v) in numbers else v for v in values]
    name = min(families)
    if name not in _NATIVE:
        return None
    if name == "datetime":
        return _datetimes(values, {t for t in types if by_type[t] == "datetime"})
    if name == "time" and not _all_naive(values):
        return None
    if name == "timedelta" and any(getattr(v, "nanoseconds", 0) for v in values):
        return None
    if name == "json":
        shape = Shape()
        if not shape.accepts(values):
            return None
        array = _typed(values, shape.plain_type(), from_pandas=True)
        return _widened(pa.array(values, from_pandas=True) if array is None else array)
    from_pandas = bool(maybe) and not look
    of_families = {cell_type for cell_type in types if by_type[cell_type] in families}
    array = _plain_column(values, of_families, from_pandas=from_pandas)
    if array is None:
        array = pa.array(values, from_pandas=from_pandas)
    return None if isinstance(array.type, pa.BaseExtensionType) else _widened(array)


def _arrow_knows(nulls: set[type]) -> bool:
    """Tell whether Arrow takes these for nulls: NA and NaT only if pandas was there before it.

    (A NaN it does, but not one of NumPy's narrow floats, nor NumPy's NaT.)
    """
    nulls -= {type(None)}
    if not nulls:
        return True
    pd = sys.modules.get("pandas")
    samples = [getattr(pd, "NA", None), getattr(pd, "NaT", None)]
    if not nulls <= set(map(type, samples)):
        return False
    try:
        return bool(pa.array(samples, from_pandas=True).null_count == len(samples))
    except pa.ArrowException:
        return False


def _plain_column(values: Sequence[Any], cell_types: set[type], *, from_pandas: bool) -> Any:
    """Convert cells of one plain type and nulls; None if there are others, or they don't fit."""
    of = PLAIN.get(next(iter(cell_types))) if len(cell_types) == 1 else None
    return _typed(values, of, from_pandas=from_pandas)


def _typed(values: Sequence[Any], of: Any, *, from_pandas: bool) -> Any:
    """Convert cells to a type; None if there is no type, or they don't fit it."""
    if of is None:
        return None
    try:
        return pa.array(values, of, from_pandas=from_pandas)
    except (pa.ArrowException, OverflowError, ValueError, TypeError):
        return None  # inference says it again


def _widened(array: Any) -> Any:
    plain = plain_type(array.type)
    return array if plain == array.type else array.cast(plain)


def _datetimes(values: Sequence[Any], types: set[type]) -> Any:
    """Convert datetimes and None."""
    zones = _zones(values)
    names = {zone_name(zone) for zone in zones}
    if zones != {None} and (len(names) > 1 or None in names):
        return None
    array = pa.array(values)
    stamps = {t for t in types if hasattr(t, "nanosecond")}  # pandas' own hold nanoseconds
    if stamps and any(v.nanosecond for v in values if type(v) in stamps):
        # By whole numbers: Arrow reads the nanoseconds only if pandas was there before it.
        stamp = sys.modules["pandas"].Timestamp
        since = [None if v is None else stamp(v).value for v in values]
        array = pa.array(since, pa.timestamp("ns", array.type.tz))
    return array


def _all_naive(values: Sequence[Any]) -> bool:
    """Tell whether no time has a zone, however its zone compares."""
    try:
        return all(map(operator.is_, map(_TZINFO, values), itertools.repeat(None)))
    except AttributeError:  # there are nulls
        return all(v is None or v.tzinfo is None for v in values)


def _zones(values: Sequence[Any]) -> set[Any]:
    """Return the time zones of datetimes; None stands for no zone, as it does there."""
    try:
        return set(map(_TZINFO, values))
    except AttributeError:  # there are nulls
        return {v.tzinfo for v in values if v is not None}
