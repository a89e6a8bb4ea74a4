"""What is wrong with a store is found, and told; looking changes nothing."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from casparian.core.stores import StoreError, StoreUnreachableError
from casparian.core.stores.maintenance import check_store, migrate_store, store_status
from casparian.core.stores.parsers import NewParser
from casparian.core.stores.sqlite.schema import MIGRATIONS
from casparian.core.stores.sqlite.store import SqliteStore

from .clock import claim, finish, new_job


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store with a job done, one running and one pending."""
    path = tmp_path / "casparian.db"
    bundle = NewParser(
        name="sales",
        version="1.0.0",
        source_hash=hashlib.sha256(b"zip").hexdigest(),
        lockfile_hash="l",
        entrypoint="parser.py",
        topics=(),
        contract=None,
        contract_hash=None,
        archive=b"zip",
    )
    with SqliteStore(path) as store:
        store.parsers.insert(bundle)
        for number in range(3):
            store.jobs.insert(new_job(number, source_hash=bundle.source_hash))
        finish(store, claim(store), rows=5)
        claim(store)
    return path


def change(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path)) as raw:
        raw.execute(sql)
        raw.commit()


def test_a_status_says_what_the_store_holds_and_changes_nothing(path: Path) -> None:
    before = path.read_bytes()
    found = store_status(str(path))
    assert (found.version, found.latest) == (len(MIGRATIONS), len(MIGRATIONS))
    assert found.jobs == {"completed": 1, "running": 1, "pending": 1}
    assert found.rows["cf_parsers"] == 1
    assert path.read_bytes() == before


def test_a_store_that_is_well_has_no_problems(path: Path) -> None:
    assert check_store(str(path)) == []


@pytest.mark.parametrize(
    ("sql", "name", "example"),
    [
        ("UPDATE cf_job_counts SET jobs = 7 WHERE status = 'pending'", "job_counts", "pending"),
        ("UPDATE cf_jobs SET done_by = NULL", "attempts", ""),
        (
            "INSERT INTO cf_ended_attempts SELECT * FROM cf_job_attempts",
            "attempts",
            "",
        ),
        ("UPDATE cf_parsers SET source_archive = x'00'", "altered_bundles", "sales 1.0.0"),
        ("DELETE FROM cf_parsers", "bundles", ""),
        (
            "INSERT INTO cf_quarantine SELECT job_id, 'o', n.value, '[]', '', 0, '' "
            "FROM cf_jobs, json_each('[1,2]') n WHERE status = 'completed'; ",
            "quarantine_counts",
            "",
        ),
        (
            "INSERT INTO cf_quarantine SELECT job_id, 'o', 1, '[{}]', '', 0, '' FROM cf_jobs "
            "WHERE status = 'completed'",
            "quarantine_reasons",
            "",
        ),
    ],
)
def test_what_does_not_agree_is_found(path: Path, sql: str, name: str, example: str) -> None:
    change(path, sql)
    if name == "quarantine_counts":
        change(path, "UPDATE cf_jobs SET quarantined = 1 WHERE status = 'completed'")
    [problem] = check_store(str(path))
    assert problem.name == name
    assert example in problem.examples[0]


def test_a_damaged_file_is_told(path: Path) -> None:
    with SqliteStore(path) as store:
        store.connection.read("PRAGMA wal_checkpoint(TRUNCATE)")
        [table] = store.connection.read(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'cf_jobs_ready'"
        )
    content = bytearray(path.read_bytes())
    at = 4096 * (table["rootpage"] - 1)
    content[at : at + 4096] = b"\0" * 4096
    path.write_bytes(content)
    with pytest.raises(StoreError, match="damaged"):
        check_store(str(path))


def test_a_store_that_is_not_there_is_made_by_migrate_alone(tmp_path: Path) -> None:
    url = str(tmp_path / "new.db")
    for look in (store_status, check_store):
        with pytest.raises(StoreUnreachableError, match="there is no store yet"):
            look(url)
    assert not Path(url).exists()
    assert migrate_store(url) == [name for name, _ in MIGRATIONS]
    assert migrate_store(url) == []
    assert store_status(url).jobs == {}


def test_a_newer_store_has_its_version_told(path: Path) -> None:
    change(path, "PRAGMA user_version = 99")
    found = store_status(str(path))
    assert (found.version, found.rows) == (99, {})
    with pytest.raises(StoreError, match="newer casparian"):
        check_store(str(path))
