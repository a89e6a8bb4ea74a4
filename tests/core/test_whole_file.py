"""A file is there whole or not at all, and what is not to be replaced stays."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from casparian.core.whole_file import CannotWrite, write_whole


def test_a_new_file_has_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    place, other = tmp_path / "a", tmp_path / "b"
    write_whole(place, b"x", replace=False)
    other.write_bytes(b"")
    assert place.read_bytes() == b"x"
    assert place.stat().st_mode == other.stat().st_mode
    assert sorted(os.listdir(tmp_path)) == ["a", "b"]


def test_only_with_replace_a_file_is_replaced(tmp_path: Path) -> None:
    place = tmp_path / "a"
    place.write_text("mine")
    with pytest.raises(CannotWrite, match="there already"):
        write_whole(place, b"x", replace=False)
    assert place.read_text() == "mine"
    write_whole(place, b"x", replace=True, mode=0o640)
    assert place.read_text() == "x"
    assert place.stat().st_mode & 0o777 == 0o640
    assert os.listdir(tmp_path) == ["a"]


def test_one_that_comes_in_between_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "a"
    real = os.fchmod

    def other_writes(fd: int, mode: int) -> None:
        place.write_text("theirs")
        real(fd, mode)

    monkeypatch.setattr(os, "fchmod", other_writes)
    with pytest.raises(CannotWrite):
        write_whole(place, b"x", replace=False)
    assert place.read_text() == "theirs"
    assert os.listdir(tmp_path) == ["a"]


def test_a_device_or_a_pipe_is_never_replaced(tmp_path: Path) -> None:
    place = tmp_path / "pipe"
    os.mkfifo(place)
    with pytest.raises(CannotWrite, match="no plain file"):
        write_whole(place, b"x", replace=True)
    assert place.is_fifo()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CannotWrite, match="there is no folder"):
        write_whole(tmp_path / "no" / "a", b"x", replace=False)


def test_where_there_are_no_links_it_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    write_whole(tmp_path / "a", b"x", replace=False)
    assert (tmp_path / "a").read_bytes() == b"x"


def test_what_fails_half_way_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(fd: int, mode: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fchmod", full)
    with pytest.raises(CannotWrite, match="No space left"):
        write_whole(tmp_path / "a", b"x", replace=False)
    assert os.listdir(tmp_path) == []
