"""What a staged set is, as data: enough for whoever finds it to publish it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

from casparian.core.errors import CasparianError
from casparian.core.known_paths import known_path
from casparian.core.sinks.errors import SinkError

#: In every published set; readers that take ``*.parquet`` pass it over.
MANIFEST: Final = "_manifest.json"
STAGING: Final = ".staging"
#: The staged set's own folder in its staging folder; the rest there is never published.
SET: Final = "set"
#: Beside the set: the quarantined rows that go to the store, a line of JSON each.
REASONS: Final = "quarantine.jsonl"

_VERSION: Final = 1
#: Bytes that the name of a folder may have, by Linux and by nearly every file system.
_LONGEST_NAME: Final = 255
_LONGEST_SHOWN: Final = 80
#: Earlier programs wrote here what a set replaces.
_ONCE: Final = ("replaces", "replaces_place")


class ManifestError(CasparianError):
    """A manifest can't be read."""


class UnpublishableError(SinkError):
    """A set can never be published as it is: trying again would be in vain."""


@dataclass(frozen=True, slots=True)
class StagedOutput:
    """One output of a set. ``file`` and ``quarantine_file`` are names in it, None without rows.

    ``table`` is the table of the database that the rows go to, if the set goes to one.
    """

    name: str
    rows: int
    quarantined: int
    file: str | None
    quarantine_file: str | None
    table: str | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """A staged set: whose it is, what is in it, and where it is to be.

    ``root`` is the output root; ``database`` is the SQLite file that takes the rows instead of a
    folder below the root. What gives way to the set is decided by its promotion, and is not here.
    """

    job_id: str
    fence: int
    parser: str
    parser_version: str
    source_hash: str
    contract_hash: str | None
    input_path: str
    input_hash: str
    root: str
    outputs: tuple[StagedOutput, ...]
    database: str | None = None

    @property
    def rows(self) -> int:
        """Valid rows of all outputs."""
        return sum(output.rows for output in self.outputs)

    @property
    def quarantined(self) -> int:
        """Rejected rows of all outputs."""
        return sum(output.quarantined for output in self.outputs)

    @property
    def place(self) -> Path:
        """Where the set is to be. Raises UnpublishableError."""
        return Path(self.place_text)

    @property
    def place_text(self) -> str:
        """The same as text. Raises UnpublishableError."""
        return place_text(known_path(self.root), self.parser, self.parser_version, self.job_id)

    @property
    def staging(self) -> Path:
        """The staging folder, on the same file system."""
        return Path(self.staging_text)

    @property
    def staging_text(self) -> str:
        """The same as text."""
        return staging_text(known_path(self.root), self.job_id, self.fence)

    def as_json(self) -> str:
        """The form in which it lies in the set, and in the store."""
        return _as_json({"version": _VERSION, **_fields(self)})

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """Read a manifest. Raises ManifestError."""
        return _read(text)


@lru_cache(maxsize=8)
def _read(text: str) -> Manifest:
    """Read a manifest: whoever publishes a set meets it in the store, and wherever the set is."""
    try:
        content: dict[str, Any] = json.loads(text)
        if content.pop("version") != _VERSION:
            raise ManifestError(
                "a newer casparian staged this set", hint="upgrade casparian on this machine"
            )
        for old in _ONCE:
            content.pop(old, None)
        outputs = tuple(StagedOutput(**output) for output in content.pop("outputs"))
        return Manifest(outputs=outputs, **content)
    except (ValueError, TypeError, KeyError) as error:
        raise ManifestError(f"this is no manifest of a set: {error!r}") from error


def _fields(data: Manifest | StagedOutput) -> dict[str, object]:
    names = data.__slots__
    return dict(zip(names, attrgetter(*names)(data), strict=True))


_as_json: Final = json.JSONEncoder(ensure_ascii=False, default=_fields).encode


def published_place(root: Path, parser: str, version: str, job_id: str) -> Path:
    """Return where a job's set is, once it is published.

    It is three folders below the root, whatever a store says of a parser. Raises
    UnpublishableError.
    """
    return Path(place_text(root, parser, version, job_id))


def place_text(root: Path, parser: str, version: str, job_id: str) -> str:
    """Return `published_place` as text, which takes fewer steps. Raises UnpublishableError."""
    if not _is_folder_name(job_id):
        raise _no_folder(root, "job", job_id)
    return f"{_text_of_version(root, parser, version)}/{job_id}"


@lru_cache(maxsize=64)
def _text_of_version(root: Path, parser: str, version: str) -> str:
    if not _is_folder_name(parser) or parser == STAGING:
        raise _no_folder(root, "parser", parser)
    if not _is_folder_name(version):
        raise _no_folder(root, "version", version)
    return str(root.joinpath(parser, version))


def _no_folder(root: Path, what: str, name: str) -> UnpublishableError:
    shown = name if len(name) <= _LONGEST_SHOWN else f"{name[:_LONGEST_SHOWN]}…"
    return UnpublishableError(
        f"nothing can be published in {root} for the {what} {shown!r}: it can't be the name of a "
        "folder there",
        hint="give the parser another name or version, register it, and queue its files again",
        path=root,
    )


def _is_folder_name(name: str) -> bool:
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        return False
    return len(name.encode("utf-8", "surrogatepass")) <= _LONGEST_NAME


def staging_folder(root: Path, job_id: str, fence: int) -> Path:
    """Return where the holder of a lease stages."""
    return Path(staging_text(root, job_id, fence))


def staging_text(root: Path, job_id: str, fence: int) -> str:
    """Return the same as text."""
    return f"{root}/{STAGING}/{job_id}.{fence}"
