"""Normalise whatever a parser returns or yields into named Arrow tables, one at a time."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from . import convert
from .convert import StructuralError
from .families import TYPE_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Frame", "StructuralError", "normalise"]

_MRO: Any = type.__dict__["__mro__"]  # a metaclass may say otherwise
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_ACCEPTED = (
    "a parser returns or yields pandas, polars or pyarrow frames, lists of dicts, dicts of frames, "
    "or Output(name, frame)"
)


class Frame(NamedTuple):
    """One table of one output.

    Attributes:
        output: the output's name.
        table: its rows; a tagged column has its companion column of kinds.
        sink: where the rows go, if the parser said so.
        sink_table: the table's name in a database sink, if the parser said so.
        compression: of Parquet files, if the parser said so.
        notes: for each tagged column, what made it one.
    """

    output: str
    table: pa.Table
    sink: str | None
    sink_table: str | None
    compression: str | None
    notes: dict[str, str]


class _Target(NamedTuple):
    """Which output the rows belong to, and what the parser said about it."""

    output: str
    sink: str | None = None
    table: str | None = None
    compression: str | None = None

    def fill(self, frame: Any) -> Iterator[Frame]:
        for table, notes in _tables(frame):
            yield Frame(self.output, table, self.sink, self.table, self.compression, notes)


def normalise(item: Any, default_name: str | None) -> Iterator[Frame]:
    """Yield the tables in one thing that a parser returned or yielded.

    A reader or an iterator is never read ahead: each table is yielded as soon as it is there.

    Args:
        item: a frame of any kind, a list of dicts, a dict of frames, an Output, a list of frames
            or Outputs, an iterator of any of these, or nothing (None, an empty list or dict).
        default_name: the output's name for frames without one; None if they must have one.

    Raises:
        StructuralError: the item's shape is wrong; the message says what to write instead.
    """
    if _is_output(item):
        yield from _target(item).fill(item.frame)
    elif isinstance(item, dict):
        yield from _named(item)
    elif isinstance(item, (list, tuple)) and not _is_rows(item):
        yield from _listed(item, default_name)
    elif _is_iterator(item):
        for piece in item:
            yield from normalise(piece, default_name)
    elif item is not None:
        yield from _unnamed(default_name).fill(item)


def _named(frames: dict[Any, Any]) -> Iterator[Frame]:
    for name, frame in frames.items():
        if _is_output(frame):
            raise StructuralError(
                f"the dict's {name!r} is an Output; yield the Outputs themselves in a list, "
                "or a dict of plain frames"
            )
        if not _is_frame(frame):
            raise StructuralError(_row_sentence(name, frame))
    for target, frame in [(_Target(_checked(name)), frame) for name, frame in frames.items()]:
        yield from target.fill(frame)


def _row_sentence(name: Any, value: Any) -> str:
    if isinstance(value, (list, tuple)) or type(value).__module__.split(".")[0] == "numpy":
        return (
            f"the dict's {name!r} is a {_type(value)}, not a frame; for a dict of columns "
            "yield pd.DataFrame(d) or pa.table(d), for a single row yield a list of dicts: [row]"
        )
    return (
        f"a dict must hold frames by output name, but its {name!r} is a {_type(value)}; "
        "if it is a row, yield a list of dicts: [row]"
    )


def _listed(items: list[Any] | tuple[Any, ...], default_name: str | None) -> Iterator[Frame]:
    filled: list[tuple[_Target, Any]] = []
    names: set[str] = set()
    for place, item in enumerate(items):
        if item is None:
            continue
        if _is_output(item):
            target = _target(item)
            if target.output in names:
                raise StructuralError(
                    f"the output '{target.output}' occurs twice in one list; concatenate its "
                    "frames, or yield the Outputs one after the other",
                    code="duplicate_output",
                )
            names.add(target.output)
            filled.append((target, item.frame))
        elif _is_frame(item):
            filled.append((_unnamed(default_name), item))
        else:
            raise StructuralError(_item_sentence(place, item))
    for target, frame in filled:
        yield from target.fill(frame)


def _item_sentence(place: int, item: Any) -> str:
    start = f"item {place} of the list is a {_type(item)}"
    if isinstance(item, dict):
        return f"{start} among things that are not; a list holds dicts only, or frames only"
    if isinstance(item, str) and place == 0:
        return f"{start}; to name a frame, yield Output(name, frame) or {{name: frame}}"
    if hasattr(item, "_asdict"):
        return f"{start}; rows must be dicts: [row._asdict() for row in rows]"
    if hasattr(type(item), "__dataclass_fields__"):
        return f"{start}; rows must be dicts: [dataclasses.asdict(row) for row in rows]"
    if isinstance(item, (list, tuple)):
        return f"{start}; rows must be dicts: [dict(zip(columns, row)) for row in rows]"
    return f"{start}; a list holds rows as dicts, frames, or Outputs"


# --------------------------------------------------------------------------- names


def _target(output: Any) -> _Target:
    name = _checked(output.name)
    said = {key: getattr(output, key, None) for key in ("sink", "table", "compression")}
    for key, value in said.items():
        if value is not None and not isinstance(value, str):
            raise StructuralError(
                f"the {key} of Output('{name}', …) must be a string, not a {_type(value)}"
            )
    return _Target(name, **said)


def _unnamed(default_name: str | None) -> _Target:
    if default_name is None:
        raise StructuralError(
            "this parser has several outputs, so a frame needs a name: "
            "yield Output(name, frame) or {name: frame}",
            code="output_unknown",
        )
    return _Target(_checked(default_name))


def _checked(name: Any) -> str:
    if not isinstance(name, str):
        raise StructuralError(
            f"an output's name must be a string, not a {_type(name)}: {name!r}", code="output_name"
        )
    if not _NAME.fullmatch(name):
        raise StructuralError(
            f"{name!r} can't name an output: use 1 to 63 lower-case letters, digits and "
            f"underscores, a letter first{_suggestion(name)}",
            code="output_name",
        )
    return str.__str__(name)


def _suggestion(name: str) -> str:
    better = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_0123456789")[:63]
    return f", e.g. '{better}'" if _NAME.fullmatch(better) else ""


# --------------------------------------------------------------------------- kinds of frames


def _is_output(item: Any) -> bool:
    named = [1 for base in _MRO.__get__(type(item)) if TYPE_NAME.__get__(base) == "Output"]
    return bool(named) and hasattr(item, "name") and hasattr(item, "frame")


def _is_iterator(item: Any) -> bool:
    return hasattr(type(item), "__next__") and not hasattr(item, "__arrow_c_stream__")


def _is_rows(item: Any) -> bool:
    if not isinstance(item, (list, tuple)) or not item:
        return False
    return all(issubclass(of, dict) for of in set(map(type, item)))


def _is_instance(item: Any, module: str, *names: str) -> bool:
    """Tell whether this is of a class of a module that may not be there."""
    there = sys.modules.get(module)
    for name in names:
        of = getattr(there, name, None)
        if isinstance(of, type) and issubclass(type(item), of):
            return True
    return False


def _is_frame(item: Any) -> bool:
    """Tell whether `_tables` would take this for a frame, or refuse it with a better sentence."""
    return (
        item is None
        or (isinstance(item, (list, tuple)) and (not item or _is_rows(item)))
        or _is_iterator(item)
        or _is_instance(item, "pandas", "DataFrame", "Series")
        or _is_instance(item, "polars", "DataFrame", "LazyFrame", "Series")
        or hasattr(item, "__arrow_c_stream__")
        or hasattr(item, "__arrow_c_array__")
        or isinstance(item, (pa.Table, pa.RecordBatch, pa.RecordBatchReader))
    )


def _tables(frame: Any) -> Iterator[tuple[pa.Table, dict[str, str]]]:
    """Yield the tables of one output's frame, each with its notes."""
    if frame is None or (isinstance(frame, (list, tuple)) and not frame):
        return
    if _is_rows(frame):
        _refuse_frames_as_cells(frame[0])
        yield convert.rows_to_arrow(frame)
    elif isinstance(frame, (list, tuple)):
        for place, piece in enumerate(frame):
            if not _is_frame(piece):
                raise StructuralError(_item_sentence(place, piece))
        for piece in frame:
            yield from _tables(piece)
    elif _is_instance(frame, "pandas", "DataFrame"):
        yield convert.safe_to_arrow(frame)
    elif _is_instance(frame, "polars", "DataFrame", "LazyFrame"):
        yield _from_polars(frame)
    elif _is_instance(frame, "pandas", "Series") or _is_instance(frame, "polars", "Series"):
        raise StructuralError(
            f"a {_type(frame)} is one column, not a frame; write .to_frame() behind it",
            code="unsupported_output_type",
        )
    elif _is_iterator(frame):
        for piece in frame:
            if isinstance(piece, dict):
                raise StructuralError("an iterator must give frames; yield a list of dicts: [row]")
            if _is_output(piece):
                raise StructuralError("an Output can't hold Outputs; yield them themselves")
            yield from _tables(piece)
    else:
        yield from _from_arrow(frame)


