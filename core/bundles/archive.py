"""The archive itself: written the same everywhere, and looked at before it is unpacked."""

from __future__ import annotations

import hashlib
import io
import stat
import zipfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

from casparian.core.bundles.errors import BundleCorruptError
from casparian.shim.archive import reason_against

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_AGAIN = "register the parser again"


def write_archive(files: Iterable[tuple[str, bytes]]) -> bytes:
    """Return a ZIP of these files, in the order given: the same bytes on any machine."""
    # Stored, not deflated: zlib and zlib-ng make different bytes of the same text.
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files:
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = _UNIX
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(entry, content)
    return buffer.getvalue()


def source_hash_of(archive: bytes) -> str:
    """Return the hex sha256 by which a bundle is known."""
    return hashlib.sha256(archive).hexdigest()


def verify(archive: bytes, source_hash: str) -> None:
    """See that an archive is the one that was registered; to be done whenever it leaves a store.

    Raises:
        BundleCorruptError: it is another one.
    """
    found = source_hash_of(archive)
    if found != source_hash:
        raise BundleCorruptError(
            f"the bundle {source_hash} is damaged: its bytes now have the hash {found}",
            hint=_AGAIN,
        )


def members(archive: bytes) -> list[tuple[str, int]]:
    """Return the files of an archive, each with its size in bytes. Raises BundleCorruptError."""
    with _opened(archive) as bundle:
        return [(entry.filename, entry.file_size) for entry in bundle.infolist()]


def contents(archive: bytes) -> Mapping[str, bytes]:
    """Return what is in the files of an archive, by their names. Raises BundleCorruptError."""
    with _opened(archive) as bundle:
        return {entry.filename: bundle.read(entry) for entry in bundle.infolist()}


def extract(archive: bytes, folder: Path) -> None:
    """Unpack an archive into a folder, which is made if need be; it replaces nothing there.

    Raises:
        BundleCorruptError: it is damaged, or holds what would leave the folder, links, compressed
            files, or more than a bundle may.
        OSError: the folder can't be written.
    """
    for name, content in contents(archive).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(content)


@contextmanager
def _opened(archive: bytes) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as bundle:
            entries = bundle.infolist()
            reason = reason_against(entries)
            if reason is not None:
                raise _corrupt(reason)
            for entry in entries:
                # Nothing inflates: what is not stored was not written here.
                if entry.compress_type != zipfile.ZIP_STORED or entry.is_dir():
                    raise _corrupt(f"the entry {entry.filename!r} is no stored file")
            yield bundle
    except BundleCorruptError:
        raise
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
        raise _corrupt(str(error) or type(error).__name__) from error


def _corrupt(reason: str) -> BundleCorruptError:
    return BundleCorruptError(f"the bundle's archive is not usable: {reason}", hint=_AGAIN)
