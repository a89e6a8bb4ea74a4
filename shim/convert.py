"""Turn what a parser made into Arrow without bending a single cell.

Arrow refuses some columns and, worse, accepts and changes others: ``[date, 5]`` becomes two
dates.  So a census of the kinds of cells comes first.  A column of one kind is converted; any
other becomes text, cell by cell, with a companion column that says what each cell was.
"""

from __future__ import annotations

import itertools
import sys
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from . import cells
from .wire import KIND_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

RESERVED_PREFIX = "_cf_"
TAGGED_FIELD = {b"cf.tagged": b"1"}
"""Metadata of the field of a tagged column."""
MAX_SLICE_BYTES = 64 * 1024 * 1024
MAX_SLICE_ROWS = 65_536 * 16

_SMALL_CHUNK_ROWS = 4_096
_DECODED_ROWS = 65_536
_MAX_STRUCT_FIELDS = 1_000
_UNIQUE_DEPTH = 4
_MAX_NATIVE_DEPTH = 16  # readers of Arrow and Parquet have limits of their own
_EXAMPLE_LENGTH = 40
_CAN_BE_ONLY_NULLS = ("float", "decimal", "np_datetime", "np_timedelta")
_ZONE_MODULES = ("datetime", "zoneinfo", "pytz", "backports.zoneinfo")
_SIMPLE = {"bool", "int", "float", "str", "bytes", "decimal", "date"}
_NATIVE = _SIMPLE | {"datetime", "time", "timedelta", "np_datetime", "np_timedelta", "json"}
_REASONS = {
    "int": "beyond 64 bits",
    "decimal": "not finite, or too many digits",
    "datetime": "outside of what Arrow can hold",
    "datetimetz": "several time zones, or one that Arrow can't hold",
    "time": "with a time zone",
    "timedelta": "finer or longer than Arrow can hold",
    "json": "nested values of different shapes",
    "str_invalid": "not valid Unicode",
}


#: Families of cells of which every member has one and the same Arrow type.
_PLAIN_TYPES = {
    "bool": pa.bool_(),
    "bytes": pa.binary(),
    "date": pa.date32(),
    "float": pa.float64(),
    "int": pa.int64(),
    "str": pa.string(),
}


class StructuralError(ValueError):
    """What a parser returned has the wrong shape; the message says what to write instead."""

    def __init__(self, message: str, *, code: str = "output_shape") -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Column:
    """A converted column: an Arrow array, and for a tagged one its kinds and a note."""

    array: Any
    kinds: Any = None
    note: str | None = None


# --------------------------------------------------------------------------- tables


def safe_to_arrow(frame: Any) -> tuple[pa.Table, dict[str, str]]:
    """Convert a pandas DataFrame; return the table, and a note for each tagged column.

    The index is dropped and the frame is left as it is.  Raises `StructuralError` for its column
    names, never because of a cell.
    """
    if getattr(frame.columns, "nlevels", 1) > 1:
        raise StructuralError(
            "the frame has MultiIndex columns; flatten them first: "
            "df.columns = ['_'.join(map(str, c)) for c in df.columns]"
        )
    names = column_names(frame.columns)
    return _table(names, [_series(series) for _, series in frame.items()])


def rows_to_arrow(rows: Sequence[dict[Any, Any]]) -> tuple[pa.Table, dict[str, str]]:
    """Convert a list of dicts: the columns are all keys as first seen, a missing key is null."""
    keys = list(dict.fromkeys(itertools.chain.from_iterable(rows)))
    names = column_names(keys)
    return _table(names, [python_column([dict.get(row, key) for row in rows]) for key in keys])


def arrow_to_arrow(
    table: pa.Table, extra: dict[str, list[Any]] | None = None, *, order: Sequence[str] = ()
) -> tuple[pa.Table, dict[str, str]]:
    """Pass an Arrow table on, without its metadata and in types that any reader knows.

    Columns that could not become Arrow are given as lists in `extra`; then `order` names all.
    """
    names = column_names(order or table.column_names)
    if not extra:
        return _table(names, [_arrow_column(column) for column in table.columns])
    columns = [
        python_column(extra[name]) if name in extra else _arrow_column(table[name])
        for name in names
    ]
    return _table(names, columns)