def _refuse_frames_as_cells(row: dict[Any, Any]) -> None:
    for name, value in row.items():
        if _is_output(value) or (
            _is_instance(value, "pandas", "DataFrame")
            or _is_instance(value, "polars", "DataFrame", "LazyFrame")
            or issubclass(type(value), (pa.Table, pa.RecordBatch))
        ):
            raise StructuralError(
                f"a list of dicts is a list of rows, but its {name!r} is a {_type(value)}; "
                "yield the dict of frames itself, without the list"
            )


def _from_polars(frame: Any) -> tuple[pa.Table, dict[str, str]]:
    pl = sys.modules["polars"]
    if isinstance(frame, pl.LazyFrame):
        frame = frame.collect()
    opaque = [name for name, dtype in frame.schema.items() if _holds(dtype, "Object")]
    if opaque:
        raise StructuralError(
            f"the polars column {opaque[0]!r} has the type Object, which can't leave polars; "
            "give it a real type, e.g. pl.String, or yield a list of dicts",
            code="unsupported_output_type",
        )
    huge = [n for n, dtype in frame.schema.items() if _holds(dtype, "Int128", "UInt128")]
    if not huge:
        return convert.arrow_to_arrow(frame.to_arrow())
    columns = {name: frame.get_column(name).to_list() for name in huge}  # Arrow has no such type
    return convert.arrow_to_arrow(frame.drop(huge).to_arrow(), columns, order=frame.columns)


