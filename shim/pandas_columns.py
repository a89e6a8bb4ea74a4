"""Turn a pandas Series into an Arrow column; pandas is here if one is given."""

from __future__ import annotations

import datetime as dt
import sys
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from .arrow_columns import arrow_column
from .arrow_types import PLAIN
from .families import zone_name
from .python_columns import python_column
from .tagged import Column, tagged

if TYPE_CHECKING:
    from collections.abc import Iterator

_PEEK = 64
_LARGE_STRING = pa.large_string().id
_KINDS = {
    bytes: ("bytes", pa.binary()),
    int: ("integer", pa.int64()),
    str: ("string", pa.string()),
}
_OF_ALIKE = (pa.string(), pa.int64(), pa.bool_(), pa.binary(), pa.date32())
"""Types that a column would still have if any cell of it were left out."""
_COUNTED = (float, dt.date, dt.timedelta)


def frame_columns(frame: Any) -> Iterator[Column]:
    """Convert the columns of a DataFrame, one after the other; it is left as it is."""
    # To make a Series of each would take longer than to convert a small one. This is pandas' own
    # way to their values, for reading only; should it ever go, there is the public one.
    arrays = getattr(frame, "_iter_column_arrays", None)
    if arrays is None:
        return map(series_column, [series for _, series in frame.items()])
    return map(_column, arrays())


def series_column(series: Any) -> Column:
    """Convert a Series of any dtype; it is left as it is."""
    dtype = series.dtype
    plain = isinstance(dtype, sys.modules["numpy"].dtype) and dtype.kind not in "mM"
    return _column(series.to_numpy() if plain else series.array)


def _column(values: Any) -> Column:
    """Convert what a column of pandas is made of: an array of numpy, or one of pandas' own."""
    pd, np = sys.modules["pandas"], sys.modules["numpy"]
    dtype, source = values.dtype, values
    if isinstance(values, np.ndarray):
        trusted = dtype.kind != "O"
    elif isinstance(dtype, pd.SparseDtype):
        return series_column(pd.Series(values, copy=False).sparse.to_dense())
    elif isinstance(dtype, pd.CategoricalDtype):
        return _categorical(values, pd)
    elif isinstance(dtype, np.dtype):  # times
        source, trusted = pd.Series(values, copy=False), True
    elif isinstance(dtype, pd.DatetimeTZDtype):
        source, trusted = pd.Series(values, copy=False), zone_name(dtype.tz) is not None
    else:  # an extension array without a way to Arrow would go there as bare objects
        trusted = hasattr(values, "__arrow_array__")
        trusted = trusted and not isinstance(dtype, (pd.PeriodDtype, pd.IntervalDtype))
    if trusted:
        column = _by_arrow(source)
        if column is not None:
            return column
    if isinstance(values, np.ndarray):
        array = _of_one_kind(values, pd) if dtype.kind == "O" else None
        return python_column(values.tolist()) if array is None else Column(array)
    return python_column(list(values))


def _by_arrow(source: Any) -> Column | None:
    try:
        array = pa.array(source, from_pandas=True)
        if array.type.id == _LARGE_STRING:
            return Column(_small_offsets(array))
        return arrow_column(array)
    except Exception:  # noqa: BLE001 - the cells one by one then, whatever Arrow minded
        return None


def _of_one_kind(values: Any, pd: Any) -> Any:
    """Return the Arrow array of a clean column of one of the kinds that need no census, or None.

    A full census takes half the time in which Arrow converts the cells.  But Arrow takes nothing
    for a boolean that is none; what pandas calls integers, text, bytes or times is that and nulls;
    and where there are as many cells of one exact type as Arrow sees no nulls, there are no others.
    """
    try:
        peek = set(map(type, values[:_PEEK]))
        gaps = type(None) in peek
        peek.discard(type(None))
        if bool in peek:
            return pa.array(values, pa.bool_(), from_pandas=True)
        for of, (kind, arrow_type) in _KINDS.items():
            if of in peek and pd.api.types.infer_dtype(values, skipna=True) == kind:
                return pa.array(values, arrow_type, from_pandas=peek != {of})
        if dt.time in peek and pd.api.types.infer_dtype(values, skipna=gaps) == "time":
            return _naive(values.tolist(), gaps=gaps)
        if len(peek) == 1 and not peek.isdisjoint(_COUNTED):
            return _counted(values.tolist(), *peek)
    except Exception:  # noqa: BLE001 - the census knows what to do
        return None
    return None


def _counted(cells: list[Any], of: type) -> Any:
    """Convert cells that are all of this exact type, or None; return None if there are others."""
    array = pa.array(cells, PLAIN[of])  # not by pandas' rules: a NaN stays a NaN here
    if len([1 for cell in cells if type(cell) is not of]) != array.null_count:
        return None
    return _without_nan(array) if of is float else array


def _naive(times: list[Any], *, gaps: bool) -> Any:
    """Convert times, and None; return None if one has a zone, which Arrow would drop."""
    # Comprehensions take less time than `map` and what looks through its result.
    there = [time for time in times if time is not None] if gaps else times
    if [1 for time in there if time.tzinfo is not None]:
        return None
    return pa.array(times, pa.time64("us"))


def _without_nan(array: Any) -> Any:
    """Make each NaN a null; return None if nothing else is there."""
    np = sys.modules["numpy"]
    raw = np.frombuffer(array.buffers()[1], np.float64, len(array), 8 * array.offset)
    if not np.isnan(raw).any():  # a null's own bits don't matter: they are looked at below
        return array
    array = pa.array(array.to_numpy(zero_copy_only=False), from_pandas=True)
    return array if array.null_count < len(array) else None


def _categorical(values: Any, pd: Any) -> Column:
    """Convert the categories, once each, then repeat them."""
    codes = values.codes
    column = None
    if 0 < len(values.categories) <= len(codes) and codes.max() >= 0:
        column = series_column(pd.Series(values.categories, copy=False))
    if column is None or column.kinds is not None or column.array.type not in _OF_ALIKE:
        # What no cell holds must not make the others what they are not.
        occurs = sys.modules["numpy"].zeros(len(values.categories) + 1, dtype=bool)
        occurs[codes] = True  # code -1, the last, is null
        if column is None or not occurs[:-1].all():
            values = values.remove_unused_categories()
            codes = values.codes
            column = series_column(pd.Series(values.categories, copy=False))
    if column.kinds is None:
        places = pa.array(codes, mask=codes < 0 if len(codes) and codes.min() < 0 else None)
        try:
            return Column(_without_bitmap(column.array).take(places))
        except pa.ArrowException:  # more text than one array can hold
            return python_column(list(values))
    kinds = [*column.kinds.to_pylist(), None]
    texts = [*column.array.to_pylist(), None]
    return tagged([kinds[code] for code in codes], [texts[code] for code in codes])


def _without_bitmap(array: Any) -> Any:
    """Leave out the bitmap of nulls where there are none: values are taken faster without it."""
    if array.null_count or array.type not in _OF_ALIKE:
        return array
    parts = [None, *array.buffers()[1:]]
    return pa.Array.from_buffers(array.type, len(array), parts, 0, array.offset)


def _small_offsets(array: Any) -> Any:
    """Give text 32-bit offsets where they do, as pandas 2 had it and pandas 3 has not."""
    try:
        return array.cast(pa.string())
    except pa.ArrowInvalid:  # more text than they can count
        return array
