"""What makes a folder's names last is done again only when they have changed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from casparian.core.sinks import temporary


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    made: list[Path] = []
    monkeypatch.setattr(temporary, "sync_folder", made.append)
    return made


def _has_settled(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    now = folder.stat().st_ctime_ns + 3_000_000_000
    monkeypatch.setattr(temporary.time, "time_ns", lambda: now)


def test_a_folder_is_synced_again_once_it_has_changed(
    tmp_path: Path, synced: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    _has_settled(monkeypatch, tmp_path)
    for _ in range(3):
        temporary.sync_changed_folder(tmp_path)
    assert synced == [tmp_path]
    before = tmp_path.stat().st_ctime_ns
    while tmp_path.stat().st_ctime_ns == before:  # until the clock of the file system has ticked
        (tmp_path / "new").mkdir()
        (tmp_path / "new").rmdir()
    temporary.sync_changed_folder(tmp_path)
    assert synced == [tmp_path] * 2


def test_a_folder_that_has_just_changed_is_not_taken_for_synced(
    tmp_path: Path, synced: list[Path]
) -> None:
    os.utime(tmp_path)
    for _ in range(2):
        temporary.sync_changed_folder(tmp_path)
    assert synced == [tmp_path] * 2
