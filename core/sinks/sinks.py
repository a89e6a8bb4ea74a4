"""What a run needs of its sinks, in dev mode and in prod."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from casparian.core.sinks.run import Aborted
    from casparian.core.sinks.writer import OutputWriter


class Sinks(Protocol):
    """The places that the outputs of one run go to: all become visible, or none."""

    def open(
        self,
        output: str,
        schema: Any | None,
        *,
        sink: str | None = None,
        table: str | None = None,
        compression: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> OutputWriter:
        """Return the writer of one output. Raises SinkError if it has no place."""
        ...

    def prepare(self) -> None:
        """Complete every output under temporary names. Raises SinkError."""
        ...

    def publish(self) -> None:
        """Give all outputs their names, or none. Raises SinkError."""
        ...

    def abort(self, *, keep_quarantine: bool = False) -> Aborted:
        """Forget everything that is not published; never raises for a sink's sake."""
        ...

    def left_alone(self, key: str, value: str) -> list[Path]:
        """Return what an earlier run of the input left, and this one did not replace."""
        ...
