"""Which columns a parser yields, and of which types: before a contract has made others of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from casparian.core.validation.tags import split_tags

if TYPE_CHECKING:
    import pyarrow as pa

MIXED: Final = "mixed kinds"
"""The type of a column whose cells are of several kinds: it comes as text, with their names."""


class CameColumns:
    """The columns of each output, over all frames of a run."""

    def __init__(self) -> None:
        self._schemas: dict[str, pa.Schema] = {}
        self._types: dict[str, dict[str, dict[str, None]]] = {}

    def take(self, output: str, schema: pa.Schema) -> None:
        """Look at a frame."""
        before = self._schemas.get(output)
        if before is not None and before.equals(schema):
            return
        self._schemas[output] = schema
        names, companions = split_tags(schema.names)
        types = self._types.setdefault(output, {})
        for name in names:
            told = MIXED if name in companions else _type_of(schema, name)
            types.setdefault(name, {})[told] = None

    def of(self, output: str) -> tuple[tuple[str, str], ...]:
        """Return the columns of an output; of one with several types, all of them."""
        types = self._types.get(output, {})
        return tuple((name, ", ".join(told)) for name, told in types.items())


def _type_of(schema: pa.Schema, name: str) -> str:
    # A name that is there twice is refused by whoever looks at the rows.
    return str(schema.field(schema.get_all_field_indices(name)[0]).type)
