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


def test_a_backup_is_made_and_put_in_the_stores_place(tmp_path: Path) -> None:
    db("migrate", "--store", "s.db")
    made = json.loads(db("backup", "b.db", "--store", "s.db", "--json").output)
    assert made == {
        "store": str(tmp_path / "s.db"),
        "backup": str(tmp_path / "b.db"),
        "bytes": Path("b.db").stat().st_size,
        "version": len(MIGRATIONS),
    }
    assert f"✓ {tmp_path / 'c.db'}  " in db("backup", "c.db", "--store", "s.db").output
    refused = db("restore", "b.db", "--store", "s.db")
    assert isinstance(refused.exception, UsageError)
    assert "say so with --yes" in refused.exception.message
    done = db("restore", "b.db", "--store", "s.db", "--yes").output
    assert f"✓ {tmp_path / 's.db'} is what {tmp_path / 'b.db'} was\n" in done
    [kept] = tmp_path.glob("s.db.before-*")
    assert f"what was there is {kept}" in done
    new = json.loads(db("restore", "b.db", "--store", "new.db", "--json").output)
    assert (new["kept"], new["applied"]) == (None, [])


def test_sets_that_no_job_of_the_store_stands_for_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CASPARIAN_OUTPUT", str(tmp_path / "out"))
    db("migrate")
    assert db("check", "--outputs").return_value == 0
    place = tmp_path / "out" / "sales" / "1.0.0" / "0123456789abcdef"
    place.mkdir(parents=True)
    (place / "_manifest.json").write_text("{}")
    (tmp_path / "out" / ".staging" / "x" / "y").mkdir(parents=True)
    (tmp_path / "out" / "sales" / "notes.txt").touch()
    assert db("check").return_value == 0, "only where it is asked for"
    done = db("check", "--outputs")
    assert done.return_value == 1
    assert f"sets in {tmp_path / 'out'} are of no job of this store: 1\n    {place}" in done.output
