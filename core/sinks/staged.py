"""The sinks of a job in prod mode: a set of files in its staging folder, to be published whole."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from casparian.core.sinks.errors import SinkError, storing
from casparian.core.sinks.run import Aborted
from casparian.core.sinks.target import Target
from casparian.core.sinks.uri import DEFAULT_DATABASE, SinkKind, SinkUri, parse_sink
from casparian.core.sinks.writer import OutputWriter

if TYPE_CHECKING:
    from collections.abc import Mapping


class StagedSinks:
    """The outputs of one job, staged in one folder, which is there, new and its own.

    Each is a file ``{output}.{kind}``, and its rejected rows ``{output}.quarantine.parquet``.
    ``default`` is the sink of outputs that name none. Where rows become visible is the output
    root's affair: of a sink, the kind counts and its place doesn't (``notes`` says so). With
    ``into_database`` every output is staged as Parquet, and its rows go to a table when the set is
    published.
    """

    def __init__(
        self, folder: str, *, default: str | None = None, into_database: bool = False
    ) -> None:
        self._folder = folder
        self._default = default
        self._into_database = into_database
        self._writers: dict[str, OutputWriter] = {}
        self.tables: dict[str, str] = {}
        """The table that each output goes to, if the set goes to a database."""
        self.notes: list[str] = []
        self.published: set[str] = set()
        """The places that files have been given."""

    @property
    def writers(self) -> Mapping[str, OutputWriter]:
        """The writers opened so far, by output."""
        return self._writers

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
        """Return the writer of one output; see ``Sinks``."""
        kind = SinkKind.PARQUET
        sink = sink or self._default
        if sink is not None and not self._into_database:
            kind = self._kind(output, parse_sink(sink, default_dir=Path(self._folder)))
        if sink is not None and (note := place_note(output, sink)) is not None:
            self.notes.append(note)
        if self._into_database:
            self.tables[output] = self._table(output, table or output)
        target = Target(
            kind=kind,
            output=output,
            place=f"{self._folder}/{output}.{kind}",
            input_id=output,
            quarantine_place=f"{self._folder}/{output}.quarantine.parquet",
            failed_place=f"{self._folder}/{output}.quarantine.failed.parquet",
            temp_stem=output,
        )
        writer = OutputWriter(
            target, schema, compression=compression, metadata=metadata, alone=True
        )
        self._writers[output] = writer
        return writer

    def _kind(self, output: str, uri: SinkUri) -> SinkKind:
        if uri.kind is SinkKind.SQLITE:
            raise SinkError(
                f"the output {output!r} names the sink {uri}: in prod mode a database is the "
                "output root's choice",
                hint="set `output` to sqlite:///path, or name parquet, csv or jsonl in the parser",
            )
        return uri.kind

    def _table(self, output: str, table: str) -> str:
        places = {table.casefold(), f"{output}_quarantine".casefold()}
        for other, taken in self.tables.items():
            if places & {taken.casefold(), f"{other}_quarantine".casefold()}:
                raise SinkError(
                    f"the outputs {other!r} and {output!r} both go to the table {table!r}",
                    hint="give one of them another `table` or name",
                )
        return table

    def prepare(self) -> None:
        """Complete every output under temporary names."""
        for writer in self._writers.values():
            writer.prepare()

    def publish(self) -> None:
        """Give every staged file its name; the set is neither visible nor on the disk yet.

        Nobody else is in its folder, and whoever stages it syncs all of it at once.
        """
        self.prepare()
        for writer in self._writers.values():
            for file, place in writer.complete_files():
                with storing(place):
                    os.rename(file, place)  # noqa: PTH104 - for each job
                self.published.add(place)
            writer.published()

    def abort(self, *, keep_quarantine: bool = False) -> Aborted:
        """Forget the rows; whoever holds the lease removes the folder."""
        problems: list[SinkError] = []
        for writer in self._writers.values():
            try:
                writer.abort(keep_quarantine=False)
            except SinkError as error:
                problems.append(error)
        return Aborted(problems=tuple(problems))

    def left_alone(self, key: str, value: str) -> list[Path]:
        """Nothing: a job's set replaces the older one as a whole."""
        return []


def place_note(output: str, sink: str) -> str | None:
    """Say that the place which an output's sink names is no matter in prod mode; None: it has none.

    Raises SinkError if the sink's URI means nothing.
    """
    nowhere = Path(os.sep)
    uri = parse_sink(sink, default_dir=nowhere)
    if uri.location in (nowhere, nowhere / DEFAULT_DATABASE):
        return None
    return (
        f"the output {output!r} names the place {uri.location}: in prod mode the output root says "
        "where rows go"
    )
