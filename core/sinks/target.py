"""Which files or table one output of one input goes to. Chooses names; touches no disk."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from casparian.core.sinks.errors import SinkError
from casparian.core.sinks.uri import SinkKind, SinkUri

_LONGEST_STEM = (
    150  # bytes; a name with its hash, endings and temporary decorations stays below 255
)


@dataclass(frozen=True, slots=True)
class Target:
    """The final places of one output: chosen here for dev mode, by other rules in prod.

    Places are absolute, and text, as each job has its own. ``place`` is the output's file, or the
    database. ``quarantine_place`` is the Parquet file of rejected rows, None where they go to the
    table ``quarantine_table`` instead. ``failed_place`` takes them when the run fails. ``input_id``
    tells the inputs of one table apart. ``temp_stem`` begins every temporary name of this target.
    """

    kind: SinkKind
    output: str
    place: str
    input_id: str
    quarantine_place: str | None
    failed_place: str
    temp_stem: str
    table: str = ""
    quarantine_table: str = ""

    @property
    def path(self) -> Path:
        """The output's file, or the database."""
        return Path(self.place)

    @property
    def quarantine(self) -> Path | None:
        """The Parquet file of rejected rows; None where they go to a table."""
        return None if self.quarantine_place is None else Path(self.quarantine_place)

    @property
    def quarantine_failed(self) -> Path:
        """The Parquet file of rejected rows when the run fails."""
        return Path(self.failed_place)

    @property
    def folder(self) -> str:
        """The folder of everything this target writes, temporary files included."""
        return os.path.dirname(self.place)  # noqa: PTH120 - text, as the place is

    @property
    def uri(self) -> str:
        """Where the rows will be visible; a table of a database stands after ``#``."""
        fragment = f"#{self.table}" if self.table else ""
        return f"{self.kind}://{self.place}{fragment}"

    @property
    def quarantine_uri(self) -> str:
        """Where the rejected rows will be visible if the run succeeds."""
        if self.quarantine_place is None:
            return f"{self.kind}://{self.place}#{self.quarantine_table}"
        return f"parquet://{self.quarantine_place}"


def dev_target(
    sink: SinkUri, input_path: Path, output: str, *, variant: str = "", table: str | None = None
) -> Target:
    """The dev-mode places: ``{DIR}/{output}/{dev_input_id}.{kind}``, or a table of a database."""
    if not output or output in {".", ".."} or set(output) & set("/\\\0"):
        raise SinkError(f"output {output!r} cannot name a folder", hint="rename it in the parser")
    if set(variant) & set("/\\\0"):
        raise SinkError(f"variant {variant!r} cannot be part of a file name")
    input_id = dev_input_id(input_path, variant=variant)
    if sink.kind is not SinkKind.SQLITE:
        folder = sink.location / output
        return Target(
            kind=sink.kind,
            output=output,
            place=f"{folder}/{input_id}.{sink.kind}",
            input_id=input_id,
            quarantine_place=f"{folder}/{input_id}.quarantine.parquet",
            failed_place=f"{folder}/{input_id}.quarantine.failed.parquet",
            temp_stem=input_id,
        )
    stem = f"{sink.location.stem[:40]}.{output[:40]}.{input_id}"
    return Target(
        kind=sink.kind,
        output=output,
        place=str(sink.location),
        # A name that is no UTF-8 on disk cannot be text in a database; its hash still tells it
        # apart.
        input_id=input_id.encode("utf-8", "replace").decode(),
        quarantine_place=None,
        failed_place=f"{sink.location.parent}/{stem}.quarantine.failed.parquet",
        temp_stem=stem,
        table=table or output,
        quarantine_table=f"{output}_quarantine",
    )


def dev_input_id(input_path: Path, *, variant: str = "") -> str:
    """``{stem}-{8 hex of the sha256 of its absolute path}{variant}``: same input, same name."""
    # Links are not followed: two names are two inputs.
    absolute = os.path.abspath(input_path)  # noqa: PTH100
    digest = hashlib.sha256(os.fsencode(absolute)).hexdigest()[:8]
    stem = Path(absolute).stem
    while len(os.fsencode(stem)) > _LONGEST_STEM:
        stem = stem[:-1]
    return f"{stem}-{digest}{variant}"
