"""The same tree gives the same bytes, whatever machine it lies on."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import unicodedata
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casparian.core.bundles import Bundle, BundleError, build_bundle, contents, extract, verify

from .conftest import PARSER, Maker

TREE = {
    "headers.py": "A = 1\n",
    "données/code.csv": "a\n1\n",
    "pkg/__init__.py": "",
    "pkg/b.py": "",
    "pkg/B2.json": "{}",
    "schema.xsd": "<x/>",
}
HASH = "2e66d04111546fc1e14e72341ea64aa4400fdc43351475a79ba176ee40a7ceb0"
_BUILD = """
import os, sys
from pathlib import Path
os.umask(int(sys.argv[2], 8))
from casparian.core.bundles import build_bundle
print(build_bundle(Path(sys.argv[1])).source_hash)
"""


def test_a_tree_has_the_hash_it_has_always_had(make: Maker) -> None:
    assert build_bundle(make(TREE)).source_hash == HASH


@pytest.mark.parametrize("place", ["here", "another filesystem"])
def test_nothing_of_the_machine_shows(
    make: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    memory = Path("/dev/shm")
    if place != "here" and not os.access(memory, os.W_OK):
        pytest.skip("there is no other filesystem here")
    with tempfile.TemporaryDirectory(dir=tmp_path if place == "here" else memory) as base:
        copy = Path(base) / "a copy"
        for name, text in reversed({**PARSER, **TREE}.items()):
            file = copy / unicodedata.normalize("NFD", name)
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            file.write_text(text)
            file.chmod(0o755)
            os.utime(file, (0, 2**33) if "pkg" in name else (0, 0))
        done = subprocess.run(
            [sys.executable, "-c", _BUILD, str(copy), "077"],
            env={**os.environ, "TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONHASHSEED": "7"},
            capture_output=True,
            text=True,
            check=True,
        )
    assert done.stdout.strip() == build_bundle(make(TREE)).source_hash


def test_the_order_of_the_filesystem_does_not_show(
    make: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make(TREE)
    wanted = build_bundle(folder).archive
    scandir = os.scandir

    class Shuffled(list):  # type: ignore[type-arg]
        def __enter__(self) -> Shuffled:
            return self

        def __exit__(self, *_: object) -> None: ...

    def shuffled(path: object) -> Shuffled:
        found = list(scandir(path))  # type: ignore[call-overload]
        random.Random(7).shuffle(found)
        return Shuffled(found)

    monkeypatch.setattr("casparian.core.bundles.tree.os.scandir", shuffled)
    assert build_bundle(folder).archive == wanted


def test_entries_are_stored_sorted_and_of_1980(make: Maker) -> None:
    with zipfile.ZipFile(BytesIO(build_bundle(make(TREE)).archive)) as archive:
        entries = archive.infolist()
    names = [entry.filename for entry in entries]
    assert names == sorted(names, key=str.encode)
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {entry.compress_type for entry in entries} == {zipfile.ZIP_STORED}
    assert {entry.external_attr >> 16 for entry in entries} == {0o100644}


NAMES = ["a", "A", "b.py", "B.py", "é.csv", "e\u0301.csv", "x", "data.json", "notes.md"]
PARTS = st.sampled_from([*NAMES, "ß.txt", "SS.txt"]) | st.text(
    "ab.é\u0301 _", min_size=1, max_size=6
).filter(lambda name: name.strip(".") == name)
TREES = st.dictionaries(
    st.lists(PARTS, min_size=1, max_size=3).map("/".join), st.binary(max_size=40), max_size=8
)


def written(files: dict[str, bytes], folder: Path) -> bool:
    """Write a tree; False if these names can't be in one folder."""
    try:
        for name, content in files.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
    except (FileExistsError, NotADirectoryError, IsADirectoryError):
        return False
    return True


@settings(max_examples=40)
@given(TREES, st.randoms(use_true_random=False))
def test_any_tree_gives_one_archive_or_one_refusal(
    tree: dict[str, bytes], mixer: random.Random
) -> None:
    files = {**{name: text.encode() for name, text in PARSER.items()}, **tree}
    mixed = list(files.items())
    mixer.shuffle(mixed)
    with tempfile.TemporaryDirectory() as base:
        one, other, out = (Path(base) / name for name in ("one", "other", "out"))
        if not (written(files, one) and written(dict(mixed), other)):
            return
        found, again = attempt(one), attempt(other)
        if isinstance(found, str) or isinstance(again, str):
            assert found == again
            return
        assert again.archive == found.archive
        verify(found.archive, found.source_hash)
        extract(found.archive, out)
        unpacked = {
            p.relative_to(out).as_posix(): p.read_bytes() for p in out.rglob("*") if p.is_file()
        }
        assert unpacked == contents(found.archive)
        left_out = [one.path for one in found.left_out]
        folders = tuple(path for path in left_out if path.endswith("/"))
        assert unpacked == {
            unicodedata.normalize("NFC", name): content
            for name, content in files.items()
            if name not in left_out and not name.startswith(folders)
        }, "what is not left out is in, with its content"


def attempt(folder: Path) -> Bundle | str:
    """Make a bundle, or return why not."""
    try:
        return build_bundle(folder)
    except BundleError as refusal:
        return refusal.message