def column_names(raw: Iterable[Any]) -> list[str]:
    """Return column names as text; raise `StructuralError` if they can't be a table's."""
    names = []
    for name in raw:
        if isinstance(name, bytes):
            text = name.decode("utf-8", "surrogateescape")
        else:
            text = str.__str__(name) if isinstance(name, str) else str(name)
        if not cells.valid_text(text)[1]:
            raise StructuralError(
                f"column name {text!a} is not valid Unicode; rename the column",
                code="invalid_encoding",
            )
        names.append(text)
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise StructuralError(
            f"duplicate column names: {', '.join(map(repr, twice))}; rename or drop one of each",
            code="duplicate_column",
        )
    reserved = [name for name in names if name.startswith(RESERVED_PREFIX)]
    if reserved:
        raise StructuralError(
            f"column names that begin with '{RESERVED_PREFIX}' are casparian's own: "
            f"{', '.join(map(repr, reserved))}; rename them",
            code="reserved_column",
        )
    return names


def _table(names: list[str], columns: list[Column]) -> tuple[pa.Table, dict[str, str]]:
    arrays, fields, notes = [], [], {}
    for name, column in zip(names, columns):  # noqa: B905 - the two come from one frame
        metadata = TAGGED_FIELD if column.kinds is not None else None
        arrays.append(column.array)
        fields.append(pa.field(name, column.array.type, metadata=metadata))
        if column.note is not None:
            notes[name] = column.note
    for name, column in zip(names, columns):  # noqa: B905
        if column.kinds is not None:
            arrays.append(column.kinds)
            fields.append(pa.field(KIND_PREFIX + name, column.kinds.type))
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields)), notes


# --------------------------------------------------------------------------- pandas


def _series(series: Any) -> Column:
    pd = sys.modules["pandas"]
    np = sys.modules["numpy"]
    if isinstance(series.dtype, pd.SparseDtype):
        series = series.sparse.to_dense()
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return _categorical(series, pd)
    if isinstance(dtype, np.dtype):
        trusted = dtype.kind != "O"
    elif isinstance(dtype, pd.DatetimeTZDtype):
        trusted = _zone_name(dtype.tz) is not None
    else:  # an extension array without a way to Arrow would go there as bare objects
        trusted = hasattr(series.array, "__arrow_array__")
        trusted = trusted and not isinstance(dtype, (pd.PeriodDtype, pd.IntervalDtype))
    if trusted:
        try:
            return _arrow_column(_small_offsets(pa.array(series, from_pandas=True)))
        except Exception:  # noqa: BLE001 - the cells one by one then, whatever Arrow minded
            return python_column(list(series))
    return python_column(series.to_numpy() if isinstance(dtype, np.dtype) else list(series))


def _categorical(series: Any, pd: Any) -> Column:
    """Convert the categories that occur, then repeat them: as fast as there are few."""
    occurs = sys.modules["numpy"].zeros(len(series.cat.categories) + 1, dtype=bool)
    occurs[series.cat.codes] = True  # code -1, the last, is null
    if not occurs[:-1].all():
        series = series.cat.remove_unused_categories()
    column = _series(pd.Series(series.cat.categories))
    codes = series.cat.codes.to_numpy()
    if column.kinds is None:
        places = pa.array(codes, mask=codes < 0)
        try:
            return Column(column.array.take(places))
        except pa.ArrowException:  # more text than one array can hold
            return python_column(list(series))
    kinds = [*column.kinds.to_pylist(), None]
    texts = [*column.array.to_pylist(), None]
    return _tagged([kinds[code] for code in codes], [texts[code] for code in codes])


def _small_offsets(array: Any) -> Any:
    """Give text 32-bit offsets where they do, as pandas 2 had it and pandas 3 has not."""
    if pa.types.is_large_string(array.type) and array.nbytes < 2**31:
        return array.cast(pa.string())
    return array


# --------------------------------------------------------------------------- Python cells


def python_column(values: Any) -> Column:
    """Convert a sequence of any Python objects."""
    try:
        array = _native(values)
    except Exception:  # noqa: BLE001 - Arrow's six kinds of refusal, or a cell's own method
        array = None
    if array is not None:
        return Column(array)
    return _tagged(*cells.tag(values))


