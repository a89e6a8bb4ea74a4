"""All sinks of one run: which output goes where, and everything visible at once or not at all."""

from __future__ import annotations

import glob
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from casparian.core.sinks import publishing
from casparian.core.sinks.errors import SinkError
from casparian.core.sinks.parquet import has_metadata
from casparian.core.sinks.target import Target, dev_input_id, dev_target
from casparian.core.sinks.uri import SinkKind, SinkUri, parse_sink
from casparian.core.sinks.writer import OutputWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from types import TracebackType


@dataclass(frozen=True, slots=True)
class Aborted:
    """What an aborted run left: rejected rows it kept, by output, and what it could not keep."""

    kept: Mapping[str, Path] = field(default_factory=dict)
    problems: tuple[SinkError, ...] = ()


class RunSinks:
    """The sinks of one run of one input file, in dev mode.

    ``default`` takes the outputs that name no sink of their own; ``overridden`` says that a person
    chose it on the command line, and then it takes all. ``variant`` ends the file names where one
    input is run in several ways. ``default_dir`` is what a parser's bare ``csv`` means; the
    default's own folder unless given. ``make_writer`` makes the writers.

    As a context manager it aborts on the way out what was not published.
    """

    def __init__(
        self,
        default: SinkUri,
        input_path: Path,
        *,
        variant: str = "",
        overridden: bool = False,
        default_dir: Path | None = None,
        make_writer: Callable[..., OutputWriter] = OutputWriter,
    ) -> None:
        self._default = default
        self._make_writer = make_writer
        self._input_path = input_path
        self._variant = variant
        self._overridden = overridden
        self._default_dir = default_dir or (
            default.location.parent if default.kind is SinkKind.SQLITE else default.location
        )
        self._writers: dict[str, OutputWriter] = {}
        self._taken: dict[tuple[str, str], str] = {}

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
        """The writer of one output. Checks what can be checked without touching the disk."""
        uri = self._default
        if sink and not self._overridden:
            uri = parse_sink(sink, default_dir=self._default_dir)
        target = dev_target(uri, self._input_path, output, variant=self._variant, table=table)
        writer = self._make_writer(target, schema, compression=compression, metadata=metadata)
        self._claim(target)
        self._writers[output] = writer
        return writer

    def prepare(self) -> None:
        """Complete every output under temporary names. If one fails, abort: nothing is visible."""
        for writer in self._writers.values():
            writer.prepare()

    def publish(self) -> None:
        """Make all outputs visible, or none; prepares what is not prepared yet."""
        self.prepare()
        publishing.publish([writer.ready() for writer in self._writers.values()])
        for writer in self._writers.values():
            writer.published()

    def abort(self, *, keep_quarantine: bool = False) -> Aborted:
        """Forget everything that is not published; never raises for a sink's sake."""
        kept: dict[str, Path] = {}
        problems: list[SinkError] = []
        for output, writer in self._writers.items():
            try:
                path = writer.abort(keep_quarantine=keep_quarantine)
            except SinkError as error:
                problems.append(error)
            else:
                if path is not None:
                    kept[output] = path
        return Aborted(kept, tuple(problems))

    def left_alone(self, key: str, value: str) -> list[Path]:
        """Parquet files that an earlier run of this input left, and this one did not replace:
        outputs that the parser no longer yields. Touches nothing.

        ``key`` and ``value`` are the metadata by which a file is known to be of the same parser.
        """
        if self._default.kind is not SinkKind.PARQUET:
            return []
        name = f"{dev_input_id(self._input_path, variant=self._variant)}.{self._default.kind}"
        replaced = {writer.target.path for writer in self._writers.values()}
        found = self._default.location.glob(f"*/{glob.escape(name)}")
        return sorted(p for p in found if p not in replaced and has_metadata(p, key, value))

    def __enter__(self) -> RunSinks:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.abort()

    def _claim(self, target: Target) -> None:
        if target.output in self._writers:
            raise SinkError(f"output {target.output!r} was opened twice in one run")
        places = [target.table, target.quarantine_table] if target.table else [""]
        for place in places:
            key = (str(target.path), place.casefold())
            owner = self._taken.setdefault(key, target.output)
            if owner != target.output or places.count(place) > 1:
                what = f"table {place!r} of {target.path}" if place else str(target.path)
                raise SinkError(
                    f"outputs {owner!r} and {target.output!r} both go to {what}",
                    hint="give one of them another `table` or name",
                )
