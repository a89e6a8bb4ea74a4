"""Programs that are asked: none outlives the one who asked, whatever becomes of that."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from casparian.core import programs
from casparian.core.processes import Guardian

ASKING = """
import sys
from casparian.core.programs import ask
print("begun", flush=True)
ask(["sh", "-c", "echo $$ > pid.new; mv pid.new pid; sleep 60"], within=60)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_what_was_asked_ends_with_who_asked(tmp_path: Path, number: signal.Signals) -> None:
    asking = subprocess.Popen(
        [sys.executable, "-c", ASKING], cwd=tmp_path, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 30
    while not (tmp_path / "pid").exists():
        assert time.monotonic() < deadline
        assert asking.poll() is None
        time.sleep(0.01)
    asked = psutil.Process(int((tmp_path / "pid").read_text()))
    asking.send_signal(number)
    asking.wait(10)
    asked.wait(10)
    assert not asked.is_running()


def test_an_interrupt_just_after_the_start_ends_what_was_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started: list[int] = []

    class InterruptedGuardian(Guardian):
        def watch(self, group: int) -> None:
            started.append(group)
            os.kill(os.getpid(), signal.SIGINT)
            super().watch(group)

    monkeypatch.setattr(programs, "Guardian", InterruptedGuardian)
    with pytest.raises(KeyboardInterrupt):
        programs.ask(["sleep", "60"], within=60)
    assert not psutil.pid_exists(started[0])


def test_what_was_just_started_ends_when_who_asked_is_killed_in_that_moment(
    tmp_path: Path, eventually: Callable[[Callable[[], object]], object]
) -> None:
    killed = """
import os
from casparian.core import programs

class Killed(programs.Guardian):
    def watch(self, group):
        os.write(1, b"%d" % group)
        os.kill(os.getpid(), 9)

programs.Guardian = Killed
programs.ask(["sleep", "60"], within=60)
"""
    told = subprocess.run(
        [sys.executable, "-c", killed], stdout=subprocess.PIPE, check=False, timeout=60
    )
    eventually(lambda: not psutil.pid_exists(int(told.stdout)))
