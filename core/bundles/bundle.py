"""A parser's folder as a bundle."""

from __future__ import annotations

import hashlib
import os
import shlex
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from casparian.core.bundles.archive import source_hash_of, write_archive
from casparian.core.bundles.errors import BundleError
from casparian.core.bundles.kinds import LOCK, PROJECT
from casparian.core.bundles.tree import LeftOut, SourceFile, Tree
from casparian.shim.archive import MAX_FILES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

BUNDLE_LIMIT: Final = 64 * 10**6
"""Bytes of all files of a bundle together, unless a setting says otherwise."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A parser, ready to be stored: ``archive`` is a ZIP, ``source_hash`` its hex sha256.

    ``lockfile_hash`` is that of its ``uv.lock``. ``files`` are its names, in their order;
    ``left_out`` is what lies in the folder and is not in it.
    """

    archive: bytes
    source_hash: str
    lockfile_hash: str
    entrypoint: str
    files: tuple[str, ...]
    left_out: tuple[LeftOut, ...]


def build_bundle(
    folder: Path,
    *,
    entrypoint: str = "parser.py",
    shared: Path | None = None,
    without: Mapping[str, str] | None = None,
    limit: int = BUNDLE_LIMIT,
) -> Bundle:
    """Make a bundle of a folder; the same tree gives the same bytes on any machine.

    Args:
        folder: the parser's folder, which has ``pyproject.toml`` and ``uv.lock``.
        entrypoint: the parser's file in it.
        shared: the folder whose two files are taken if ``folder`` has neither.
        without: files and folders that are left out besides, by their names in ``folder``, each
            with the reason.
        limit: bytes that all files may have together.

    Raises:
        BundleError: something is missing or can't be read, a link leaves the folder, two names
            can't be told apart everywhere, or it is too large.
    """
    project = project_folder(folder, shared)
    tree = Tree(folder, without or {})
    # The two are named explicitly: uv.lock has no ending that would let it in.
    named = [SourceFile(name, project / name, 0) for name in (PROJECT, LOCK)]
    files = [*(file for file in tree.files if file.name != PROJECT), *named]
    if entrypoint not in {file.name for file in files}:
        raise BundleError(_no_entrypoint(folder, entrypoint, tree))
    _check_size(files, limit)
    files.sort(key=lambda file: file.name.encode())
    read = [(file.name, _content(file.path)) for file in files]
    if sum(len(content) for _, content in read) > limit:
        raise _too_large([(name, len(content)) for name, content in read], limit)
    archive = write_archive(read)
    return Bundle(
        archive,
        source_hash_of(archive),
        hashlib.sha256(dict(read)[LOCK]).hexdigest(),
        entrypoint,
        tuple(name for name, _ in read),
        tuple(one for one in tree.left_out if one.path != LOCK),
    )


def project_folder(folder: Path, shared: Path | None) -> Path:
    """Return the folder whose ``pyproject.toml`` and ``uv.lock`` are taken. Raises BundleError."""
    has_neither = not any(os.path.lexists(folder / name) for name in (LOCK, PROJECT))
    project = shared if shared is not None and has_neither else folder
    place = shlex.quote(os.path.relpath(project))
    has_project = (project / PROJECT).is_file()
    if not (project / LOCK).is_file():
        first = "" if has_project else f"uv init --bare {place}; uv add --project {place} pyarrow; "
        raise BundleError(
            "No uv.lock found. Run 'uv lock' first.", hint=f"{first}uv lock --project {place}"
        )
    if not has_project:
        raise BundleError(
            f"there is no {PROJECT} beside the uv.lock in {project}",
            hint=f"uv init --bare {place}; uv add --project {place} pyarrow",
        )
    for name in (PROJECT, LOCK):
        inside = (project / name).resolve()
        if not inside.is_relative_to(project.resolve()):
            raise BundleError(
                f"{project / name} is a link that leaves the folder: it leads to {inside}",
                hint="put a copy of it in the folder, or register the folder that it lies in",
            )
    return project


def _no_entrypoint(folder: Path, entrypoint: str, tree: Tree) -> str:
    reason = next((one.reason for one in tree.left_out if one.path == entrypoint), None)
    if reason is not None:
        return f"{folder / entrypoint} is left out of the bundle: {reason}"
    return f"the folder {folder} has no {entrypoint}"


def _check_size(files: list[SourceFile], limit: int) -> None:
    """Refuse what is too large before any of it is read."""
    if len(files) > MAX_FILES:
        raise BundleError(
            f"a bundle has at most {MAX_FILES:,} files, and this would have {len(files):,}",
            hint="move what the parser doesn't need out of its folder",
        )
    if sum(file.size for file in files) > limit:
        raise _too_large([(file.name, file.size) for file in files], limit)


def _too_large(sizes: list[tuple[str, int]], limit: int) -> BundleError:
    largest = sorted(sizes, key=lambda one: -one[1])[:3]
    shown = ", ".join(f"{name} ({size:,} bytes)" for name, size in largest)
    return BundleError(
        f"the bundle would have {sum(size for _, size in sizes):,} bytes, more than the limit of "
        f"{limit:,}; the largest files: {shown}",
        hint="move what the parser doesn't need out of its folder, or raise the setting "
        "bundle_limit",
    )


def _content(path: Path) -> bytes:
    """Read a file whole, and as it is at one time."""
    try:
        # Neither a link nor a pipe that took its place is followed, or waited for.
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(fd, "rb") as file:
            before = os.fstat(fd)
            if not stat.S_ISREG(before.st_mode):
                raise BundleError(f"{path} is no plain file any more", hint="try again")
            content = file.read()
            after = os.fstat(fd)
    except FileNotFoundError as error:
        raise BundleError(f"{path} vanished while it was bundled", hint="try again") from error
    except OSError as error:
        raise BundleError(f"{path} can't be read: {error.strerror}") from error
    if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, len(content)):
        raise BundleError(
            f"{path} changed while it was bundled", hint="try again when nothing writes to it"
        )
    return content