def _native(values: Any) -> Any:
    """Return the Arrow array of a column of one kind; None (or an exception) for any other."""
    types = set(map(type, values))
    by_type = {cell_type: cells.family(cell_type) for cell_type in types}
    families = set(by_type.values()) - {"null"}
    if "arrow" in families:
        return _native([v.as_py() if isinstance(v, pa.Scalar) else v for v in values])
    # Arrow knows NA and NaT only if pandas was there before it; it gets None for them.
    odd_nulls = any(by_type[t] == "null" and t is not type(None) for t in types)
    for name in _CAN_BE_ONLY_NULLS:
        if name not in families:
            continue
        of_family = {cell_type for cell_type in types if by_type[cell_type] == name}
        odd_nulls = odd_nulls or not all(issubclass(t, (float, Decimal)) for t in of_family)
        mixed = len(families) > 1 and families != {"int", "float"}
        if mixed and all(cells.is_null(v) for v in values if type(v) in of_family):
            families.discard(name)
            odd_nulls = True
    if odd_nulls:  # NaN of NumPy's narrow floats, and NaT, are no nulls to Arrow
        values = [None if cells.is_null(v) else v for v in values]
    if not families:
        return pa.nulls(len(values))
    if len(families) > 1 and families != {"int", "float"}:
        return None
    name = min(families)
    if name not in _NATIVE:
        return None
    if name == "datetime":
        return _datetimes(values, {t for t in types if by_type[t] == "datetime"})
    if name == "time" and any(getattr(v, "tzinfo", None) is not None for v in values):
        return None
    if name == "timedelta" and any(getattr(v, "nanoseconds", 0) for v in values):
        return None
    if name == "json" and not _Shape().accepts(values):
        return None
    array = _typed(values, families)
    if array is None:
        array = pa.array(values, from_pandas=True)
    return None if isinstance(array.type, pa.BaseExtensionType) else _widened(array)


def _typed(values: Sequence[Any], families: set[str]) -> Any:
    """Convert a column whose type is plain from its family, without Arrow's inference.

    Inference imports pandas, where it is installed: a third of a second that a parser which has no
    use for it is spared.
    """
    if "pandas" in sys.modules or len(families) > 1:
        return None
    of = _PLAIN_TYPES.get(next(iter(families)))
    if of is None:
        return None
    try:
        return pa.array(values, of, from_pandas=True)
    except (pa.ArrowException, OverflowError, ValueError, TypeError):
        return None  # inference says it again, or finds a wider type


def _widened(array: Any) -> Any:
    plain = _plain_type(array.type)
    return array if plain == array.type else array.cast(plain)


def _datetimes(values: Sequence[Any], types: set[type]) -> Any:
    zones = {v.tzinfo for v in values if type(v) in types}
    names = {_zone_name(zone) for zone in zones}
    if zones != {None} and (len(names) > 1 or None in names):
        return None
    array = pa.array(values, from_pandas=True)
    stamps = {t for t in types if hasattr(t, "nanosecond")}  # pandas' own hold nanoseconds
    if stamps and any(v.nanosecond for v in values if type(v) in stamps):
        # By whole numbers: Arrow reads the nanoseconds only if pandas was there before it.
        stamp = sys.modules["pandas"].Timestamp
        since = [None if cells.is_null(v) else stamp(v).value for v in values]
        array = pa.array(since, pa.timestamp("ns", array.type.tz))
    return array


def _zone_name(zone: Any) -> str | None:
    """Return the name under which Arrow keeps a time zone, None if it can't be relied upon."""
    if type(zone).__module__.split(".")[0] not in _ZONE_MODULES:
        return None
    if type(zone).__name__ == "ZoneInfo" and zone.key is None:
        return None
    return str(zone)


