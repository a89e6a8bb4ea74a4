"""Programs that are asked: none outlives the one who asked, whatever becomes of that."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
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
        def __init__(self, group: int, mark: str) -> None:
            started.append(group)
            os.kill(os.getpid(), signal.SIGINT)
            super().__init__(group, mark)

    monkeypatch.setattr(programs, "Guardian", InterruptedGuardian)
    with pytest.raises(KeyboardInterrupt):
        programs.ask(["sleep", "60"], within=60)
    assert not psutil.pid_exists(started[0])
