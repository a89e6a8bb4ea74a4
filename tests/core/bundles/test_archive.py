"""Archives are verified before they are trusted, and unpacked into their folder only."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path

import pytest

from casparian.core.bundles import BundleCorruptError, build_bundle, extract, members, verify

from .conftest import Maker


def archive_of(*entries: str | zipfile.ZipInfo, method: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for entry in entries:
            archive.writestr(entry, "x")
    return buffer.getvalue()


def linked() -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo("link.py")
    entry.create_system = 3
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


def test_any_flipped_byte_is_found(make: Maker) -> None:
    bundle = build_bundle(make())
    verify(bundle.archive, bundle.source_hash)
    for at in range(0, len(bundle.archive), 37):
        damaged = bytearray(bundle.archive)
        damaged[at] ^= 1
        with pytest.raises(BundleCorruptError, match=bundle.source_hash) as refused:
            verify(bytes(damaged), bundle.source_hash)
        assert refused.value.hint


def test_a_bundle_comes_out_as_it_went_in(make: Maker, tmp_path: Path) -> None:
    bundle = build_bundle(make({"pkg/data/x.json": "{}"}))
    extract(bundle.archive, tmp_path / "out")
    assert (tmp_path / "out/pkg/data/x.json").read_text() == "{}"
    assert tuple(name for name, _ in members(bundle.archive)) == bundle.files


BAD = {
    "a parent": archive_of("../evil.py"),
    "a root": archive_of("/tmp/casparian-evil.py"),
    "parents within": archive_of("a/../../evil.py"),
    "backslashes": archive_of("..\\evil.py"),
    "a drive": archive_of("C:/evil.py"),
    "a link": archive_of(linked()),
    "a folder": archive_of("folder/"),
    "compressed": archive_of("x.py", method=zipfile.ZIP_DEFLATED),
    "nothing": b"",
    "no archive": b"PK no archive",
    "cut": archive_of("x.py")[:-8],
}


@pytest.mark.parametrize("archive", BAD.values(), ids=BAD)
def test_what_no_bundle_has_is_refused_and_nothing_unpacked(archive: bytes, tmp_path: Path) -> None:
    with pytest.raises(BundleCorruptError, match="not usable"):
        extract(archive, tmp_path / "deep" / "out")
    assert not list(tmp_path.rglob("*.py"))
    assert not Path("/tmp/casparian-evil.py").exists()


def test_two_entries_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        archive = archive_of("x.py", "x.py")
    with pytest.raises(BundleCorruptError, match="two entries"):
        extract(archive, tmp_path)


def test_more_than_a_bundle_may_have_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = archive_of("x.py", "y.py")
    monkeypatch.setattr("casparian.shim.archive.MAX_FILES", 1)
    with pytest.raises(BundleCorruptError, match="would unpack to 2 files"):
        extract(archive, tmp_path)
    monkeypatch.undo()
    monkeypatch.setattr("casparian.shim.archive.MAX_BYTES", 1)
    with pytest.raises(BundleCorruptError, match="of 2 bytes"):
        extract(archive, tmp_path)


def test_nothing_that_is_there_is_replaced(tmp_path: Path) -> None:
    outside = tmp_path / "outside.py"
    (tmp_path / "out").mkdir()
    (tmp_path / "out/x.py").symlink_to(outside)
    with pytest.raises(FileExistsError):
        extract(archive_of("x.py"), tmp_path / "out")
    assert not outside.exists()