class _Shape:
    """What a column of nested values holds at one place: kinds, and the places below."""

    __slots__ = ("below", "labels")

    def __init__(self) -> None:
        self.labels: set[str] = set()
        self.below: dict[Any, _Shape] = {}

    def accepts(self, values: Sequence[Any]) -> bool:
        """Tell whether Arrow would keep these values as they are."""
        try:
            self._members(values, 0)
        except cells.TooDeepError:
            return False
        return self._uniform()

    def _uniform(self) -> bool:
        labels = self.labels
        if len(labels) > 1 and labels != {"int", "float"}:
            return False
        if any(label.startswith("!") for label in labels):
            return False
        if labels == {"{}"} and not self.below:  # a struct without fields can't be stored
            return False
        return all(shape._uniform() for shape in self.below.values())

    def _place(self, key: Any) -> _Shape:
        shape = self.below.get(key)
        if shape is None:
            shape = self.below[key] = _Shape()
        return shape

    def _members(self, values: Sequence[Any], depth: int) -> None:
        if depth > _MAX_NATIVE_DEPTH:
            raise cells.TooDeepError
        if depth > _UNIQUE_DEPTH:  # a list that holds itself twice doubles with every level
            values = [*{id(value): value for value in values}.values()]
        types = set(map(type, values))
        for cell_type in types:
            name = cells.family(cell_type)
            if name in _SIMPLE:
                self.labels.add(name)
            elif name in ("datetime", "time", "timedelta", "json"):
                alike: Any = values
                if len(types) > 1:
                    alike = [value for value in values if type(value) is cell_type]
                if issubclass(cell_type, dict):
                    self._dicts(alike, depth)
                elif issubclass(cell_type, (list, tuple)):
                    self.labels.add("[]")
                    members = list(itertools.chain.from_iterable(alike))
                    self._place(None)._members(members, depth + 1)
                else:
                    self._others(alike, name)
            elif cell_type is not type(None):
                self.labels.add("!" + name)

    def _dicts(self, values: Sequence[Any], depth: int) -> None:
        self.labels.add("{}")
        keys = dict.fromkeys(itertools.chain.from_iterable(values))
        if len(keys) > _MAX_STRUCT_FIELDS or not all(type(key) is str for key in keys):
            self.labels.add("!keys")  # a mapping, not a record
            return
        for key in keys:
            members = [dict.get(value, key) for value in values]
            self._place(key)._members(members, depth + 1)

    def _others(self, values: Sequence[Any], name: str) -> None:
        for value in values:
            if name == "json":  # a NumPy array
                flat = type(value).__name__ == "ndarray" and value.ndim == 1
                known = flat and value.dtype.kind in "iufbM"
                self.labels.add("[]")
                self._place(None).labels.add(f"array {value.dtype.str}" if known else "!array")
            elif name == "timedelta":
                self.labels.add("!fine" if getattr(value, "nanoseconds", 0) else name)
            elif name == "time":
                self.labels.add(name if value.tzinfo is None else "!zone")
            else:
                zone = "naive" if value.tzinfo is None else _zone_name(value.tzinfo)
                bent = zone is None or getattr(value, "nanosecond", 0) > 0
                self.labels.add("!fine" if bent else f"datetime {zone}")


def _tagged(kinds: list[str | None], texts: list[str | None]) -> Column:
    codes: dict[str, int] = {}
    places = [None if kind is None else codes.setdefault(kind, len(codes)) for kind in kinds]
    tags = pa.DictionaryArray.from_arrays(
        pa.array(places, pa.int32()), pa.array(list(codes), pa.string())
    )
    return Column(pa.array(texts, pa.string()), tags, _note(kinds, texts))


def _note(kinds: list[str | None], texts: list[str | None]) -> str | None:
    """Describe a tagged column in half a sentence, with the first cell of its rarest kind."""
    counts = Counter(kind for kind in kinds if kind is not None)
    if not counts or set(counts) == {"uuid"}:  # nothing is lost, nothing to warn of
        return None
    ranked = sorted(counts, key=lambda kind: -counts[kind])
    row = kinds.index(ranked[-1])
    text = str(texts[row])
    example = text if len(text) <= _EXAMPLE_LENGTH else text[: _EXAMPLE_LENGTH - 1] + "…"
    if ranked[-1] in ("str", "str_invalid"):
        example = repr(example)
    listed = ", ".join(f"{kind} ({counts[kind]})" for kind in ranked)
    if len(ranked) > 1:
        return f"mixed types: {listed}, e.g. {example} in row {row + 1}"
    reason = _REASONS.get(ranked[0], "no Arrow type")
    return f"{listed}: {reason}, e.g. {example} in row {row + 1}"


# --------------------------------------------------------------------------- Arrow columns


def _arrow_column(column: Any) -> Column:
    if isinstance(column.type, pa.BaseExtensionType):
        return _extension_column(column)
    plain = _plain_type(column.type)
    if plain is None:
        return python_column(column.to_pylist())
    if plain == column.type:
        return Column(column)
    try:
        if "list_view" in str(column.type):  # Arrow's cast of these gives broken offsets
            return Column(pa.array(column.to_pylist(), plain))
        return Column(column.cast(plain))
    except pa.ArrowException:
        return python_column(column.to_pylist())


