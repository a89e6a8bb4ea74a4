"""A promoted set becomes visible, in the way of its output root."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from casparian.core.publishing.fault_points import reached
from casparian.core.publishing.manifest import MANIFEST, SET
from casparian.core.publishing.replaced import place_of
from casparian.core.publishing.roll_forward import (
    SetVanished,
    check_own_root,
    roll_forward,
    take_out_all,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from casparian.core.publishing.manifest import Manifest
    from casparian.core.sinks.sqlite import Load
    from casparian.core.stores.standing_sets import StandingSet


def publish_set(manifest: Manifest, replaced: Sequence[StandingSet] = ()) -> bool:
    """Publish a set; may be repeated, by anybody. False if a newer one of the job is there.

    The ``replaced`` sets are gone before it is visible; at once with it if they are in the database
    that it is loaded into.

    Raises:
        SetVanished: somebody removed what was staged.
        UnpublishableError: it can never be done.
        SinkError: it can't be done now; nothing is lost.
    """
    if manifest.database is None:
        return roll_forward(manifest, replaced)
    from casparian.core.sinks.promotions import load_once

    if not (manifest.staging / SET / MANIFEST).exists():
        check_own_root(manifest)
        # Its staging is swept only once it is loaded and the job is done.
        raise SetVanished(
            f"the staged set of job {manifest.job_id} is gone: {manifest.staging}",
            hint=f"requeue the job: casparian job requeue {manifest.job_id}",
        )
    here = place_of(manifest)
    take_out_all([one for one in replaced if one.place != here], manifest)
    done = load_once(
        Path(manifest.database),
        manifest.job_id,
        manifest.fence,
        database_loads(manifest),
        replaces=[(one.job_id, one.fence) for one in replaced if one.place == here],
    )
    reached("set loaded")
    return done


def database_loads(manifest: Manifest) -> list[Load]:
    """Return what a set puts into which table of its database."""
    from casparian.core.sinks.promotions import parquet_load

    folder = manifest.staging / SET
    loads = []
    for output in manifest.outputs:
        pairs = (
            (output.table or output.name, output.file),
            (f"{output.name}_quarantine", output.quarantine_file),
        )
        for table, file in pairs:
            path = None if file is None else folder / file
            loads.append(parquet_load(table, manifest.job_id, path))
    return loads
