"""`casparian parser` over a store: what it prints for people, what as JSON, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from casparian.app.cli import casparian
from casparian.core.bundles import build_bundle
from casparian.core.stores import open_store
from casparian.core.stores.jobs import NewJob
from casparian.core.stores.parsers import NewParser

CONTRACT = '{"outputs": {"sales": {"columns": {"a": {"type": "int64"}}}}}'


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store with sales 1.0.0 (replaced once) and 1.1.0, and a live job of 1.0.0."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CASPARIAN_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "120")
    url = tmp_path / "casparian.db"
    with open_store(url) as store:
        for version, content in (("1.0.0", "#0"), ("1.0.0", "#1"), ("1.1.0", "#2")):
            store.parsers.insert(stored(tmp_path, version, content), force=True)
        pinned = store.parsers.get_by_name_version("sales", "1.0.0")
        assert pinned is not None
        store.jobs.insert(NewJob("sales", "1.0.0", pinned.source_hash, "/in.csv", "1" * 64))
    return url


def stored(folder: Path, version: str, content: str) -> NewParser:
    place = folder / "sales"
    place.mkdir(exist_ok=True)
    for name, text in {"parser.py": content, "pyproject.toml": "", "uv.lock": ""}.items():
        (place / name).write_text(text)
    bundle = build_bundle(place)
    return NewParser(
        "sales",
        version,
        bundle.source_hash,
        bundle.lockfile_hash,
        bundle.entrypoint,
        ("sales", "all"),
        CONTRACT,
        "c" * 64,
        bundle.archive,
    )


def call(*words: str, code: int = 0) -> Result:
    done = CliRunner().invoke(casparian, ["parser", *words], standalone_mode=False)
    assert (done.return_value or 0) == code, done.output
    return done


def told(*words: str, code: int = 0) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(call(*words, "--json", code=code).stdout)
    return content


def test_the_list_has_the_latest_of_each_and_marks_the_paused(store: Path) -> None:
    [one] = told("list")["parsers"]
    assert (one["name"], one["version"], one["status"]) == ("sales", "1.1.0", "active")
    assert one["jobs"] == {"pending": 1}
    assert one["topics"] == ["sales", "all"]
    every = told("list", "--all")["parsers"]
    assert [(p["version"], p["jobs"]) for p in every] == [
        ("1.0.0", {}),
        ("1.0.0", {"pending": 1}),
        ("1.1.0", {}),
    ], "each bundle has its own jobs"
    assert call("list", "--all").stdout.count("1 pending") == 1
    assert "PAUSED" not in call("list").stdout
    call("pause", "sales", "--reason", "the exports are wrong")
    assert "PAUSED" in call("list").stdout
    assert told("list")["parsers"][0]["status"] == "paused"


def test_an_empty_registry_says_how_to_begin_and_stays_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CASPARIAN_HOME", str(tmp_path / "home"))
    assert "casparian parser register" in call("list").stdout
    assert told("list") == {"parsers": []}
    assert told("show", "sales", code=1)["error"]["type"] == "UnknownParserError"
    assert not (tmp_path / "home").exists()


def test_show_has_versions_files_contract_and_health(store: Path) -> None:
    call("pause", "sales", "--reason", "the exports are wrong")
    one = told("show", "sales@1.0.0")["parser"]
    assert [f["path"] for f in one["files"]] == ["parser.py", "pyproject.toml", "uv.lock"]
    assert [(v["version"], v["is_current"]) for v in one["versions"]] == [
        ("1.1.0", True),
        ("1.0.0", True),
        ("1.0.0", False),
    ]
    assert one["contract"] == json.loads(CONTRACT)
    assert one["health"]["paused_reason"] == "the exports are wrong"
    assert one["jobs"] == {"pending": 1}
    text = call("show", "sales").stdout
    for part in ("sales 1.1.0", "PAUSED", "the exports are wrong", "casparian parser resume sales"):
        assert part in text
    for part in ("parser.py", "replaced by --force", "int64", "1 pending"):
        assert part in text


def test_a_bundle_that_was_damaged_in_the_store_is_not_shown(store: Path) -> None:
    damaged = store.read_bytes().replace(b"#2PK", b"#3PK")
    store.write_bytes(damaged)
    error = told("show", "sales", code=1)["error"]
    assert error["type"] == "BundleCorruptError"


def test_pause_and_resume_say_whether_anything_changed(store: Path) -> None:
    assert told("pause", "sales")["parser"] == {
        "name": "sales",
        "status": "paused",
        "changed": True,
    }
    assert told("pause", "sales")["parser"]["changed"] is False
    assert "again" in call("resume", "sales").stdout
    assert told("resume", "sales")["parser"] == {
        "name": "sales",
        "status": "active",
        "changed": False,
    }
    assert told("pause", "nope", code=1)["error"]["hint"] == "there are: sales"
    assert told("resume", "sales@1.0.0", code=2)["error"]["type"] == "UsageError"


def test_a_parser_with_live_jobs_is_not_removed(store: Path) -> None:
    error = told("remove", "sales", code=1)["error"]
    assert error["type"] == "ParserInUseError"
    assert told("remove", "sales@1.1.0")["parser"]["bundles"] == 1
    assert told("show", "sales")["parser"]["version"] == "1.0.0"
    with open_store(store) as opened:
        [job] = opened.jobs.list().jobs
        opened.jobs.cancel(job.job_id)
    assert "2 bundles" in call("remove", "sales").stdout
    assert told("list") == {"parsers": []}


def test_what_is_allowed_must_be_something_that_is_looked_for(store: Path) -> None:
    error = told("register", "sales", "--strict", "--allow", "subproces", code=1)["error"]
    assert "did you mean subprocess?" in error["hint"]
