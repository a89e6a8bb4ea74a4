"""The first good rows of each output, told while the parser goes on."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from casparian.core.dev_session.events import EarlyRows

if TYPE_CHECKING:
    from collections.abc import Callable

#: So many rows are told of ahead, or as many as fit into so many bytes.
MOST_ROWS: Final = 2_000
_MOST_BYTES: Final = 2**20
#: They are told of at most so often, after the first ones (seconds).
_EVERY: Final = 0.1


@dataclass(slots=True)
class _Held:
    tables: list[Any] = field(default_factory=list)
    left_out: list[int] = field(default_factory=list)
    rows: int = 0
    bytes: int = 0
    is_full: bool = False
    told_at: float = float("-inf")


class EarlyTeller:
    """Tells of the rows of one run, each time of all that are held of the output.

    What is to be said of the whole run is not known yet: they are no result.
    """

    def __init__(self, run: int, send: Callable[[EarlyRows], None]) -> None:
        self._run = run
        self._send = send
        self._held: defaultdict[str, _Held] = defaultdict(_Held)

    def reject(self, output: str, numbers: Any) -> None:
        """Take the numbers of rejected rows, before the good ones that came with them."""
        held = self._held[output]
        if not held.is_full:
            held.left_out += numbers.to_pylist()

    def take(self, output: str, table: Any) -> None:
        """Take good rows, in their order."""
        held = self._held[output]
        if held.is_full or not table.num_rows:
            return
        if held.tables and not table.schema.equals(held.tables[0].schema):
            held.is_full = True  # what columns the output has in the end is settled only then
            return
        table = table.slice(0, MOST_ROWS - held.rows)
        if held.bytes + table.nbytes > _MOST_BYTES:
            room = _MOST_BYTES - held.bytes
            table = table.slice(0, room * table.num_rows // table.nbytes)
            held.is_full = True
        held.tables.append(table)
        held.rows += table.num_rows
        held.bytes += table.nbytes
        held.is_full = held.is_full or held.rows >= MOST_ROWS
        now = time.monotonic()
        if held.rows and (held.is_full or now - held.told_at > _EVERY):
            held.told_at = now
            # Of a parser that yields row by row there are many: they are put together only once.
            held.tables = [pa.concat_tables(held.tables).combine_chunks()]
            stream = _stream(held.tables[0])
            self._send(EarlyRows(self._run, output, held.rows, stream, tuple(held.left_out)))


def early_table(told: EarlyRows) -> pa.Table:
    """Return the rows that were told of."""
    with pa.ipc.open_stream(told.stream) as stream:
        return stream.read_all()


def _stream(table: Any) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return bytes(sink.getvalue())
