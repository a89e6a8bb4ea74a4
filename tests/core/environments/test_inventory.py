"""What there is of environments, and what pruning takes."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

from casparian.core.environments import list_environments, prune_environments

from ...tiny_projects import Place

DAY = 86_400.0


def age(folder, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(folder / "casparian-environment.json", (then, then))


def test_each_is_listed_with_its_locks_and_when_it_was_used(place: Place) -> None:
    assert list_environments(place.home) == []
    assert not place.home.exists()
    built = place.prepare()
    age(built.folder, 3 * DAY)
    [old] = list_environments(place.home)
    lock = hashlib.sha256((place.project / "uv.lock").read_bytes()).hexdigest()
    assert (old.key, old.flaw, old.in_use, old.lockfile_hashes) == (built.key, "", False, {lock})
    assert old.bytes > 100
    assert time.time() - old.last_used_at > 2 * DAY
    place.prepare()
    [used] = list_environments(place.home)
    assert time.time() - used.last_used_at < DAY


def test_what_was_not_used_for_long_goes_and_the_rest_stays(place: Place) -> None:
    other = place.write("other")
    with (other / "pyproject.toml").open("a") as file:
        file.write('config-settings = { "optimise" = "2" }\n')
    old, new = place.prepare(), place.prepare(other)
    age(old.folder, 31 * DAY)
    pruned = prune_environments(place.home, unused_for=30 * DAY)
    assert [one.key for one in pruned.removed] == [old.key]
    assert [(one.key, reason) for one, reason in pruned.kept] == [(new.key, "used lately")]
    assert not old.folder.exists()
    assert new.folder.exists()
    assert place.prepare().built


def test_the_broken_and_what_killed_builders_left_always_go(place: Place) -> None:
    broken = place.prepare()
    (broken.folder / "bin/python").unlink()
    left = place.venvs / ".building" / f"{'0' * 32}.12345678"
    left.mkdir(parents=True)
    pruned = prune_environments(place.home, unused_for=30 * DAY)
    assert [one.flaw for one in pruned.removed] == [f"there is no Python at {broken.python}"]
    assert list((place.venvs / ".building").iterdir()) == []
    assert list((place.venvs / ".known").iterdir()) == []


def test_whatever_is_missing_is_noticed(place: Place, tmp_path: Path) -> None:
    built = place.prepare()
    [packages] = built.folder.glob("lib/python*/site-packages")
    marker = built.folder / "casparian-environment.json"
    for path, said in {
        built.python: "there is no Python at",
        built.folder / "pyvenv.cfg": "pyvenv.cfg is gone",
        packages / "pyarrow": "lacks pyarrow",
        packages / "pyarrow/__init__.py": "lacks pyarrow/__init__.py",
        packages: "lacks pyarrow",
        marker: "was never completed",
    }.items():
        path.rename(tmp_path / "away")
        [found] = list_environments(place.home)
        assert said in found.flaw
        (tmp_path / "away").rename(path)
    assert list_environments(place.home)[0].flaw == ""
    base = built.python.readlink()
    built.python.unlink()
    built.python.symlink_to("/bin/sh")
    assert "and not to" in list_environments(place.home)[0].flaw
    built.python.unlink()
    built.python.symlink_to(base)
    marker.write_text(marker.read_text()[:40])
    assert "can't be read" in list_environments(place.home)[0].flaw
