"""A backup is the whole store as it was at one moment."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from casparian.core.stores import StoreError
from casparian.core.stores.backups import back_up_store
from casparian.core.stores.maintenance import check_store, store_status
from casparian.core.stores.sqlite.schema import MIGRATIONS
from casparian.core.stores.sqlite.store import SqliteStore

from .clock import claim, finish, new_job


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "casparian.db"
    with SqliteStore(path) as store:
        for number in range(3):
            store.jobs.insert(new_job(number))
    return path


def jobs(path: Path) -> dict[str, int]:
    return dict(store_status(str(path)).jobs)


def problems(path: Path) -> list[str]:
    """What is wrong, but for that these jobs have no bundle."""
    return [one.name for one in check_store(str(path)) if one.name != "bundles"]


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_a_backup_has_what_was_done_last_though_the_store_is_in_use(
    path: Path, tmp_path: Path
) -> None:
    path.chmod(0o600)
    with SqliteStore(path) as store:
        finish(store, claim(store))
        assert path.with_name("casparian.db-wal").stat().st_size > 0
        made = back_up_store(str(path), tmp_path / "copy.db")
        claim(store)
    copy = Path(made.backup)
    assert jobs(copy) == {"completed": 1, "pending": 2}
    assert (made.bytes, made.version) == (copy.stat().st_size, len(MIGRATIONS))
    assert copy.stat().st_mode & 0o777 == 0o600, "it holds what the store holds"
    assert not [name for name in names(tmp_path) if name.startswith((".", "copy.db-"))]


def test_a_backup_is_of_one_moment_however_much_is_written_meanwhile(
    path: Path, tmp_path: Path
) -> None:
    ended = threading.Event()

    def write() -> None:
        with SqliteStore(path) as store:
            number = 3
            while not ended.is_set():
                # Two jobs at once, so that half of a change would be seen.
                store.jobs.insert_many([new_job(number), new_job(number + 1)])
                number += 2

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(5):
            back_up_store(str(path), tmp_path / f"{number}.db")
    finally:
        ended.set()
        writer.join()
    for number in range(5):
        assert jobs(tmp_path / f"{number}.db")["pending"] % 2 == 1
        assert problems(tmp_path / f"{number}.db") == []


def test_into_a_folder_it_is_named_after_the_store_and_the_time(path: Path, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    made = back_up_store(str(path), tmp_path / "kept")
    [name] = names(tmp_path / "kept")
    assert made.backup == str(tmp_path / "kept" / name)
    assert name.startswith("casparian-2")
    assert name.endswith("Z.db")


def test_nothing_that_is_there_is_written_over(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("mine")
    with pytest.raises(StoreError, match="is there already"):
        back_up_store(str(path), other)
    with pytest.raises(StoreError, match="is there already"):
        back_up_store(str(path), path)
    with pytest.raises(StoreError, match="there is no folder"):
        back_up_store(str(path), tmp_path / "none" / "x.db")
    assert other.read_text() == "mine"


def test_a_damaged_store_has_no_backup_that_looks_sound(path: Path, tmp_path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[3 * 4096 : 5 * 4096] = b"\xff" * 8192
    path.write_bytes(content)
    with pytest.raises(StoreError):
        back_up_store(str(path), tmp_path / "copy.db")
    assert {name.removesuffix("-shm").removesuffix("-wal") for name in names(tmp_path)} == {
        "casparian.db"
    }


def test_what_a_killed_backup_left_goes_with_the_next_one_into_its_folder(
    path: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    code = (
        "import os, sys; from pathlib import Path\n"
        "from casparian.core.stores.sqlite import backups\n"
        "backups._give_name = lambda copy, to: (print(copy.name, flush=True), sys.stdin.read())\n"
        "backups.back_up(Path(sys.argv[1]), Path(sys.argv[2]))\n"
    )
    killed = subprocess.Popen(
        [sys.executable, "-c", code, str(path), str(folder / "copy.db")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with killed:
        assert killed.stdout is not None
        under_way = folder / killed.stdout.readline().strip()
        os.utime(under_way, (0, 0))
        back_up_store(str(path), folder / "second.db")
        assert names(folder) == [under_way.name, "second.db"], "it is under way"
        killed.kill()
    back_up_store(str(path), folder / "third.db")
    assert names(folder) == ["second.db", "third.db"]


def test_a_disk_that_is_full_leaves_no_half_of_a_backup(path: Path, tmp_path: Path) -> None:
    program = (
        "import pathlib, resource, sys\n"
        "from casparian.core.stores.backups import back_up_store\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))\n"
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "back_up_store(sys.argv[1], pathlib.Path(sys.argv[2]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, path, tmp_path / "copy.db"], capture_output=True, text=True
    )
    assert "the backup can't be written" in done.stderr
    assert "copy.db" not in names(tmp_path)
    assert not [name for name in names(tmp_path) if name.startswith(".")]
