"""A folder to be bundled, as a list of files: what is in, and what is left out, with the reason.

The list is the same wherever the folder lies: no order, time, mode or spelling of the filesystem
shows in it.
"""

from __future__ import annotations

import os
import stat
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from casparian.core.bundles.errors import BundleError
from casparian.core.bundles.kinds import (
    SAMPLES,
    reason_against_file,
    reason_against_folder,
    reason_against_name,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file or folder (with a slash at its end) that isn't bundled, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to be bundled: its name in the bundle, and where its bytes are."""

    name: str
    path: Path
    size: int


class Tree:
    """The files of a folder; links are followed as long as they stay in it.

    Args:
        folder: the parser's folder.
        without: what is left out besides, by its name in the folder: the reason.

    Raises:
        BundleError: a link leaves the folder or leads nowhere, two names can't be told apart
            everywhere, or something can't be read.
    """

    def __init__(self, folder: Path, without: Mapping[str, str]) -> None:
        self.files: list[SourceFile] = []
        self.left_out: list[LeftOut] = []
        self._without = without
        self._spelled: dict[str, str] = {}
        try:
            self._root = folder.resolve(strict=True)
            self._walk(self._root, "", (self._root,))
        except FileNotFoundError as error:
            if str(error.filename) == str(folder):
                raise BundleError(f"there is no folder {folder}") from error
            raise BundleError(
                f"{error.filename} vanished while it was bundled", hint="try again"
            ) from error
        except OSError as error:
            where = error.filename or folder
            raise BundleError(f"{where} can't be read: {error.strerror}") from error
        self.files.sort(key=lambda file: file.name.encode())
        self.left_out.sort(key=lambda one: one.path.encode("utf-8", "surrogateescape"))

    def _walk(self, folder: Path, prefix: str, above: tuple[Path, ...]) -> None:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: os.fsencode(entry.name))
        for entry in found:
            name = prefix + entry.name
            if entry.is_symlink():
                self._link(Path(entry.path), name, above)
            elif entry.is_dir(follow_symlinks=False):
                self._folder(Path(entry.path), name, above)
            else:
                self._file(Path(entry.path), name)

    def _folder(self, path: Path, name: str, above: tuple[Path, ...]) -> None:
        reason = self._without.get(name) or _reason_against_folder(path, name)
        if reason is not None:
            self.left_out.append(LeftOut(f"{name}/", reason))
        elif path in above:
            raise BundleError(
                f"{name} is a link to a folder that it lies in", hint="take the link away"
            )
        else:
            self._walk(path, f"{name}/", (*above, path))

    def _file(self, path: Path, name: str) -> None:
        reason = self._without.get(name) or reason_against_file(_base(name))
        state = path.lstat()
        if reason is None and not stat.S_ISREG(state.st_mode):
            reason = "no plain file"
        if reason is not None:
            self.left_out.append(LeftOut(name, reason))
            return
        reason = reason_against_name(name)
        if reason is not None:
            raise BundleError(f"{_shown(name)} can't be bundled: {reason}", hint="rename it")
        normal = unicodedata.normalize("NFC", name)
        self._check_spelling(name, normal)
        self.files.append(SourceFile(normal, path, state.st_size))

    def _link(self, path: Path, name: str, above: tuple[Path, ...]) -> None:
        """Follow a link, if what it leads to belongs in the bundle and lies in the folder."""
        try:
            target = path.resolve(strict=True)
        except (OSError, RuntimeError) as error:  # a loop of links is either
            target = None
            cause: Exception | None = error
        else:
            cause = None
        is_folder = target is not None and target.is_dir()
        reason = self._without.get(name)
        if reason is None:
            if target is not None and is_folder:
                reason = _reason_against_folder(target, name)
            else:
                reason = reason_against_file(_base(name))
        if reason is None and target is not None and target.is_relative_to(self._root):
            reason = self._reason_against_target(target)
        if reason is not None:
            self.left_out.append(LeftOut(f"{name}/" if is_folder else name, reason))
        elif target is None:
            raise BundleError(
                f"{_shown(name)} is a link that leads nowhere", hint="mend it, or take it away"
            ) from cause
        elif not target.is_relative_to(self._root):
            raise BundleError(
                f"{_shown(name)} is a link that leaves the folder: it leads to {target}",
                hint="put a copy of it in the folder: a bundle holds all that the parser needs",
            )
        elif is_folder:
            self._folder(target, name, above)
        else:
            self._file(target, name)

    def _reason_against_target(self, target: Path) -> str | None:
        """Say why what a link leads to is left out itself."""
        parts = target.relative_to(self._root).parts
        for count in range(1, len(parts) + 1):
            place = self._root.joinpath(*parts[:count])
            if place.is_dir():
                reason = _reason_against_folder(place, "/".join(parts[:count]))
                if reason is not None:
                    return reason
        return None

    def _check_spelling(self, name: str, normal: str) -> None:
        """See to it that a name, and each folder in it, is itself on every filesystem."""
        at = -1
        while at < len(name):
            at = name.find("/", at + 1)
            at = len(name) if at < 0 else at
            part = name[:at]
            key = unicodedata.normalize("NFC", unicodedata.normalize("NFC", part).casefold())
            other = self._spelled.setdefault(key, part)
            if other != part:
                same = unicodedata.normalize("NFC", other) == unicodedata.normalize("NFC", part)
                how = "how their letters are encoded" if same else "upper and lower case"
                raise BundleError(
                    f"{other} and {part} differ only in {how}: elsewhere they would be one",
                    hint="rename one of them",
                )


def _reason_against_folder(path: Path, name: str) -> str | None:
    base = _base(name)
    if name == SAMPLES:
        return "the parser is tried on them before it is registered"
    # By its name alone first: nobody needs to be able to read it then.
    return reason_against_folder(base) or reason_against_folder(
        base, {one.name for one in path.iterdir()}
    )


def _base(name: str) -> str:
    return name.rpartition("/")[2]


def _shown(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()
