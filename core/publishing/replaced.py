"""Sets that give way to another job's set, wherever they were published: found, and taken out.

A set is looked for where it was published, also if that is below another output root by now, and
only as far as its fence: a newer one of the same job is not meant. If the root isn't there at all,
nobody can say that the set is gone; that is an error, and no reason to publish beside it.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from casparian.core.publishing.fault_points import reached
from casparian.core.publishing.manifest import MANIFEST, Manifest, ManifestError, staging_folder
from casparian.core.sinks.errors import SinkError
from casparian.core.sinks.temporary import sync_folder
from casparian.core.small_files import read_small

if TYPE_CHECKING:
    from collections.abc import Sequence

    from casparian.core.stores.standing_sets import StandingSet

_DATABASE: Final = "sqlite://"
_REPLACED: Final = "replaced"


def place_of(manifest: Manifest) -> str:
    """Return where a set is to be, as a `StandingSet` has it."""
    if manifest.database is not None:
        return database_place(Path(manifest.database))
    return str(manifest.place)


def database_place(path: Path) -> str:
    """Return a database as the place of a set."""
    return f"{_DATABASE}{path}"


def database_of(place: str) -> Path | None:
    """Return the database that a place names; None if it is a folder."""
    return Path(place.removeprefix(_DATABASE)) if place.startswith(_DATABASE) else None


def check_reach(sets: Sequence[StandingSet]) -> None:
    """Refuse to publish in place of sets that can't be taken out. Raises SinkError."""
    for one in sets:
        root = _root(one)
        _check_root(one, root)
        if not os.access(root, os.W_OK):
            raise SinkError(
                f"the set of job {one.job_id}, which this one is to replace, is below {root}, "
                "where nothing can be written",
                hint=f"make {root} writable, then requeue the job",
                path=root,
            )


def is_there(one: StandingSet) -> bool:
    """Say whether a set is still where it was published. Raises SinkError."""
    _check_root(one, _root(one))
    database = database_of(one.place)
    if database is None:
        fence = fence_of(Path(one.place), one.job_id)
    else:
        from casparian.core.sinks.promotions import loaded_fence

        fence = loaded_fence(database, one.job_id)
    return fence is not None and fence <= one.fence


def make_room(one: StandingSet, manifest: Manifest) -> None:
    """Make the folder that a set is moved to; beforehand, so that a sleeper finds it gone again."""
    if database_of(one.place) is None:
        _staging(one, manifest).mkdir(parents=True, exist_ok=True)


def take_out(one: StandingSet, manifest: Manifest, own_name: str) -> None:
    """Take a set out, for the set of a manifest. Raises OSError or SinkError."""
    database = database_of(one.place)
    if database is not None:
        from casparian.core.sinks.promotions import unload

        unload(database, one.job_id, one.fence)
    else:
        place = Path(one.place)
        place.rename(_staging(one, manifest) / f"{_REPLACED}.{one.job_id}.{own_name}")
        sync_folder(place.parent)
    reached("replaced set taken out")


def sweep_replaced(sets: Sequence[StandingSet], manifest: Manifest) -> None:
    """Remove what was taken out below other output roots; nobody else looks there."""
    for one in sets:
        if database_of(one.place) is None:
            staging = _staging(one, manifest)
            if staging != manifest.staging:
                shutil.rmtree(staging, ignore_errors=True)


def fence_of(folder: Path | str, job_id: str) -> int | None:
    """Return the fence of a job's set in a folder; None if there is no set of that job."""
    try:
        manifest = Manifest.from_json(read_small(f"{folder}/{MANIFEST}").decode())
    except (FileNotFoundError, NotADirectoryError, UnicodeDecodeError, ManifestError):
        return None
    return manifest.fence if manifest.job_id == job_id else None


def _root(one: StandingSet) -> Path:
    """Return the output root of a set; of a database, its folder."""
    database = database_of(one.place)
    return Path(one.place).parents[2] if database is None else database.parent


def _staging(one: StandingSet, manifest: Manifest) -> Path:
    return staging_folder(_root(one), manifest.job_id, manifest.fence)


def _check_root(one: StandingSet, root: Path) -> None:
    if not root.is_dir():
        raise SinkError(
            f"the set of job {one.job_id}, which this one is to replace, was published below "
            f"{root}, and there is no such folder now",
            hint=f"bring it back, or if it is gone for good: mkdir -p {root}; then requeue the job",
            path=root,
        )
