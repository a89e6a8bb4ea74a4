"""What runs find in their folders: as new, though the folders are read only when they changed."""

import os
import shutil
import zipfile

import pytest

from casparian.core.warm import run_folders
from casparian.core.warm.run_folders import RunFolders

CHANGES_OF_THE_BUNDLE = {
    "a file is added": lambda place: (place / "bundle" / "data" / "left").touch(),
    "a file is gone": lambda place: (place / "bundle" / "parser.py").unlink(),
    "a file is another": lambda place: (place / "bundle" / "parser.py").write_text("other"),
    "a file may be run": lambda place: (place / "bundle" / "parser.py").chmod(0o755),
    "it is not there": lambda place: shutil.rmtree(place / "bundle"),
}
CHANGES_OF_A_RUN_S_OWN = {
    "a file is left": lambda place: (place / "work" / "left").touch(),
    "a folder is left": lambda place: (place / "home" / "left" / "deep").mkdir(parents=True),
    "something lies beside": lambda place: (place / "left").touch(),
    "a folder is gone": lambda place: (place / "tmp").rmdir(),
    "a folder is a link": lambda place: _link(place / "tmp", place / "work"),
    "a folder can't be written": lambda place: (place / "work").chmod(0o500),
}


def _link(path, target):
    path.rmdir()
    path.symlink_to(target)


def state(place):
    return {
        str(path.relative_to(place)): (path.lstat().st_mode, path.is_file() and path.read_text())
        for path in place.rglob("*")
    }


@pytest.fixture
def place(tmp_path):
    return tmp_path / "place"


@pytest.fixture
def folders(tmp_path, place, monkeypatch, pass_a_tick):
    """Folders that were looked into when nothing had happened in them for long."""
    archive = tmp_path / "bundle.zip"
    with zipfile.ZipFile(archive, "w") as bundle:
        bundle.writestr("parser.py", "as bundled")
        bundle.writestr("data/names.csv", "name\n")
    monkeypatch.setattr(run_folders, "_TICK_NS", 0)
    folders = RunFolders(place, archive, private=True)
    pass_a_tick()
    folders.settle()
    folders.empty()
    assert folders.has_bundle_as_unpacked()
    yield folders
    folders.remove()


@pytest.fixture
def pass_a_tick(tmp_path):
    """Waits until what is changed gets another time than what was changed before."""

    def wait():
        probe = tmp_path / "probe"
        probe.write_text("")
        before = probe.stat().st_ctime_ns
        while probe.stat().st_ctime_ns == before:
            probe.write_text("")

    return wait


def test_folders_in_which_nothing_happened_are_not_read_again(folders, monkeypatch):
    with monkeypatch.context() as patched:
        for name in ("listdir", "scandir"):
            patched.setattr(os, name, None)
        folders.empty()
        assert folders.has_bundle_as_unpacked()


@pytest.mark.parametrize("change", CHANGES_OF_THE_BUNDLE)
def test_a_bundle_that_was_changed_is_unpacked_anew(folders, place, pass_a_tick, change):
    as_new = state(place)
    pass_a_tick()
    CHANGES_OF_THE_BUNDLE[change](place)
    assert not folders.has_bundle_as_unpacked()
    folders.renew()
    assert state(place) == as_new


@pytest.mark.parametrize("change", CHANGES_OF_A_RUN_S_OWN)
def test_whatever_a_run_left_is_gone_each_time(folders, place, pass_a_tick, change):
    as_new = state(place)
    for _ in range(2):
        pass_a_tick()
        CHANGES_OF_A_RUN_S_OWN[change](place)
        folders.empty()
        assert state(place) == as_new
    assert folders.has_bundle_as_unpacked()


def test_what_changed_a_moment_ago_is_read_as_it_may_have_changed_since(
    folders, place, monkeypatch, pass_a_tick
):
    monkeypatch.setattr(run_folders, "_TICK_NS", 3_600_000_000_000)
    pass_a_tick()
    (place / "work" / "left").touch()
    folders.empty()
    folders.empty()
    read, listdir = [], os.listdir
    monkeypatch.setattr(os, "listdir", lambda path: read.append(str(path)) or listdir(path))
    folders.empty()
    assert {str(place), str(place / "work")} <= set(read)
