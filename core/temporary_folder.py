"""A temporary folder that goes when this process ends, by whatever: ``kill -9`` as well."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from casparian.core.processes import Guardian

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Make a folder for as long as the context, or this process, lasts. Raises OSError."""
    mark = os.urandom(8).hex()
    # Its name is known, and it has its guardian, before it is there.
    folder = Path(tempfile.gettempdir(), f"casparian-{mark}")
    guardian = Guardian(None, mark, folder)
    try:
        folder.mkdir(mode=0o700)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        guardian.dismiss()
