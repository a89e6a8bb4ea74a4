"""Environments: built by uv from a lock once, found from then on, whole or not at all."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from casparian.core.environments import EnvironmentFailedError, build

from ...tiny_projects import Place, write_wheel
from .conftest import wrapper

ASK = [*("-I", "-c"), "import pyarrow; print(pyarrow.__version__)"]


def version(python: Path) -> str:
    done = subprocess.run([python, *ASK], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_first_job_builds_it_and_the_second_asks_uv_nothing(place: Place, uv_calls) -> None:
    said: list[str] = []
    built = place.prepare(on_line=said.append)
    assert (built.built, built.folder, version(built.python)) == (
        *(True, place.venvs / built.key),
        "99.0",
    )
    assert "sync" in uv_calls()
    assert any("pyarrow==99.0" in line for line in said), said  # uv's own words
    calls = len(uv_calls())
    found = place.prepare()
    assert (found.built, found.key, found.python) == (False, built.key, built.python)
    assert len(uv_calls()) == calls


def test_projects_share_one_if_they_get_the_same_packages_in_the_same_way(
    place: Place, uv_calls
) -> None:
    other = place.write("other", extra='[dependency-groups]\nbench = ["six"]')
    first, second = place.prepare(), place.prepare(other)
    assert (first.key, second.built) == (second.key, False)
    assert uv_calls().count("sync") == 1
    with (other / "pyproject.toml").open("a") as file:
        file.write('config-settings = { "optimise" = "2" }\n')
    assert place.prepare(other).key != first.key


def test_the_project_is_left_as_it_is(place: Place) -> None:
    def look() -> dict[str, tuple[int, bytes]]:
        return {
            str(path): (path.stat().st_mtime_ns, path.read_bytes())
            for path in place.project.rglob("*")
        }

    before = look()
    place.project.chmod(0o555)
    place.prepare(check_lock=True)
    assert look() == before


def _without_interpreter(folder: Path) -> None:
    (folder / "bin/python").unlink()


def _emptied(folder: Path) -> None:
    [packages] = folder.glob("lib/python*/site-packages")
    shutil.rmtree(packages)
    packages.mkdir()


@pytest.mark.parametrize("damage", [_without_interpreter, _emptied])
def test_a_broken_one_is_built_again_once(place: Place, uv_calls, damage) -> None:
    first = place.prepare()
    damage(first.folder)
    said: list[str] = []
    again = place.prepare(on_line=said.append)
    assert (again.built, again.key, version(again.python)) == (True, first.key, "99.0")
    assert any("is broken" in line for line in said), said
    assert not place.prepare().built
    assert uv_calls().count("sync") == 2


def test_a_broken_one_that_cannot_be_built_again_is_an_error_with_the_reason(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = place.prepare().folder
    _emptied(folder)
    fails = '[ "$1" != sync ] || { echo "error: the wheel is gone" >&2; exit 2; }'
    monkeypatch.setattr(build, "uv_program", lambda: wrapper(tmp_path, fails))
    for _ in range(2):
        with pytest.raises(EnvironmentFailedError) as caught:
            place.prepare()
        assert "is broken" in caught.value.message
        assert "can't be built again" in caught.value.message
        assert caught.value.uv_said == "error: the wheel is gone"


def test_what_would_mislead_uv_or_python_is_kept_from_them(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "poison").mkdir()
    (tmp_path / "poison/sitecustomize.py").write_text("raise SystemExit('poisoned')\n")
    elsewhere = str(tmp_path / "elsewhere")
    for name, value in {
        "VIRTUAL_ENV": elsewhere,
        "PYTHONPATH": str(tmp_path / "poison"),
        "PYTHONHOME": elsewhere,
        "UV_PROJECT_ENVIRONMENT": elsewhere,
        "UV_PROJECT": elsewhere,
        "UV_PYTHON": "2.7",
        "UV_LOCKED": "1",
        "UV_NO_SYNC": "1",
        "UV_DEV": "1",
        "UV_NO_INSTALL_PACKAGE": "pyarrow",
        "UV_EXCLUDE_NEWER": "2001-01-01",
        "UV_NO_BINARY": "1",
        "UV_SYSTEM_PYTHON": "1",
        "UV_HTTP_TIMEOUT": "",
    }.items():
        monkeypatch.setenv(name, value)
    built = place.prepare()
    monkeypatch.undo()
    assert version(built.python) == "99.0"
    assert not Path(elsewhere).exists()


def test_the_python_that_runs_casparian_is_taken_if_the_project_accepts_it(place: Place) -> None:
    built = place.prepare()
    assert os.path.realpath(built.python) == os.path.realpath(sys.executable)


# ------------------------------------------------------------------- what is refused


def failure(place: Place, project: Path, **options) -> EnvironmentFailedError:
    with pytest.raises(EnvironmentFailedError) as caught:
        place.prepare(project, **options)
    left = place.venvs / ".building"
    assert not left.exists() or not list(left.iterdir())
    return caught.value


def test_when_uv_fails_all_is_told_that_helps(place: Place) -> None:
    project = place.write("other", package="nowhere-to-be-found")
    lock = project / "uv.lock"
    lock.write_text(lock.read_text().replace("nowhere-to-be-found", "pyarrow").replace("99", "98"))
    error = failure(place, project)
    assert error.parser == "sales"
    assert error.folder == project
    assert error.command == "uv sync --frozen --no-install-project --no-dev"
    assert error.exit_code == 2
    assert "pyarrow-98.0-py3-none-any.whl" in error.uv_said
    for part in ("sales", error.command, str(project), "exit code 2", error.uv_said.split("\n")[0]):
        assert part in error.message
    assert error.hint
    assert not error.transient


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("this is [ no lock", "uv.lock can't be read"),
        ("version = 9\n", "unsupported schema version"),
        ("package = 3\n", "is no lock of uv's"),
    ],
)
def test_a_broken_lock(place: Place, text: str, said: str) -> None:
    (place.project / "uv.lock").write_text(text)
    error = failure(place, place.project)
    assert said in error.message
    assert "uv lock" in error.hint


def test_a_missing_lock(place: Place) -> None:
    (place.project / "uv.lock").unlink()
    error = failure(place, place.project)
    assert "uv.lock can't be read: No such file" in error.message
    assert "uv lock" in error.hint


def test_a_lock_without_pyarrow_is_refused_before_anything_is_built(place: Place, uv_calls) -> None:
    write_wheel(place.folder / "wheels", "numpy")
    error = failure(place, place.write(package="numpy"))
    assert "no pyarrow" in error.message
    assert error.hint == "uv add pyarrow"
    assert "sync" not in uv_calls()


def test_pyarrow_for_another_platform_is_none(place: Place) -> None:
    error = failure(place, place.write(marker="sys_platform == 'plan9'"))
    assert "can't import pyarrow: ModuleNotFoundError" in error.message


def test_a_package_that_lies_beside_the_project_is_refused(place: Place) -> None:
    lock = place.project / "uv.lock"
    lock.write_text(
        lock.read_text().replace(
            f'registry = "{place.folder / "wheels"}"', 'directory = "../pyarrow-mine"'
        )
    )
    error = failure(place, place.project)
    assert "has pyarrow from ../pyarrow-mine" in error.message
    assert "index" in error.hint


def test_offline_with_an_empty_cache_says_so(place: Place) -> None:
    error = failure(place, place.remote(), offline=True)
    assert "can't be built offline" in error.message
    assert "--offline" in error.hint
    assert not error.transient


def test_a_network_that_fails_may_work_later(place: Place, monkeypatch) -> None:
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    error = failure(place, place.remote())
    assert "Connection refused" in error.uv_said
    assert error.transient
    assert "network" in error.hint


def test_a_lock_that_is_out_of_date_is_refused_where_it_is_checked(place: Place) -> None:
    place.prepare(check_lock=True)
    project = place.project / "pyproject.toml"
    project.write_text(project.read_text().replace("==99.0", ">=98"))
    place.prepare()
    error = failure(place, place.project, check_lock=True)
    assert "its uv.lock is out of date" in error.message
    assert "uv lock --check" in error.command
    assert error.hint.endswith("uv lock")


def test_a_python_that_cannot_be_had_is_named(place: Place) -> None:
    error = failure(place, place.write(requires_python=">=3.99"), offline=True)
    assert "there is no Python that it accepts (>=3.99)" in error.message
    assert "requires-python" in error.hint


def test_a_home_that_cannot_be_written_is_named(place: Place) -> None:
    place.home.write_text("a file")
    error = failure_of_home(place)
    assert str(place.home) in error.message
    assert "CASPARIAN_HOME" in error.hint


def failure_of_home(place: Place) -> EnvironmentFailedError:
    with pytest.raises(EnvironmentFailedError) as caught:
        place.prepare()
    return caught.value
