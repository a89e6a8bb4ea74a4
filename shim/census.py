"""Whether Arrow would keep a column of nested values as they are."""

from __future__ import annotations

import itertools
import operator
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from .arrow_types import PLAIN
from .families import family, type_name, zone_name
from .nesting import TOO_DEEP, Budget, NestingError

if TYPE_CHECKING:
    from collections.abc import Sequence

_MAX_STRUCT_FIELDS = 1_000
_MAX_NATIVE_DEPTH = 16  # readers of Arrow and Parquet have limits of their own
_UNCHECKED, _UNCHECKED_PER_ROW = 10_000, 64  # members, before a look at where they are from
_BENT_NUMBERS = {"float16", "uint64", "ulonglong"}
"""NumPy's types that Arrow bends where ints and floats are together (see `python_columns`)."""
_SIMPLE = {"bool", "int", "float", "str", "bytes", "decimal", "date"}


class Shape:
    """What a column of nested values holds at one place: kinds, and the places below."""

    __slots__ = ("below", "labels", "types")

    def __init__(self) -> None:
        self.labels: set[str] = set()
        self.types: set[type] = set()
        self.below: dict[Any, Shape] = {}

    def accepts(self, values: Sequence[Any]) -> bool:
        """Tell whether Arrow would keep these values as they are."""
        try:
            budget = Budget(values, _UNCHECKED + _UNCHECKED_PER_ROW * len(values))
            self._members(values, budget, 0)
        except NestingError:
            return False
        return self._uniform()

    def plain_type(self) -> Any:
        """Return the Arrow type of accepted values that are of plain types through and through.

        None leaves it to Arrow to infer, which takes as long again as converting.
        """
        if not self.types:
            return pa.null()
        cell_type = next(iter(self.types)) if len(self.types) == 1 else None
        if cell_type in (list, tuple):
            item = self.below[None].plain_type()
            return None if item is None else pa.list_(item)
        if cell_type is dict:
            fields = [(name, shape.plain_type()) for name, shape in self.below.items()]
            return None if any(of is None for _, of in fields) else pa.struct(fields)
        return None if cell_type is None else PLAIN.get(cell_type)

    def _uniform(self) -> bool:
        labels = self.labels
        if len(labels) > 1 and labels != {"int", "float"}:
            return False
        if len(labels) > 1 and not _BENT_NUMBERS.isdisjoint(map(type_name, self.types)):
            return False
        if any(label.startswith("!") for label in labels):
            return False
        if labels == {"{}"} and not self.below:  # a struct without fields can't be stored
            return False
        return all(shape._uniform() for shape in self.below.values())

    def _place(self, key: Any) -> Shape:
        shape = self.below.get(key)
        if shape is None:
            shape = self.below[key] = Shape()
        return shape

    def _members(self, values: Sequence[Any], budget: Budget, depth: int) -> None:
        if depth > _MAX_NATIVE_DEPTH:
            raise NestingError(TOO_DEEP)
        types = set(map(type, values))
        self.types |= types - {type(None)}
        for cell_type in types:
            name = family(cell_type)
            if name in _SIMPLE:
                self.labels.add(name)
            elif name in ("datetime", "time", "timedelta", "json"):
                alike: Any = values
                if len(types) > 1:
                    alike = [value for value in values if type(value) is cell_type]
                if issubclass(cell_type, dict):
                    self._dicts(alike, budget, depth)
                elif issubclass(cell_type, (list, tuple)):
                    self.labels.add("[]")
                    if depth:  # a cell's own members are as many as it has
                        budget.spend(sum(map(len, alike)))
                    members = list(itertools.chain.from_iterable(alike))
                    self._place(None)._members(members, budget, depth + 1)
                else:
                    self._others(alike, name)
            elif cell_type is not type(None):
                self.labels.add("!" + name)

    def _dicts(self, values: Sequence[Any], budget: Budget, depth: int) -> None:
        self.labels.add("{}")
        keys = dict.fromkeys(itertools.chain.from_iterable(values))
        if len(keys) > _MAX_STRUCT_FIELDS or not all(type(key) is str for key in keys):
            self.labels.add("!keys")  # a mapping, not a record
            return
        if depth:
            budget.spend(len(values) * len(keys))
        for key in keys:
            self._place(key)._members(_under(key, values), budget, depth + 1)

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
                zone = "naive" if value.tzinfo is None else zone_name(value.tzinfo)
                bent = zone is None or getattr(value, "nanosecond", 0) > 0
                self.labels.add("!fine" if bent else f"datetime {zone}")


def _under(key: str, values: Sequence[Any]) -> list[Any]:
    """Return what dicts hold under a key; None for those that don't have it."""
    try:
        if type(values[0]) is dict:  # and so are all: a class of its own may answer otherwise
            return list(map(operator.itemgetter(key), values))
    except KeyError:
        pass
    return [dict.get(value, key) for value in values]
