"""An environment on the disk: what it is, and whether it is still whole.

The marker in it is written last, so a folder without one was never complete. It tells what was
there then; that is compared with what is there now, in less than a millisecond, at every job.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

MARKER: Final = "casparian-environment.json"
PYTHON: Final = Path("bin/python")


@dataclass(frozen=True, slots=True)
class Environment:
    """A parser's environment, ready for use; ``built`` now, or found."""

    key: str
    folder: Path
    python: Path
    built: bool


@dataclass(frozen=True, slots=True)
class Marker:
    """What an environment was when it was complete."""

    key: str
    python_version: str
    interpreter: str
    """What its ``bin/python`` leads to."""
    packages: str
    """Its folder of packages, seen from the environment."""
    names: tuple[str, ...]
    """What is in that folder, and the ``__init__.py`` of each package in it."""
    built_at: float
    """Seconds since 1970."""


class BrokenError(Exception):
    """An environment isn't whole; the text says what is missing."""


def write_marker(folder: Path, marker: Marker) -> None:
    """Say that the environment is complete, after all of it is on the disk."""
    os.sync()  # or a marker might outlive, at a power cut, the packages that it vouches for
    place = folder / MARKER
    new = place.with_suffix(".new")
    with new.open("w", encoding="utf-8") as file:
        json.dump(asdict(marker), file)
        file.flush()
        os.fsync(file.fileno())
    new.replace(place)


def read_marker(folder: Path) -> Marker:
    """Read what an environment was. Raises BrokenError if it never was complete."""
    try:
        content: dict[str, Any] = json.loads((folder / MARKER).read_bytes())
        return Marker(**{**content, "names": tuple(content["names"])})
    except FileNotFoundError:
        raise BrokenError("it was never completed") from None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BrokenError(f"its {MARKER} can't be read: {error}") from error


def check_whole(folder: Path, marker: Marker) -> None:
    """Compare an environment with what it was. Raises BrokenError."""
    python = folder / PYTHON
    if not os.access(python, os.X_OK):
        raise BrokenError(f"there is no Python at {python}")
    found = os.path.realpath(python)
    if found != marker.interpreter:
        raise BrokenError(f"{python} leads to {found} now, and not to {marker.interpreter}")
    if not (folder / "pyvenv.cfg").is_file():
        raise BrokenError("its pyvenv.cfg is gone")
    packages = folder / marker.packages
    missing = [name for name in marker.names if not os.path.lexists(f"{packages}/{name}")]
    if missing:
        raise BrokenError(f"{packages} lacks {', '.join(missing[:3])}")


def package_names(packages: Path) -> tuple[str, ...]:
    """Return what must be in a folder of packages for it to be whole."""
    names = []
    for path in packages.iterdir():
        if path.name != "__pycache__":
            names.append(path.name)
        if (path / "__init__.py").is_file():
            names.append(f"{path.name}/__init__.py")
    return tuple(sorted(names))
