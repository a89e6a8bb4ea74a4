"""What of a folder is in a bundle, what is left out, and what is refused."""

from __future__ import annotations

import hashlib
import os
import socket
from pathlib import Path

import pytest

from casparian.core.bundles import BundleError, build_bundle
from casparian.core.bundles.kinds import SUFFIXES

from .conftest import Maker


def left_out(folder: Path) -> dict[str, str]:
    return {one.path: one.reason for one in build_bundle(folder).left_out}


def test_sources_and_data_are_in_and_the_hashes_are_those_of_the_bytes(make: Maker) -> None:
    folder = make({f"data/x{suffix}": suffix for suffix in SUFFIXES} | {"data/Y.CSV": ""})
    bundle = build_bundle(folder)
    in_data = {name for name in bundle.files if name.startswith("data/")}
    assert in_data == {*(f"data/x{suffix}" for suffix in SUFFIXES), "data/Y.CSV"}
    assert {"parser.py", "pyproject.toml", "uv.lock"} < set(bundle.files)
    assert bundle.source_hash == hashlib.sha256(bundle.archive).hexdigest()
    assert bundle.lockfile_hash == hashlib.sha256(b"version = 1\n").hexdigest()
    assert bundle.left_out == ()


def test_what_is_left_out_is_listed_with_the_reason(make: Maker) -> None:
    folder = make(
        {
            ".venv/lib/x.py": "",
            "venv/x.py": "",
            "env38/pyvenv.cfg": "",
            "env38/x.py": "",
            "__pycache__/parser.cpython-311.pyc": "",
            "pkg/__pycache__/x.pyc": "",
            ".git/config.toml": "",
            "build/lib/x.py": "",
            "sales.egg-info/x.txt": "",
            "fast.cpython-311-x86_64-linux-gnu.so": "",
            "libx.so.1": "",
            ".env": "SECRET=1",
            ".secrets.toml": "",
            "README.md": "",
            "Makefile": "",
            "sub/uv.lock": "",
            "samples/x.csv": "",
            "pkg/samples/y.csv": "",
        }
    )
    told = left_out(folder)
    assert set(told) == {
        ".venv/",
        "venv/",
        "env38/",
        "__pycache__/",
        "pkg/__pycache__/",
        ".git/",
        "build/",
        "sales.egg-info/",
        "fast.cpython-311-x86_64-linux-gnu.so",
        "libx.so.1",
        ".env",
        ".secrets.toml",
        "README.md",
        "Makefile",
        "sub/uv.lock",
        "samples/",
    }
    assert all(told.values())
    assert told[".venv/"] == told["venv/"] == told["env38/"] == "a virtual environment"
    assert "native library" in told["libx.so.1"]
    assert "pkg/samples/y.csv" in build_bundle(folder).files, "only those beside the parser"


def test_no_lock_is_refused_with_the_command_that_makes_one(make: Maker) -> None:
    folder = make()
    (folder / "uv.lock").unlink()
    with pytest.raises(BundleError) as refused:
        build_bundle(folder)
    assert refused.value.message == "No uv.lock found. Run 'uv lock' first."
    assert "uv lock --project" in refused.value.hint


def test_no_project_is_refused(make: Maker) -> None:
    folder = make()
    (folder / "pyproject.toml").unlink()
    with pytest.raises(BundleError, match=r"no pyproject\.toml"):
        build_bundle(folder)


@pytest.mark.parametrize("entrypoint", ["other.py", ".hidden.py"])
def test_an_entrypoint_that_is_not_in_the_bundle_is_refused(make: Maker, entrypoint: str) -> None:
    with pytest.raises(BundleError, match=entrypoint):
        build_bundle(make({".hidden.py": ""}), entrypoint=entrypoint)


def test_a_folder_without_a_project_takes_the_shared_one(make: Maker, tmp_path: Path) -> None:
    folder = make()
    for name in ("pyproject.toml", "uv.lock"):
        (folder / name).rename(tmp_path / name)
    bundle = build_bundle(folder, shared=tmp_path)
    assert bundle.files == ("parser.py", "pyproject.toml", "uv.lock")
    (folder / "pyproject.toml").write_text("")
    with pytest.raises(BundleError, match=r"No uv\.lock"):
        build_bundle(folder, shared=tmp_path)  # a project of its own needs a lock of its own


def test_links_inside_the_folder_are_followed(make: Maker) -> None:
    folder = make({"data/x.csv": "a"})
    (folder / "y.csv").symlink_to("data/x.csv")
    (folder / "more").symlink_to("data")
    (folder / "notes.md").symlink_to("/etc/hostname")
    (folder / "old").symlink_to("nowhere")
    bundle = build_bundle(folder)
    assert {"data/x.csv", "y.csv", "more/x.csv"} < set(bundle.files)
    assert {"notes.md", "old"} == {one.path for one in bundle.left_out}, "not wanted in any case"


