"""What workers that died left in the staging folder goes, and nothing else."""

from __future__ import annotations

import re
import shutil
import time
from typing import TYPE_CHECKING, Final

from casparian.core.publishing.manifest import STAGING
from casparian.core.stores.states import HELD

if TYPE_CHECKING:
    from pathlib import Path

    from casparian.core.stores.job_store import JobStore

_NAME: Final = re.compile(r"([0-9a-f]+)\.([0-9]+)")
#: A job that this store doesn't know may be another store's, with the same output root.
_UNKNOWN_AGE_S: Final = 7 * 86_400


def sweep_dead_staging(root: Path, jobs: JobStore) -> list[str]:
    """Remove the staging folders that no lease is for any more; returns their names.

    Raises StoreError.
    """
    removed = []
    try:
        folders = list((root / STAGING).iterdir())
    except OSError:
        return []  # there is none yet
    for folder in folders:
        found = _NAME.fullmatch(folder.name)
        if found is None:
            continue
        job = jobs.get(found[1])
        if job is None:
            try:
                dead = time.time() - folder.stat().st_mtime > _UNKNOWN_AGE_S
            except FileNotFoundError:
                continue
        else:
            dead = int(found[2]) < job.fence or job.status not in HELD
        if dead:
            shutil.rmtree(folder, ignore_errors=True)
            removed.append(folder.name)
    return removed
