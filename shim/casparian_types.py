"""What a parser imports: ``from casparian_types import Output, TransientError, PermanentError``.

Importable in every guest, whether casparian is installed there or not.
"""

from __future__ import annotations

import warnings
from typing import Any

__all__ = ["Output", "PermanentError", "TransientError"]


class TransientError(Exception):
    """Raise it when trying again later may help: in prod the job is retried with backoff."""


class PermanentError(Exception):
    """Raise it when trying again can't help: in prod the job fails at once."""


class Output:
    """One named output of a parser, with where it should go.

    Args:
        name: the output's name: lower-case letters, digits and underscores, a letter first.
        frame: anything a parser may yield: pandas, polars, pyarrow, a list of dicts, or an
            iterator of those.
        sink: where the rows go, e.g. ``"csv"`` or ``"parquet://exports"``; ``--sink`` wins over it.
        table: the table's name in a database sink; the output's name if left out.
        compression: of Parquet files: ``snappy``, ``gzip``, ``zstd``, ``lz4`` or ``none``.
    """

    __slots__ = ("compression", "frame", "name", "sink", "table")

    def __init__(
        self,
        name: str,
        frame: Any,
        *positional: str,
        sink: str | None = None,
        table: str | None = None,
        compression: str | None = None,
    ) -> None:
        if positional:
            # The predecessor's form, Output("x", frame, "parquet"), meant the sink.
            if len(positional) > 1 or sink is not None:
                raise TypeError(
                    "Output(name, frame) takes sink, table and compression by name: "
                    'Output("x", frame, sink="parquet")'
                )
            sink = positional[0]
            warnings.warn(
                f"Output({name!r}, frame, {sink!r}): the third positional argument is taken as "
                f"the sink; write sink={sink!r}",
                DeprecationWarning,
                stacklevel=2,
            )
        self.name = name
        self.frame = frame
        self.sink = sink
        self.table = table
        self.compression = compression

    def __repr__(self) -> str:
        return f"Output({self.name!r}, <{type(self.frame).__name__}>)"


# In a guest this module is loaded under a private name; people see the one they import.
for _class in (Output, PermanentError, TransientError):
    _class.__module__ = "casparian_types"
