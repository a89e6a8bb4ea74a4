"""Where a session's run puts its rows: Parquet in a folder of its own, whatever becomes of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa

from casparian.core.dev_session.results import OutputFiles
from casparian.core.sinks.errors import SinkError
from casparian.core.sinks.run import Aborted, RunSinks
from casparian.core.sinks.uri import SinkKind, SinkUri, parse_sink
from casparian.core.sinks.writer import OutputWriter

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from casparian.core.contract.model import Contract, OutputContract
    from casparian.core.sinks.target import Target


class Watcher(Protocol):
    """Is told of rows as they come, with the name of their output."""

    def take(self, output: str, table: Any) -> None:
        """Take good rows."""

    def reject(self, output: str, numbers: Any) -> None:
        """Take the numbers of rejected ones, an Arrow array."""


class _KeptWriter(OutputWriter):
    """Tells of the rows that it takes: whoever waits for them doesn't wait for the disk."""

    def __init__(self, watcher: Watcher, target: Target, *given: Any, **more: Any) -> None:
        super().__init__(target, *given, **more)
        self._watcher = watcher

    def write(self, table: Any) -> None:
        """See :meth:`OutputWriter.write`."""
        self._watcher.take(self.target.output, table)
        super().write(table)

    def quarantine(self, table: Any) -> None:
        """See :meth:`OutputWriter.quarantine`."""
        self._watcher.reject(self.target.output, table.column("row_number"))
        super().quarantine(table)


class KeptSinks(RunSinks):
    """The sinks of one run, all of them Parquet files below a folder.

    A run that fails keeps what came until then, good and rejected rows: nobody else reads there.
    ``watcher`` is told of rows as they come.
    """

    def __init__(self, folder: Path, input_path: Path, watcher: Watcher) -> None:
        super().__init__(
            SinkUri(SinkKind.PARQUET, folder),
            input_path,
            overridden=True,
            make_writer=partial(_KeptWriter, watcher),
        )
        self._folder = folder
        self._is_published = False

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
        """See :meth:`RunSinks.open`; a sink that means nothing is refused here as well."""
        if sink:
            parse_sink(sink, default_dir=self._folder)
        return super().open(output, schema, compression=compression, metadata=metadata)

    def publish(self) -> None:
        """See :meth:`RunSinks.publish`."""
        super().publish()
        self._is_published = True

    def abort(self, *, keep_quarantine: bool = False) -> Aborted:
        """Keep what there is of each output."""
        if self._is_published:
            return Aborted()
        self._is_published = True
        kept: dict[str, Path] = {}
        problems: list[SinkError] = []
        for output, writer in self.writers.items():
            try:
                writer.prepare()
                writer.publish()
            except SinkError as error:
                problems.append(error)
            except (pa.ArrowException, ArithmeticError, ValueError) as error:
                problems.append(SinkError(f"the rows of {output!r} can't be kept: {error}"))
            else:
                if writer.quarantined and writer.target.quarantine is not None:
                    kept[output] = writer.target.quarantine
        super().abort()
        return Aborted(kept, tuple(problems))

    def files(self, contract: Contract | None) -> tuple[OutputFiles, ...]:
        """Return the files that are there now, by output."""
        found = []
        for name, writer in self.writers.items():
            rows, rejected = writer.target.path, writer.target.quarantine
            found.append(
                OutputFiles(
                    name,
                    rows if rows.exists() else None,
                    rejected if rejected is not None and rejected.exists() else None,
                    () if contract is None else _key(contract.output(name)),
                )
            )
        return tuple(found)


def _key(declared: OutputContract | None) -> tuple[str, ...]:
    """The columns by which a row of one run is found in another's."""
    if declared is None:
        return ()
    unique = (c.name for c in declared.columns if c.unique and not c.nullable)
    return declared.key or tuple(unique)[:1]
