"""One output of one run: rows in, and at the end everything visible or nothing."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from casparian.core.sinks import publishing, sqlite
from casparian.core.sinks.errors import SinkError, storing
from casparian.core.sinks.parquet import DEFAULT_COMPRESSION, check_compression, rewrite
from casparian.core.sinks.publishing import Change, Ready
from casparian.core.sinks.staging import Staging
from casparian.core.sinks.temporary import (
    discard,
    make_folders,
    remove_empty,
    sweep,
    sync_file,
    sync_folder,
    temporary_name,
)
from casparian.core.sinks.uri import SinkKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from casparian.core.sinks.target import Target


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would do with one output: where its rows would be, and if it replaces others."""

    uri: str
    replaces: bool


class OutputWriter:
    """Takes the rows of one output, good and rejected, for the places a `Target` names.

    ``write`` and ``quarantine`` stage rows under temporary names; ``prepare`` completes them;
    ``publish`` makes them visible, replacing what the same input left before; ``abort`` forgets
    them. Not for several threads at once.

    ``schema`` is the contract's: every frame must have exactly its columns and types. None lets
    frames differ; one schema is settled at the end (see `casparian.core.sinks.settle`). An output
    without schema and without a single frame has no file, and one that the same input left before
    is removed. ``alone``: the folder is there, new and nobody else's, so that nothing is looked for
    in it, and whoever makes the files visible sees to it that they last.
    """

    def __init__(
        self,
        target: Target,
        schema: Any | None = None,
        *,
        compression: str | None = None,
        metadata: Mapping[str, str] | None = None,
        alone: bool = False,
    ) -> None:
        self.target = target
        self._alone = alone
        self.settled: Any | None = schema
        self.notes: tuple[str, ...] = ()
        self._compression = check_compression(compression)
        if target.kind is not SinkKind.PARQUET:
            self._compression = DEFAULT_COMPRESSION
        self._metadata = dict(metadata or {})
        self._state = "open"
        self._swept = False
        self._temporaries = 0
        self._made: list[Path] = []
        self._rows = Staging(
            lambda: self._temporary(str(target.kind)),
            target.place,
            schema=schema,
            compression=self._compression,
            metadata=self._metadata,
        )
        self._rejected = Staging(
            lambda: self._temporary("quarantine"),
            target.quarantine_place or target.place,
            schema=None,
            compression=DEFAULT_COMPRESSION,
            metadata=self._metadata,
        )
        self._file: Path | str | None = None  # complete, under its temporary name
        self._quarantine_file: Path | str | None = None

    @property
    def uri(self) -> str:
        """Where the rows will be visible."""
        return self.target.uri

    @property
    def quarantine_uri(self) -> str:
        """Where rejected rows will be visible if the run succeeds."""
        return self.target.quarantine_uri

    @property
    def rows(self) -> int:
        """How many rows were written."""
        return self._rows.rows

    @property
    def quarantined(self) -> int:
        """How many rows were rejected."""
        return self._rejected.rows

    def plan(self) -> Plan:
        """What publishing would do; touches nothing."""
        if self.target.kind is SinkKind.SQLITE:
            there = sqlite.has_rows_of(self.target.path, self.target.table, self.target.input_id)
        else:
            there = not self._alone and os.access(self.target.place, os.F_OK)
        return Plan(self.uri, there)

    def write(self, table: Any) -> None:
        """Add good rows (a ``pyarrow.Table``)."""
        self._expect("open")
        self._rows.write(table)

    def quarantine(self, table: Any) -> None:
        """Add rejected rows, in whatever schema quarantine has."""
        self._expect("open")
        self._rejected.write(table)

    def prepare(self) -> None:
        """Complete everything under temporary names; now ``settled`` is the output's schema."""
        if self._state == "prepared":
            return
        self._expect("open")
        with storing(self.target.place):
            blocked = not self._alone and self.target.path.is_dir()
        if blocked:
            raise SinkError(
                f"cannot write {self.target.path}: it is a folder, not a file",
                hint="move that folder away, or choose another place: run --sink, worker --output",
                path=self.target.path,
            )
        settled = self._rows.finish()
        if settled is not None:
            self.settled, self.notes = settled.schema, settled.notes
        self._rejected.finish()
        if self.target.kind is SinkKind.SQLITE:
            for load in self._loads():
                sqlite.check(self.target.path, load)
        else:
            if settled is not None:
                self._file = self._complete()
                self._sync(self._file)
            if self._rejected.rows:
                self._quarantine_file = self._complete_quarantine()
        self._state = "prepared"

    def publish(self) -> None:
        """Make this output visible; `RunSinks.publish` does it for all outputs of a run."""
        publishing.publish([self.ready()])
        self.published()

    def ready(self) -> Ready:
        """What has to be done to make this visible. Only after `prepare`."""
        self._expect("prepared")
        target = self.target
        outdated = self._change(target.quarantine_failed, None)
        if target.kind is SinkKind.SQLITE:
            return Ready((outdated,), target.path, self._loads())
        assert target.quarantine is not None
        return Ready(
            (
                self._change(target.path, self._file),
                self._change(target.quarantine, self._quarantine_file),
                outdated,
            )
        )

    def complete_files(self) -> list[tuple[Path | str, str]]:
        """Return each file, complete, and the place that it is to have. Only after `prepare`."""
        self._expect("prepared")
        pairs = (
            (self._file, self.target.place),
            (self._quarantine_file, self.target.quarantine_place),
        )
        return [(file, place) for file, place in pairs if file is not None and place is not None]

    def published(self) -> None:
        """Somebody did what `ready` said: nothing temporary is needed any more."""
        self._state = "published"
        self._rows.discard()
        self._rejected.discard()

    def abort(self, *, keep_quarantine: bool) -> Path | None:
        """Forget the rows and remove every temporary file; what was visible before stays as it is.

        With ``keep_quarantine`` the rejected rows go to ``….quarantine.failed.parquet``, whose path
        is returned. Done again, or after `publish`, it does nothing.
        """
        if self._state in {"published", "aborted"}:
            return None
        self._state = "aborted"
        self._rows.discard()
        if self._file is not None:
            discard(self._file)
        try:
            if not keep_quarantine or not self._rejected.rows:
                return None
            complete = Path(self._quarantine_file or self._complete_quarantine())
            kept = self.target.quarantine_failed
            with storing(kept):
                complete.replace(kept)
            sync_folder(kept.parent)
            return kept
        finally:
            self._rejected.discard()
            if self._quarantine_file is not None:
                discard(self._quarantine_file)
            remove_empty(self._made)

    def _complete(self) -> Path | str:
        kind = self.target.kind
        if kind is SinkKind.PARQUET:
            return self._one_parquet(self._rows, self._compression)
        path = self._temporary(str(kind))
        try:
            with storing(self.target.place), Path(path).open("xb") as file:
                if kind is SinkKind.CSV:
                    from casparian.core.sinks.csv import write_csv as write
                else:
                    from casparian.core.sinks.jsonl import write_jsonl as write
                write(self._rows.tables(), self.settled, file)
        except BaseException:
            discard(path)
            raise
        self._rows.discard()
        return path

    def _complete_quarantine(self) -> Path | str:
        path = self._one_parquet(self._rejected, DEFAULT_COMPRESSION)
        self._sync(path)
        return path

    def _sync(self, path: Path | str) -> None:
        if not self._alone:
            sync_file(path)

    def _one_parquet(self, staging: Staging, compression: str) -> Path | str:
        settled = staging.finish()
        assert settled is not None
        path = staging.single_file()
        if path is not None:
            staging.release(path)
            return path
        path = self._temporary("parquet")
        rewrite(
            staging.tables(),
            path,
            settled.schema,
            compression=compression,
            metadata=self._metadata,
            wanted=self.target.place,
        )
        staging.discard()
        return path

    def _loads(self) -> tuple[sqlite.Load, ...]:
        target = self.target
        rejected = self._rejected.finish()

        def load(table: str, schema: Any | None, staging: Staging) -> sqlite.Load:
            tables = staging.tables if schema is not None else _nothing
            return sqlite.Load(table, target.input_id, schema, tables)

        bad = rejected.schema if rejected is not None and self._rejected.rows else None
        return (
            load(target.table, self.settled, self._rows),
            load(target.quarantine_table, bad, self._rejected),
        )

    def _change(self, path: Path, new: Path | str | None) -> Change:
        new = None if new is None else Path(new)
        return Change(path, new, temporary_name(self.target.temp_stem, "old"))

    def _temporary(self, ending: str) -> str:
        target = self.target
        folder = target.folder
        if self._alone:
            self._temporaries += 1
            return f"{folder}/.{target.temp_stem}.{ending}.{self._temporaries}.tmp"
        with storing(target.place):
            self._made += make_folders(Path(folder))
        if not self._swept:
            self._swept = True
            sweep(Path(folder), target.temp_stem)
        return f"{folder}/{temporary_name(target.temp_stem, ending)}"

    def _expect(self, state: str) -> None:
        if self._state != state:
            raise SinkError(f"{self.uri} is {self._state}, not {state}", path=self.target.path)


def _nothing() -> Iterable[Any]:
    return ()
