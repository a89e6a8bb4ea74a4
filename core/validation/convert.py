"""Turns a column, typed or tagged, into its contract's type.

Texts are read by their type's grammar (``reading``), typed columns go by the matrix (``matrix``),
and cells of mixed kinds each by its kind (``tagged``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from casparian.core.validation.cells import is_text
from casparian.core.validation.matrix import from_typed
from casparian.core.validation.nested import ImpossibleError
from casparian.core.validation.reading import from_text
from casparian.core.validation.tagged import from_cells
from casparian.core.validation.verdict import OutputFailed

if TYPE_CHECKING:
    import pyarrow as pa

    from casparian.core.contract.model import Column
    from casparian.core.validation.kernel import Converted


def convert(
    data: pa.Array, kinds: pa.Array | None, column: Column, *, output: str = ""
) -> Converted:
    """Convert a plain array (see ``cells.plain``); ``kinds`` says what each text was, if tagged.

    ``output`` is whose column it is. Raises OutputFailed (column_type_impossible) if the column's
    type can't become the declared.
    """
    if kinds is not None:
        return from_cells(data, kinds, column)
    if is_text(data.type):
        return from_text(data, column)
    try:
        return from_typed(data, column)
    except ImpossibleError as error:
        why = f": {error.why}" if error.why else " without guessing"
        failed = OutputFailed(
            f"column {column.name!r} is {data.type}, which can't become "
            f"{column.type.with_article}{why}",
            error_type="column_type_impossible",
            hint=error.hint or "change the declared type, or convert the column in the parser",
        )
        failed.about = (output, column.name)
        raise failed from error
