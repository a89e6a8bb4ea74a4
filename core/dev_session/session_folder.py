"""A session's private folder, which goes with the session, however that ends."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Final

from casparian.core.errors import CasparianError
from casparian.core.processes import Guardian

#: What was killed may still write for a moment (seconds).
_DYING: Final = 5.0


class SessionError(CasparianError):
    """A session can't begin."""


class SessionFolder:
    """Holds a folder for each run, and what parsers write as temporary files.

    Args:
        place: where it is made; None: where temporary files go.
    """

    def __init__(self, place: Path | None) -> None:
        self.mark = os.urandom(8).hex()
        """By which a guardian finds the session's processes."""
        self.path = Path(place or tempfile.gettempdir(), f"casparian-dev-{self.mark}")
        self._guardian: Guardian | None = None

    @property
    def temporary(self) -> Path:
        """Where children and guests have their temporary files."""
        return self.path / "tmp"

    def open(self) -> None:
        """Make it. Raises SessionError."""
        # Its name is known before it is there, so that it goes whenever this program is killed.
        self._guardian = Guardian(None, self.mark, self.path)
        try:
            self.path.mkdir(parents=True, mode=0o700)
            self.temporary.mkdir()
        except OSError as error:
            raise SessionError(
                f"the folder {self.path} can't be made: {error.strerror}",
                hint="make room there, or set TMPDIR to a folder that can be written to",
            ) from error

    def of_run(self, run: int) -> Path:
        """Return the folder of a run; it need not be there."""
        return self.path / f"run-{run}"

    def close(self) -> None:
        """Remove it. All processes have been killed by now."""
        deadline = time.monotonic() + _DYING
        while not remove(self.path) and time.monotonic() < deadline:
            time.sleep(0.01)  # the guest of a child that had to be killed isn't quite dead yet
        if self._guardian is not None:
            self._guardian.dismiss()


def remove(folder: Path) -> bool:
    """Remove a folder with all that is in it; say whether it is gone."""
    shutil.rmtree(folder, ignore_errors=True)
    return not os.path.lexists(folder)
