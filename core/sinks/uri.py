"""Where rows go, as text: ``parquet://DIR``, ``csv://DIR``, ``jsonl://DIR``, ``sqlite://FILE``."""

from __future__ import annotations

import difflib
import os
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from casparian.core.sinks.errors import SinkError

DEFAULT_DATABASE = "casparian.sqlite"
"""The file that a bare ``sqlite`` means, in the default folder."""


class SinkKind(StrEnum):
    """The kinds of sinks; each value is its scheme and, for files, the ending of their names."""

    PARQUET = "parquet"
    CSV = "csv"
    JSONL = "jsonl"
    SQLITE = "sqlite"

    def __str__(self) -> str:
        return self.value


_FORMS = "parquet://DIR, csv://DIR, jsonl://DIR, sqlite://FILE"
_OTHER_NAMES = {
    "sqlite3": "sqlite",
    "json": "jsonl",
    "ndjson": "jsonl",
    "pq": "parquet",
    "db": "sqlite",
}


@dataclass(frozen=True, slots=True)
class SinkUri:
    """A kind of sink and its absolute place: a folder, or for SQLite a database file."""

    kind: SinkKind
    location: Path

    def __str__(self) -> str:
        return f"{self.kind}://{self.location}"


def parse_sink(text: str, *, default_dir: Path) -> SinkUri:
    """Read a sink as people write it.

    ``csv://out`` is relative to the current folder, ``csv:///data/out`` absolute, ``csv://~/out``
    in the home. A bare kind (``csv``, or ``csv://`` with nothing behind it) means ``default_dir``,
    and ``sqlite`` the file ``casparian.sqlite`` in it. What stands after ``://`` is a path as it
    is, without %-escapes.
    """
    scheme, separator, rest = text.strip().partition("://")
    try:
        kind = SinkKind(scheme.lower())
    except ValueError:
        raise _unknown(text, scheme) from None
    if "\0" in rest:
        raise SinkError(f"sink {text!r}: a path cannot hold a NUL character")
    if not separator or not rest:
        default_dir = _absolute(default_dir)
        return SinkUri(
            kind, default_dir / DEFAULT_DATABASE if kind is SinkKind.SQLITE else default_dir
        )
    try:
        # Two slashes at the beginning (sqlite:////data/x.db) are one, here and for SQLite.
        location = _absolute(Path(re.sub("^/{2,}", "/", rest)).expanduser())
    except RuntimeError:
        raise SinkError(
            f"sink {text!r}: there is no home folder for {Path(rest).parts[0]}",
            hint="write the folder out in full",
        ) from None
    if kind is SinkKind.SQLITE and rest.endswith("/"):
        raise SinkError(
            f"sink {text!r} names a folder, but sqlite needs a file",
            hint=f"{text.strip()}{DEFAULT_DATABASE}",
        )
    return SinkUri(kind, location)


def _absolute(path: Path) -> Path:
    # Not resolve(): a link the person chose (a folder on another disk) stays the path they know.
    return Path(os.path.abspath(path))  # noqa: PTH100


def _unknown(text: str, scheme: str) -> SinkError:
    known = [kind.value for kind in SinkKind]
    word = scheme.partition(":")[0].lower()
    likely = word if word in known else _OTHER_NAMES.get(word)
    if likely is None:
        likely = next(iter(difflib.get_close_matches(word, known, n=1)), None)
    if likely is not None:
        rest = text.strip().partition(":")[2].removeprefix("//")
        meant = f"{likely}://{rest}" if ":" in text else likely
        return SinkError(f"unknown sink {text!r}; did you mean {meant!r}?", hint=f"sinks: {_FORMS}")
    if "://" not in text and ("/" in text or text.strip() in {".", "..", "~"}):
        return SinkError(
            f"sink {text!r} is a path without a kind",
            hint=f"parquet://{text.strip()} (sinks: {_FORMS})",
        )
    return SinkError(f"unknown sink {text!r}", hint=f"sinks: {_FORMS}")
