"""``casparian db``: the store that the settings name, looked at, made and checked."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click import UsageError
from click.testing import CliRunner, Result

from casparian.app.cli import casparian
from casparian.core.stores.errors import StoreUnreachableError
from casparian.core.stores.sqlite.schema import MIGRATIONS


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CASPARIAN_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("CASPARIAN_STORE", raising=False)


def db(*words: str) -> Result:
    return CliRunner().invoke(casparian, ["db", *words], standalone_mode=False)


def test_the_store_is_made_in_the_home_and_then_is_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "home" / "casparian.db"
    assert db("migrate").output == f"{path}: applied {', '.join(name for name, _ in MIGRATIONS)}\n"
    assert db("migrate").output == f"{path} is up to date\n"
    assert json.loads(db("status", "--json").output)["where"] == str(path)
    assert "up to date" in db("status").output


def test_the_store_is_where_the_option_the_environment_or_the_file_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("casparian.toml").write_text('store = "a.db"\n')
    assert json.loads(db("migrate", "--json").output)["store"] == "a.db"
    monkeypatch.setenv("CASPARIAN_STORE", f"sqlite://{tmp_path}/b.db")
    db("migrate")
    db("migrate", "--store", "c.db")
    assert all(Path(name).exists() for name in ("a.db", "b.db", "c.db"))


@pytest.mark.parametrize(
    "words",
    [
        ("db", "migrate"),
        ("db", "status"),
        ("jobs",),
        ("parser", "list"),
        ("env", "build", "sales"),
        ("enqueue", "sales", "a.csv"),
        ("worker", "--drain"),
        ("process",),
    ],
)
def test_a_store_that_can_not_be_made_where_it_is_named_is_refused_by_every_command(
    words: tuple[str, ...],
) -> None:
    Path("folder").mkdir()
    for named, message, hint in (
        ("nodir/sub/s.db", "there is no folder", f"mkdir -p {Path.cwd()}/nodir/sub;"),
        ("folder", "this is a folder, and a store is a file", "name a file in it"),
    ):
        done = CliRunner().invoke(casparian, [*words, "--store", named], standalone_mode=False)
        assert isinstance(done.exception, StoreUnreachableError)
        assert message in done.exception.message
        assert hint in done.exception.hint
        assert not done.output, "a worker says nothing of itself before it has a store"
    assert sorted(Path.cwd().rglob("*")) == [Path.cwd() / "folder"]


def test_a_store_of_a_newer_casparian_is_looked_at_and_is_exit_code_1() -> None:
    db("migrate", "--store", "s.db")
    assert db("status", "--store", "s.db").return_value == 0
    with closing(sqlite3.connect("s.db")) as raw:
        raw.execute("PRAGMA user_version = 99")
    done = db("status", "--store", "s.db")
    assert done.return_value == 1
    assert "version 99, newer than this program's" in done.output
    done = db("status", "--store", "s.db", "--json")
    assert (done.return_value, json.loads(done.output)["version"]) == (1, 99)


def test_a_problem_is_told_and_is_the_exit_code() -> None:
    db("migrate", "--store", "s.db")
    assert db("check", "--store", "s.db").return_value == 0
    with closing(sqlite3.connect("s.db")) as raw:
        raw.execute("INSERT INTO cf_job_counts VALUES ('sales', 'pending', 3)")
        raw.commit()
    done = db("check", "--store", "s.db")
    assert done.return_value == 1
    assert "the kept counts of jobs differ from the jobs: 1\n    sales, pending" in done.output
    found = json.loads(db("check", "--store", "s.db", "--json").output)
    assert [problem["name"] for problem in found["problems"]] == ["job_counts"]


def test_a_backup_is_made_in_a_file_or_a_folder(tmp_path: Path) -> None:
    db("migrate", "--store", "s.db")
    made = json.loads(db("backup", "b.db", "--store", "s.db", "--json").output)
    assert made == {
        "store": str(tmp_path / "s.db"),
        "backup": str(tmp_path / "b.db"),
        "bytes": Path("b.db").stat().st_size,
        "version": len(MIGRATIONS),
    }
    assert f"✓ {tmp_path / 'c.db'}  " in db("backup", "c.db", "--store", "s.db").output
    (tmp_path / "kept").mkdir()
    db("backup", "kept/", "--store", "s.db")
    [kept] = (tmp_path / "kept").iterdir()
    assert kept.name.startswith("s-2")
    for to, said in (("", "TO is empty"), ("none/", "no such folder")):
        refused = db("backup", to, "--store", "s.db")
        assert isinstance(refused.exception, UsageError)
        assert said in refused.exception.message