def _plain_type(of: Any) -> Any:
    """Return the type that stands for this one in what is sent; None if there is none."""
    is_type = pa.types
    if isinstance(of, pa.BaseExtensionType) or is_type.is_union(of):
        return None
    if is_type.is_float16(of):
        return pa.float32()
    if str(of) in ("string_view", "binary_view"):
        return pa.large_string() if str(of) == "string_view" else pa.large_binary()
    if str(of).startswith("run_end_encoded"):
        return of.value_type
    if is_type.is_struct(of):
        members = [of.field(i) for i in range(of.num_fields)]
        plains = [_plain_type(member.type) for member in members]
        if None in plains:
            return None
        if plains == [member.type for member in members]:
            return of
        return pa.struct([m.with_type(p) for m, p in zip(members, plains)])  # noqa: B905
    if hasattr(of, "value_field") and not is_type.is_map(of):
        plain = _plain_type(of.value_type)
        if plain is None or (plain == of.value_type and "view" not in str(of)):
            return None if plain is None else of
        if is_type.is_fixed_size_list(of):
            return pa.list_(plain, of.list_size)
        return pa.large_list(plain) if str(of).startswith("large") else pa.list_(plain)
    return of


def _extension_column(column: Any) -> Column:
    name = column.type.extension_name
    chunked = column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])
    storage = pa.chunked_array([c.storage for c in chunked.chunks], column.type.storage_type)
    if name == "arrow.json":
        return _arrow_column(storage)
    if name == "arrow.bool8":
        return Column(storage.cast(pa.bool_()))
    if name == "arrow.uuid":
        return python_column(column.to_pylist())
    try:
        values = list(chunked.to_pandas()) if name.startswith("pandas.") else None
    except Exception:  # noqa: BLE001 - pandas isn't here, or can't read its own type
        values = None
    if values is not None:
        return _tagged(*cells.tag(values))
    kinds, texts = cells.tag(storage.to_pylist())
    return _tagged([None if kind is None else f"object:{name}" for kind in kinds], texts)


# --------------------------------------------------------------------------- slices


def slices(
    table: pa.Table, max_bytes: int = MAX_SLICE_BYTES, max_rows: int = MAX_SLICE_ROWS
) -> Iterator[pa.RecordBatch]:
    """Yield a table as record batches of at most so many bytes and rows.

    Nothing is copied, except that small chunks are joined.  A row that is larger than `max_bytes`
    is yielded alone.  A table without rows is yielded too: its schema matters.
    """
    size = sum(_dictionary_bytes(column) for column in table.columns)
    if size <= max_bytes // 2:
        yield from _slices(table, max_bytes, max_rows)
        return
    for start in range(0, max(table.num_rows, 1), _DECODED_ROWS):  # each slice would carry it whole
        yield from _slices(_decoded(table.slice(start, _DECODED_ROWS)), max_bytes, max_rows)


def _slices(table: pa.Table, max_bytes: int, max_rows: int) -> Iterator[pa.RecordBatch]:
    parts = max(-(-table.nbytes // max_bytes), -(-table.num_rows // max_rows), 1)
    if parts > 1 and table.num_rows > 1:
        rows = max(table.num_rows // parts, 1)
        for start in range(0, table.num_rows, rows):
            yield from _slices(table.slice(start, rows), max_bytes, max_rows)
        return
    batches = table.to_batches()
    if len(batches) > 1 and table.num_rows < len(batches) * _SMALL_CHUNK_ROWS:
        batches = table.combine_chunks().to_batches()
    if not batches:
        arrays = [pa.array([], column.type) for column in table.columns]
        batches = [pa.RecordBatch.from_arrays(arrays, schema=table.schema)]
    yield from batches


def _dictionary_bytes(column: Any) -> int:
    if not pa.types.is_dictionary(column.type):
        return 0
    return max((chunk.dictionary.nbytes for chunk in column.chunks), default=0)


def _decoded(table: pa.Table) -> pa.Table:
    for place, column in enumerate(table.columns):
        field = table.schema.field(place)
        if pa.types.is_dictionary(column.type) and not field.name.startswith(KIND_PREFIX):
            plain = column.type.value_type
            table = table.set_column(place, field.with_type(plain), column.cast(plain))
    return table
