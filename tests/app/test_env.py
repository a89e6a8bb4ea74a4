"""``casparian env``: what there is of environments, building one ahead, taking away the unused."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from casparian.app.cli import casparian
from casparian.core.bundles import build_bundle
from casparian.core.environments import EnvironmentFailedError, held_environment
from casparian.core.stores.errors import UnknownParserError
from casparian.core.stores.parsers import NewParser
from casparian.core.stores.store import open_store

from ..tiny_projects import Place, make_place

DESCRIBED = (Path(__file__).parents[2] / "docs/environments.md").read_text("utf-8")


@pytest.fixture(scope="module")
def uv_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("uv-cache")


@pytest.fixture
def place(tmp_path: Path, uv_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CASPARIAN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("UV_CACHE_DIR", str(uv_cache))
    for name in ("CASPARIAN_STORE", "CASPARIAN_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    return make_place(tmp_path)


def env(*words: str) -> Result:
    return CliRunner().invoke(casparian, ["env", *words], standalone_mode=False)


def told(*words: str) -> dict:
    done = env(*words, "--json")
    assert (done.exception, done.return_value) == (None, None), done.output
    content: dict = json.loads(done.stdout)
    for key in keys_of(content):
        assert f"`{key}`" in DESCRIBED or f'"{key}"' in DESCRIBED, key
    return content


def keys_of(value) -> set[str]:
    if isinstance(value, dict):
        return {*value, *keys_of(list(value.values()))}
    return {key for one in value for key in keys_of(one)} if isinstance(value, list) else set()


def register(place: Place) -> None:
    """Put the project into the store as a parser; its code is not what matters here."""
    (place.project / "parser.py").write_text("class Parser:\n    name = 'sales'\n")
    bundle = build_bundle(place.project)
    with open_store(str(place.home / "casparian.db")) as store:
        store.parsers.insert(
            NewParser(
                *("sales", "1.0.0", bundle.source_hash, bundle.lockfile_hash),
                *("parser.py", (), None, None, bundle.archive),
            )
        )


def test_a_registered_parsers_is_built_ahead_and_listed_as_its_own(place: Place) -> None:
    assert told("list") == {"environments": []}
    place.home.mkdir()
    register(place)
    built = told("build", "sales")["environment"]
    assert (built["parser"], built["built"]) == ("sales 1.0.0", True)
    assert built["folder"] == str(place.venvs / built["key"])
    [listed] = told("list")["environments"]
    assert listed["parsers"] == [{"name": "sales", "version": "1.0.0"}]
    assert (listed["key"], listed["status"], listed["in_use"]) == (built["key"], "ready", False)
    assert listed["last_used_at"] >= listed["built_at"][:19]
    assert "sales 1.0.0" in env("list").stdout
    again = env("build", "sales@1.0.0").stdout
    assert f"sales 1.0.0: environment {built['key'][:12]}, it was there already" in again
    # The folder has the same packages, so it is the same.
    assert told("build", "./project")["environment"]["key"] == built["key"]
    Path(built["python"]).unlink()
    [listed] = told("list")["environments"]
    assert (listed["status"], listed["flaw"]) == (
        "broken",
        f"there is no Python at {built['python']}",
    )
    assert f"is broken: {listed['flaw']}" in env("list").stdout
    assert told("build", "project")["environment"]["built"]


def test_what_cannot_be_built_is_an_error(place: Place) -> None:
    assert isinstance(env("build", "slaes").exception, UnknownParserError)
    assert "no such folder" in str(env("build", "./slaes").exception)
    (place.project / "uv.lock").unlink()
    assert isinstance(env("build", "./project").exception, EnvironmentFailedError)
    done = env("build", "./project", "--json")
    assert done.return_value == 1
    assert json.loads(done.stdout)["error"]["type"] == "EnvironmentFailedError"


def test_pruning_takes_what_was_not_used_and_nothing_that_is(place: Place) -> None:
    built = told("build", "./project")["environment"]
    short = built["key"][:12]
    assert told("prune") == {
        "removed": [],
        "kept": [{"key": built["key"], "reason": "used lately"}],
    }
    with held_environment(place.project, parser="sales"):
        assert told("prune", "--all")["kept"] == [{"key": built["key"], "reason": "in use"}]
        assert f"kept    {short}  in use" in env("prune", "--all").stdout
    then = time.time() - 3 * 86_400
    os.utime(Path(built["folder"]) / "casparian-environment.json", (then, then))
    assert told("prune", "--unused-for", "4")["removed"] == []
    done = env("prune", "--unused-for", "2").stdout
    assert f"removed {short}" in done
    assert "last used 3d ago" in done
    assert not Path(built["folder"]).exists()
    assert env("prune", "--all").stdout == "nothing to take away\n"
