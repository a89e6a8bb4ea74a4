"""Where the columns of a table stand on screen."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from casparian.app.tui.widgets.cells import is_number, type_text
from casparian.app.tui.widgets.plain_text import plain, width_of

if TYPE_CHECKING:
    import pyarrow as pa

#: A column is wider (cells) only where the screen has room left.
WIDEST: Final = 32
_WIDEST_TYPE: Final = 24
#: One blank cell at each side of a value.
PADDING: Final = 2


class ColumnLayout:
    """Columns beside each other; they grow with what was seen in them, and never shrink."""

    def __init__(self, schema: pa.Schema) -> None:
        self.names = [plain(name) for name in schema.names]
        self.types = [type_text(field) for field in schema]
        self.numbers = [is_number(field.type) for field in schema]
        self._wanted = [
            max(1, width_of(name), min(_WIDEST_TYPE, width_of(type_)))
            for name, type_ in zip(self.names, self.types, strict=True)
        ]
        self._room = 0
        self._fitted = False
        self._widths: list[int] = []
        self._starts: list[int] = []
        self.fit(0)

    def see(self, column: int, width: int) -> None:
        """A value (or name) of this width was seen."""
        if width > self._wanted[column]:
            self._wanted[column] = width
            self._fitted = False

    def fit(self, room: int) -> bool:
        """Lay the columns out for a screen of so many cells; whether anything moved."""
        if self._fitted and room == self._room:
            return False
        self._fitted, self._room = True, room
        widths = [min(wanted, WIDEST) for wanted in self._wanted]
        spare = room - sum(widths) - PADDING * len(widths)
        for column, wanted in enumerate(self._wanted):
            if spare > 0 and wanted > widths[column]:
                more = min(spare, wanted - widths[column])
                widths[column] += more
                spare -= more
        moved = widths != self._widths
        self._widths = widths
        self._starts = list(accumulate((width + PADDING for width in widths), initial=0))
        return moved

    @property
    def total(self) -> int:
        """Cells that all columns take."""
        return self._starts[-1]

    def width(self, column: int) -> int:
        """Return the cells of a column's values."""
        return self._widths[column]

    def start(self, column: int) -> int:
        """Return where a column begins; of the one after the last, where that ends."""
        return self._starts[column]

    def visible(self, left: int, room: int) -> range:
        """Return the columns of which anything stands in this part."""
        last = bisect_right(self._starts, left + room - 1)
        return range(max(0, bisect_right(self._starts, left) - 1), min(last, len(self.names)))

    def at(self, x: int) -> int | None:
        """Return the column that stands there."""
        return bisect_right(self._starts, x) - 1 if 0 <= x < self.total else None