def test_a_link_to_what_is_left_out_is_left_out(make: Maker) -> None:
    folder = make({".git/hooks/x.py": "", "samples/x.csv": ""})
    (folder / "hooks").symlink_to(".git/hooks")
    (folder / "one.csv").symlink_to("samples/x.csv")
    told = left_out(folder)
    assert told["hooks/"] == "version control"
    assert "tried" in told["one.csv"]


@pytest.mark.parametrize(
    ("name", "target", "says"),
    [
        ("x.csv", "/etc/passwd", "leaves the folder"),
        ("data", "..", "leaves the folder"),
        ("x.csv", "nowhere.csv", "leads nowhere"),
        ("x.csv", "x.csv", "leads nowhere"),
        ("data", ".", "lies in"),
        ("sub/up", "..", "lies in"),
    ],
)
def test_links_that_lead_out_or_nowhere_are_refused(
    make: Maker, name: str, target: str, says: str
) -> None:
    folder = make({"sub/x.py": ""})
    (folder / name).symlink_to(target)
    with pytest.raises(BundleError, match=says) as refused:
        build_bundle(folder)
    assert name in refused.value.message
    assert refused.value.hint


def test_a_lock_that_is_a_link_out_of_the_folder_is_refused(make: Maker, tmp_path: Path) -> None:
    folder = make()
    (folder / "uv.lock").rename(tmp_path / "uv.lock")
    (folder / "uv.lock").symlink_to(tmp_path / "uv.lock")
    with pytest.raises(BundleError, match="leaves the folder"):
        build_bundle(folder)


@pytest.mark.parametrize(
    ("one", "other", "how"),
    [
        ("a.csv", "A.csv", "upper and lower case"),
        ("Data/a.csv", "data/b.csv", "upper and lower case"),
        ("stra\u00dfe.csv", "STRASSE.csv", "upper and lower case"),
        ("\u00e9.csv", "e\u0301.csv", "letters are encoded"),
        ("\u00e9/a.csv", "e\u0301/b.csv", "letters are encoded"),
    ],
)
def test_names_that_would_be_one_elsewhere_are_refused(
    make: Maker, one: str, other: str, how: str
) -> None:
    with pytest.raises(BundleError, match=how):
        build_bundle(make({one: "", other: ""}))


def test_names_that_no_archive_may_have_are_refused(make: Maker) -> None:
    for name in (b"\xff.csv", b"a\\b.csv", b"c:d.csv"):
        folder = make()
        path = os.path.join(os.fsencode(folder), name)
        with open(path, "w"):
            pass
        with pytest.raises(BundleError, match="can't be bundled"):
            build_bundle(folder)
        os.unlink(path)


def test_what_is_no_file_is_left_out_and_not_waited_for(make: Maker) -> None:
    folder = make()
    os.mkfifo(folder / "pipe.csv")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(folder / "s.json"))
        assert left_out(folder) == {"pipe.csv": "no plain file", "s.json": "no plain file"}


def test_a_bundle_over_the_limit_is_refused_and_the_largest_files_named(make: Maker) -> None:
    folder = make({"big.csv": "x" * 3_000, "small.csv": ""})
    assert build_bundle(folder, limit=4_000)
    with pytest.raises(BundleError, match=r"limit of 2,000.*big\.csv \(3,000 bytes\)") as refused:
        build_bundle(folder, limit=2_000)
    assert "bundle_limit" in refused.value.hint


def test_more_files_than_an_archive_may_have_are_refused(
    make: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("casparian.core.bundles.bundle.MAX_FILES", 3)
    with pytest.raises(BundleError, match="at most 3 files"):
        build_bundle(make({"x.py": ""}))


def test_a_file_that_vanishes_changes_or_can_not_be_read_is_an_error_that_names_it(
    make: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make({"data.csv": "a\n" * 10})
    data, real = folder / "data.csv", os.open

    def vanishing(path: Path, flags: int) -> int:
        data.unlink(missing_ok=True)
        return real(path, flags)

    def growing(path: Path, flags: int) -> int:
        fd = real(path, flags)
        if Path(path).name == "data.csv":
            monkeypatch.setattr("os.fdopen", lambda *_: Growing(fd, data))
        return fd

    def unreadable(path: Path, flags: int) -> int:
        raise PermissionError(13, "Permission denied", str(path))

    cases = [(vanishing, "vanished"), (growing, "changed"), (unreadable, "Permission denied")]
    for broken, says in cases:
        data.write_text("a\n" * 10)
        with monkeypatch.context() as patch:
            patch.setattr("casparian.core.bundles.bundle.os.open", broken)
            with pytest.raises(BundleError, match=says) as refused:
                build_bundle(folder)
        monkeypatch.undo()
        assert "sales" in refused.value.message


class Growing:
    """A file to which somebody writes while it is read."""

    def __init__(self, fd: int, path: Path) -> None:
        self._fd, self._path = fd, path

    def __enter__(self) -> Growing:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)

    def read(self) -> bytes:
        half = os.read(self._fd, 10)
        with self._path.open("a") as file:
            file.write("b\n")
        return half + os.read(self._fd, 10)


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"No uv\.lock"):
        build_bundle(tmp_path / "none")
