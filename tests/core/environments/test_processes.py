"""Environments among processes: one builds, nobody accepts half of one, uv is no orphan."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from casparian.core.environments import held_environment, prune_environments
from casparian.core.environments.uv import call_uv, uv_environment

from ...tiny_projects import Place
from .conftest import wrapper

PREPARE = """
import sys
from pathlib import Path
from casparian.core.environments import build, held_environment

project, home, uv, stay = sys.argv[1:]
if uv:
    build.uv_program = lambda: uv
with held_environment(Path(project), parser="sales", home=Path(home)) as found:
    print("built" if found.built else "found", flush=True)
    if stay:
        sys.stdin.read()
"""


def start(place: Place, uv: str = "", *, stay: bool = False) -> subprocess.Popen[str]:
    words = [str(place.project), str(place.home), uv, "stay" if stay else ""]
    return subprocess.Popen(
        [sys.executable, "-c", PREPARE, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def test_four_processes_that_need_it_at_once_build_it_once(place: Place, tmp_path: Path) -> None:
    log = tmp_path / "calls"
    uv = wrapper(tmp_path, f'echo "$1" >> {log}')
    processes = [start(place, uv) for _ in range(4)]
    told = sorted(process.communicate(timeout=60)[0].strip() for process in processes)
    assert told == ["built", "found", "found", "found"]
    assert log.read_text().split().count("sync") == 1


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_builder_that_ends_midway_leaves_nothing_that_is_accepted(
    place: Place, tmp_path: Path, eventually, running, number: signal.Signals
) -> None:
    # All is installed, but uv hasn't said so yet.
    linger = f'[ "$1" != sync ] || {{ echo $$ > {tmp_path}/new; mv {tmp_path}/new {tmp_path}/pid; '
    uv = wrapper(tmp_path, "", linger + "sleep 100; }")
    builder = start(place, uv)
    pid = int(eventually(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text()))
    builder.send_signal(number)
    assert builder.wait(20) != 0
    eventually(lambda: not running(pid))
    assert [path.name for path in place.venvs.iterdir() if path.name[0] != "."] == []
    again = place.prepare()
    assert again.built
    assert list((place.venvs / ".building").iterdir()) == []
    for pipe in (builder.stdin, builder.stdout):
        pipe.close()


def test_the_lock_of_a_build_outlives_no_builder_and_is_never_deleted(
    place: Place, eventually
) -> None:
    first = place.prepare()
    lock = place.venvs / ".locks" / f"{first.key}.build"
    made = lock.stat().st_ino
    prune_environments(place.home, unused_for=0)
    assert place.prepare().built
    assert lock.stat().st_ino == made


def test_one_in_use_is_not_pruned_until_its_user_ends(place: Place, eventually) -> None:
    holder = start(place, stay=True)
    assert holder.stdout.readline() == "built\n"
    [(kept, reason)] = prune_environments(place.home, unused_for=0).kept
    assert (kept.in_use, reason, kept.python_version is None) == (True, "in use", False)
    with held_environment(place.project, parser="sales", home=place.home) as found:
        assert not found.built  # any number of jobs share it
    holder.kill()
    holder.communicate(timeout=20)
    [gone] = prune_environments(place.home, unused_for=0).removed
    assert (gone.key, gone.in_use, gone.folder.exists()) == (kept.key, False, False)


def test_what_uv_leaves_behind_does_not_hold_up_its_caller(tmp_path: Path) -> None:
    begun = time.monotonic()
    # The child leaves uv's group and keeps its pipe, as a daemon of a package's build may.
    script = f"setsid sleep 100 & echo $! > {tmp_path}/pid; echo said >&2; exit 3"
    heard: list[str] = []
    answer = call_uv(
        ["/bin/sh", "-c", script],
        folder=tmp_path,
        environ=uv_environment(os.environ),
        on_line=heard.append,
    )
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
    assert (answer.code, answer.error, heard) == (3, "said", ["said"])
    assert time.monotonic() - begun < 50


def test_a_caller_that_fails_takes_uv_with_it(tmp_path: Path, eventually, running) -> None:
    def fail(_: str) -> None:
        raise RuntimeError("the log can't be written")

    script = f"echo $$ > {tmp_path}/pid; echo said >&2; sleep 100"
    with pytest.raises(RuntimeError):
        call_uv(
            ["/bin/sh", "-c", script],
            folder=tmp_path,
            environ=uv_environment(os.environ),
            on_line=fail,
        )
    assert not running(int((tmp_path / "pid").read_text()))
