"""A backup is the whole store as it was at one moment, and a store is its backup again."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from casparian.core.stores import StoreError, StoreNewerError, StoreUnreachableError
from casparian.core.stores.backups import back_up_store, restore_store
from casparian.core.stores.maintenance import check_store, store_status
from casparian.core.stores.sqlite.connection import Connection
from casparian.core.stores.sqlite.migrations import migrate
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


def test_a_store_is_its_backup_again_and_what_was_there_is_kept(path: Path, tmp_path: Path) -> None:
    back_up_store(str(path), tmp_path / "copy.db")
    with SqliteStore(path) as store:
        store.jobs.insert(new_job(3))
    done = restore_store(str(path), tmp_path / "copy.db")
    assert jobs(path) == {"pending": 3}
    assert problems(path) == []
    assert done.kept is not None
    assert jobs(Path(done.kept)) == {"pending": 4}
    assert (tmp_path / "copy.db").exists()
    with SqliteStore(path) as store:
        finish(store, claim(store))


def test_where_no_store_is_a_backup_becomes_one(path: Path, tmp_path: Path) -> None:
    new = tmp_path / "elsewhere" / "casparian.db"
    assert restore_store(str(new), path).kept is None
    assert jobs(new) == {"pending": 3}


def test_what_a_lost_store_left_beside_it_never_comes_into_the_backup(
    path: Path, tmp_path: Path
) -> None:
    back_up_store(str(path), tmp_path / "copy.db")
    with SqliteStore(path) as store:
        store.jobs.insert(new_job(3))
        shutil.copy(f"{path}-wal", tmp_path / "left")
    path.write_bytes(b"no database any more")
    shutil.copy(tmp_path / "left", f"{path}-wal")
    done = restore_store(str(path), tmp_path / "copy.db")
    assert jobs(path) == {"pending": 3}
    assert problems(path) == []
    assert done.kept is not None
    assert Path(done.kept).read_bytes() == b"no database any more"
    assert Path(f"{done.kept}-wal").exists()


def test_a_store_in_use_is_left_to_who_uses_it(path: Path, tmp_path: Path) -> None:
    back_up_store(str(path), tmp_path / "copy.db")
    program = (
        "import pathlib, sys\n"
        "from casparian.core.stores.sqlite.store import SqliteStore\n"
        "with SqliteStore(pathlib.Path(sys.argv[1])):\n"
        "    print('open', flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as user:
        assert user.stdout is not None
        user.stdout.readline()
        before = names(tmp_path)
        with pytest.raises(StoreUnreachableError, match=f"in use by process {user.pid}"):
            restore_store(str(path), tmp_path / "copy.db")
        assert names(tmp_path) == before
    with SqliteStore(path), pytest.raises(StoreUnreachableError, match="in use by another process"):
        restore_store(str(path), tmp_path / "copy.db")  # by this one
    restore_store(str(path), tmp_path / "copy.db")


def test_only_a_sound_store_that_this_program_knows_takes_the_place(
    path: Path, tmp_path: Path
) -> None:
    before = path.read_bytes()
    (tmp_path / "empty.db").touch()
    (tmp_path / "text.db").write_text("no database" * 1000)
    with closing(sqlite3.connect(tmp_path / "other.db")) as raw:
        raw.execute("CREATE TABLE mine (x)")
    newer = Path(back_up_store(str(path), tmp_path / "newer.db").backup)
    with closing(sqlite3.connect(newer)) as raw:
        raw.execute("PRAGMA user_version = 9999")
    damaged = Path(back_up_store(str(path), tmp_path / "damaged.db").backup)
    content = bytearray(damaged.read_bytes())
    content[-4096:] = b"\xff" * 4096
    damaged.write_bytes(content)
    with SqliteStore(tmp_path / "open.db"):
        for name, said in (
            ("empty.db", "no store"),
            ("text.db", "damaged"),
            ("other.db", "another program's"),
            ("damaged.db", "damaged"),
            ("open.db", "in use"),
            ("none.db", "no such file"),
            ("casparian.db", "the store itself"),
        ):
            with pytest.raises(StoreError, match=said) as raised:
                restore_store(str(path), tmp_path / name)
            assert name in raised.value.message
            assert raised.value.hint
    with pytest.raises(StoreNewerError, match=r"newer\.db: a newer casparian"):
        restore_store(str(path), newer)
    assert path.read_bytes() == before
    assert not [name for name in names(tmp_path) if name.startswith((".", "casparian.db."))]


def test_a_backup_of_an_earlier_version_is_brought_up_to_date(path: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    with closing(Connection(old, read_only=False, clock=lambda: 0, patience_s=1)) as connection:
        migrate(connection, upto=3)
    done = restore_store(str(path), old)
    assert list(done.applied) == [name for name, _ in MIGRATIONS[3:]]
    assert store_status(str(path)).version == len(MIGRATIONS)
    assert store_status(str(old)).version == 3, "the backup stays as it is"


def test_who_is_killed_while_a_backup_is_put_back_leaves_a_store(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up_store(str(path), tmp_path / "copy.db")
    with SqliteStore(path) as store:
        store.jobs.insert(new_job(3))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            restore_store(str(path), tmp_path / "copy.db")
    assert jobs(path) == {"pending": 4}
    assert not [name for name in names(tmp_path) if name.startswith(".")]
    restore_store(str(path), tmp_path / "copy.db")
    assert jobs(path) == {"pending": 3}
