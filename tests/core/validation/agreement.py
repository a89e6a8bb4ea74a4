"""Judges columns twice, by the kernels and by the oracle, and holds the two against each other."""

from __future__ import annotations

import math
import struct
from decimal import Decimal
from typing import Any

import pyarrow as pa

from casparian.core.contract import parse_outputs
from casparian.core.validation.cells import Cell, cells_of, plain
from casparian.core.validation.constraints import breaks
from casparian.core.validation.convert import convert
from casparian.core.validation.oracle import Judgement, judge


def column_of(spec: Any) -> Any:
    """Read one column of a contract."""
    return parse_outputs({"o": {"columns": {"x": spec}}}, parser_name="p").outputs[0].columns[0]


def values_of(array: pa.Array) -> list[Any]:
    """Return an array's values as the oracle has them: times as counts of their unit."""
    type_ = array.type
    if pa.types.is_timestamp(type_) or pa.types.is_duration(type_):
        return list(array.cast(pa.int64()).to_pylist())
    if pa.types.is_time(type_):
        return list(array.cast(pa.int32() if type_.bit_width == 32 else pa.int64()).to_pylist())
    if pa.types.is_list(type_):
        items = values_of(array.values)
        spans = zip(array.offsets.to_pylist()[:-1], array.offsets.to_pylist()[1:], strict=True)
        lists = [items[start:end] for start, end in spans]
        return [
            one if ok else None for one, ok in zip(lists, array.is_valid().to_pylist(), strict=True)
        ]
    if pa.types.is_struct(type_):
        fields = [values_of(field) for field in array.flatten()]
        rows = [
            dict(zip([f.name for f in type_], row, strict=True))
            for row in zip(*fields, strict=True)
        ]
        return [
            one if ok else None for one, ok in zip(rows, array.is_valid().to_pylist(), strict=True)
        ]
    return list(array.to_pylist())


def same(value: Any, other: Any) -> bool:
    """Compare exactly: floats by their bits, decimals by their number, all by their kind."""
    return bool(_key(value) == _key(other))


def _key(value: Any) -> Any:
    if isinstance(value, float):
        return struct.pack("d", value) if not math.isnan(value) else "nan"
    if isinstance(value, Decimal):
        return Decimal(0) if value == 0 else value
    if isinstance(value, list):
        return [_key(item) for item in value]
    if isinstance(value, dict):
        return {name: _key(item) for name, item in value.items()}
    return (type(value), value)


_last: tuple[Any, dict[Cell, Judgement]] = (None, {})


def _judged_before(column: Any) -> dict[Cell, Judgement]:
    """What the oracle said of the same column's cells: tests show each in several wrappings."""
    global _last
    if _last[0] is not column:
        _last = (column, {})
    return _last[1]


def assert_agree(column: Any, data: Any, kinds: Any = None) -> list[tuple[bool, Any]]:
    """Judge every cell twice: the vectorised way, and one by one. Returns (good, value) of each."""
    array = plain(data)
    tags = None if kinds is None else plain(kinds)
    converted = convert(array, tags, column)
    converted.values.validate(full=True)
    assert converted.ok.null_count == 0
    assert len(converted.ok) == len(converted.values) == len(array)
    bad = breaks(converted.values, column)
    values = values_of(converted.values)
    cells = cells_of(array, tags)
    judged = []
    judged_before = _judged_before(column)
    rows = zip(cells, converted.ok.to_pylist(), bad.to_pylist(), values, strict=True)
    for cell, ok, broken, value in rows:
        judgement = judged_before.get(cell) or judged_before.setdefault(cell, judge(cell, column))
        good = ok and not broken
        assert good == (not judgement.reasons), (cell, str(column.type), judgement, value)
        assert ok or value is None, (cell, str(column.type), value)
        if good:
            assert same(value, judgement.value), (cell, str(column.type), judgement, value)
        judged.append((good, value))
    return judged


def tagged(cells: list[Cell]) -> tuple[pa.Array, pa.Array]:
    """Write cells as a guest does: texts, and their kinds beside them."""
    texts = pa.array([c.text if c.kind else None for c in cells], pa.string())
    return texts, pa.array([c.kind for c in cells], pa.string()).dictionary_encode()
