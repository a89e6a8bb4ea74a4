"""The set that a job has published: where it is, and what is in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from casparian.core.publishing.manifest import Manifest, ManifestError, UnpublishableError
from casparian.core.stores.states import SUCCEEDED

if TYPE_CHECKING:
    from casparian.core.publishing.manifest import StagedOutput
    from casparian.core.stores.jobs import Job


@dataclass(frozen=True, slots=True)
class PublishedSet:
    """A set: a folder, or rows of a database. ``is_there`` says if the folder or file still is."""

    place: Path
    is_database: bool
    is_there: bool
    outputs: tuple[StagedOutput, ...]

    def quarantine_file(self, output: str) -> Path | None:
        """Return the file of an output's whole quarantined rows, if it is there."""
        if self.is_database:
            return None
        for one in self.outputs:
            if one.name == output and one.quarantine_file is not None:
                path = self.place / one.quarantine_file
                return path if path.is_file() else None
        return None

    def received(self, output: str) -> int | None:
        """Return how many rows an output had, good and bad; None if it has no such output."""
        found = [one.rows + one.quarantined for one in self.outputs if one.name == output]
        return found[0] if found else None


def published_set(job: Job) -> PublishedSet | None:
    """Return what a job has published; None if it has not succeeded.

    Raises ManifestError if a newer casparian published it, or an older one in a place of no set.
    """
    if job.status not in SUCCEEDED or job.manifest is None:
        return None
    manifest = Manifest.from_json(job.manifest)
    if manifest.database is not None:
        place = Path(manifest.database)
        return PublishedSet(place, True, place.is_file(), manifest.outputs)
    try:
        place = manifest.place
    except UnpublishableError as error:
        raise ManifestError(error.message, hint=error.hint) from error
    return PublishedSet(place, False, place.is_dir(), manifest.outputs)