def _holds(dtype: Any, *names: str) -> bool:
    """Tell whether a type of polars is one of these, or has one of them inside."""
    if str(dtype) in names:
        return True
    inner = getattr(dtype, "inner", None)
    if inner is not None:
        return _holds(inner, *names)
    return any(_holds(member.dtype, *names) for member in getattr(dtype, "fields", None) or ())


def _from_arrow(frame: Any) -> Iterator[tuple[pa.Table, dict[str, str]]]:
    if isinstance(frame, pa.Table):
        yield convert.arrow_to_arrow(frame)
    elif isinstance(frame, pa.RecordBatch):
        yield convert.arrow_to_arrow(pa.Table.from_batches([frame]))
    elif isinstance(frame, pa.RecordBatchReader):
        yield from _from_reader(frame)
    elif hasattr(frame, "__arrow_c_stream__"):
        try:
            reader = pa.RecordBatchReader.from_stream(frame)
        except pa.ArrowInvalid as error:  # a stream of plain arrays
            raise StructuralError(_unsupported(frame), code="unsupported_output_type") from error
        yield from _from_reader(reader)
    elif hasattr(frame, "__arrow_c_array__"):
        try:
            batch = pa.record_batch(frame)
        except (pa.ArrowException, TypeError) as error:
            raise StructuralError(_unsupported(frame), code="unsupported_output_type") from error
        yield convert.arrow_to_arrow(pa.Table.from_batches([batch]))
    else:
        raise StructuralError(_unsupported(frame), code="unsupported_output_type")


def _from_reader(reader: Any) -> Iterator[tuple[pa.Table, dict[str, str]]]:
    empty = True
    for batch in reader:
        empty = False
        yield convert.arrow_to_arrow(pa.Table.from_batches([batch]))
    if empty:  # its schema matters
        yield convert.arrow_to_arrow(reader.schema.empty_table())


def _type(item: Any) -> str:
    of = type(item)
    module = of.__module__.split(".")[0]
    return of.__name__ if module in ("builtins", "__main__") else f"{module}.{of.__name__}"


def _unsupported(item: Any) -> str:
    hint = _ACCEPTED
    if isinstance(item, dict):
        hint = "an Output holds one frame; yield the dict of frames itself, or one Output for each"
    elif isinstance(item, (str, bytes)) or hasattr(item, "__fspath__"):
        hint = f"read the file it names, if it is one; {_ACCEPTED}"
    elif hasattr(item, "to_table"):
        hint = "write .to_table() behind it"
    elif hasattr(item, "toPandas"):
        hint = "write .toPandas() behind it"
    elif type(item).__module__.split(".")[0] == "numpy":
        hint = "give its columns names: pd.DataFrame(array, columns=[…])"
    elif isinstance(item, (pa.Array, pa.ChunkedArray)):
        hint = "give it a name: pa.table({name: array})"
    return f"a {_type(item)} is not a frame; {hint}"
