"""What an environment is built from: a folder's ``pyproject.toml`` and ``uv.lock``."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import sysconfig
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from casparian.core.environments.errors import EnvironmentFailedError

if TYPE_CHECKING:
    from pathlib import Path

PROJECT: Final = "pyproject.toml"
LOCK: Final = "uv.lock"
_HINTS: Final = {
    PROJECT: "every parser that is registered has one: uv init --bare, then uv add pyarrow",
    LOCK: "make it: uv lock",
}

#: How packages are built or chosen: it changes what is installed, and shows in no requirement.
_INSTALLING: Final = (
    "build-constraint-dependencies",
    "config-settings",
    "config-settings-package",
    "extra-build-dependencies",
    "extra-build-variables",
    "no-binary",
    "no-binary-package",
    "no-build-isolation",
    "no-build-isolation-package",
)


@dataclass(frozen=True, slots=True)
class Project:
    """A project and its lock; only their bytes have been read.

    ``lockfile_hash`` is the sha256 of ``uv.lock``, ``fingerprint`` that of all that decides which
    environment the project gets on this machine.
    """

    folder: Path
    lockfile_hash: str
    fingerprint: str
    pyproject: bytes
    lock: bytes


@dataclass(frozen=True, slots=True)
class Demands:
    """What a project asks for, beside its requirements.

    ``installing`` is what ``[tool.uv]`` says of how packages are installed, as text.
    """

    requires_python: str
    installing: str


def base_python() -> Path:
    """Return the Python that runs casparian, or that its environment was made from."""
    from pathlib import Path

    return Path(os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable))


def read_project(folder: Path, *, parser: str) -> Project:
    """Read a project's files. Raises EnvironmentFailedError if one isn't there."""
    contents = []
    for name in (PROJECT, LOCK):
        try:
            contents.append((folder / name).read_bytes())
        except OSError as error:
            raise EnvironmentFailedError(
                f"{parser}: {folder / name} can't be read: {error.strerror}",
                parser=parser,
                folder=folder,
                hint=_HINTS[name],
            ) from error
    host = [str(base_python()), sys.version, sysconfig.get_platform()]
    hashes = [hashlib.sha256(content).hexdigest() for content in contents]
    fingerprint = hashlib.sha256(json.dumps([*host, *hashes]).encode()).hexdigest()
    return Project(folder, hashes[1], fingerprint, *contents)


def demands(project: Project, *, parser: str) -> Demands:
    """Read what a project asks for.

    Raises:
        EnvironmentFailedError: its files can't be read, or need what lies only on this machine.
    """

    def refused(what: str, hint: str) -> EnvironmentFailedError:
        return EnvironmentFailedError(
            f"{parser}: {what}", parser=parser, folder=project.folder, hint=hint
        )

    read: dict[str, dict[str, Any]] = {}
    for name, content in ((PROJECT, project.pyproject), (LOCK, project.lock)):
        try:
            read[name] = tomllib.loads(content.decode())
        except ValueError as error:
            hint = "mend it, then uv lock" if name == PROJECT else "take it away, then uv lock"
            raise refused(f"{project.folder / name} can't be read: {error}", hint) from error
    try:
        outside = next(filter(None, map(_outside, read[LOCK].get("package", []))), None)
        requires = read[LOCK].get("requires-python") or ""
        settings = read[PROJECT].get("tool", {}).get("uv", {})
        installing = {key: settings[key] for key in _INSTALLING if key in settings}
    except (AttributeError, KeyError, TypeError) as error:
        what = f"{project.folder / LOCK} is no lock of uv's: {error}"
        raise refused(what, "take it away, then uv lock") from error
    if outside is not None:
        package, place = outside
        raise refused(
            f"{project.folder / LOCK} has {package} from {place}, and a bundle holds no packages",
            f"put its modules into the parser's folder, or take {package} from an index",
        )
    text = json.dumps(installing, sort_keys=True, default=str) if installing else ""
    return Demands(str(requires), text)


def _outside(package: dict[str, Any]) -> tuple[str, str] | None:
    """Return a package's name and place if it is a file or folder beside the project."""
    source = package.get("source", {})
    for kind in ("path", "directory", "editable", "virtual"):
        if kind in source and source[kind] != ".":
            return package["name"], source[kind]
    return None
