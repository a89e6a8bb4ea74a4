"""Which columns a parser yields, and of which types: before a contract has made others of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from casparian.core.contract.model import Column
from casparian.core.contract.toml_text import column_toml
from casparian.core.inference.typed import type_of
from casparian.core.validation.tags import split_tags

if TYPE_CHECKING:
    import pyarrow as pa

    from casparian.core.contract.model import OutputContract

#: Rows by which it is seen whether a column has nulls.
_ROWS: Final = 10_000
MIXED: Final = "mixed kinds"
"""The type of a column whose cells are of several kinds: it comes as text, with their names."""


class CameColumns:
    """The columns of each output, over all frames of a run."""

    def __init__(self) -> None:
        self._schemas: dict[str, pa.Schema] = {}
        self._types: dict[str, dict[str, dict[str, None]]] = {}
        self._first: dict[str, _First] = {}

    def take(self, output: str, frame: pa.Table) -> None:
        """Look at a frame."""
        schema = frame.schema
        before = self._schemas.get(output)
        if before is not None and before.equals(schema):
            return
        self._schemas[output] = schema
        if output not in self._first:
            data = frame.slice(0, _ROWS).columns
            self._first[output] = _First(schema, [column.null_count > 0 for column in data])
        names, companions = split_tags(schema.names)
        types = self._types.setdefault(output, {})
        for name in names:
            told = MIXED if name in companions else _type_of(schema, name)
            types.setdefault(name, {})[told] = None

    def of(self, output: str) -> tuple[tuple[str, str], ...]:
        """Return the columns of an output; of one with several types, all of them."""
        types = self._types.get(output, {})
        return tuple((name, ", ".join(told)) for name, told in types.items())

    def definitions(self, contract: OutputContract) -> tuple[tuple[str, str], ...]:
        """Return the columns of an output that aren't declared, each with its definition as TOML.

        That takes it as it came. Of several types, or kinds of cells, it is for a person to say
        which is meant: those are left out.
        """
        first = self._first.get(contract.name)
        declared = {column.name for column in contract.columns}
        told = self._types.get(contract.name, {})
        if first is None:
            return ()
        unexpected = (name for name in told if name not in declared)
        clear = [name for name in unexpected if len(told[name]) == 1 and MIXED not in told[name]]
        found = [(name, first.definition(name)) for name in clear]
        return tuple((name, definition) for name, definition in found if definition)


@dataclass(frozen=True, slots=True)
class _First:
    """The first frame of an output, without its rows."""

    schema: pa.Schema
    has_nulls: list[bool]

    def definition(self, name: str) -> str:
        """Return what takes a column as it is here; empty if it isn't, or if nothing does."""
        at = self.schema.get_field_index(name)  # -1 as well if it is there twice
        type_ = None if at < 0 else type_of(self.schema.types[at])
        return "" if type_ is None else column_toml(Column(name, type_, self.has_nulls[at]))


def _type_of(schema: pa.Schema, name: str) -> str:
    # A name that is there twice is refused by whoever looks at the rows.
    return str(schema.field(schema.get_all_field_indices(name)[0]).type)
