"""A dev run on the person's own terminal: pdb, Ctrl-C, Ctrl-Z and prints as in plain Python."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pexpect
import psutil
import pytest

from .conftest import CASPARIAN, NONE_ACTIVE, Workplace, plain

Running = Callable[[int], bool]
Eventually = Callable[..., None]

PDB_PARSER = """\
import csv

def parse(path):
    with open(path) as file:
        rows = list(csv.DictReader(file))
    count = len(rows)
    breakpoint()
    rows = rows[:2]
    return rows
"""


def test_breakpoint_stops_in_pdb_shows_the_source_and_continues_to_a_finished_run(
    workplace: Workplace,
) -> None:
    workplace.write("people.py", PDB_PARSER)
    child = workplace.terminal("people.py", "people.csv")
    child.expect_exact("(Pdb) ")
    # The person's own file and line, not <string>.
    assert f"{workplace.folder}/people.py(" in plain(child.before)
    assert "rows = rows[:2]" in plain(child.before) or "breakpoint()" in plain(child.before)
    child.sendline("p path")
    child.expect_exact("people.csv'")
    child.expect_exact("(Pdb) ")
    child.sendline("p count * 1000")
    child.expect_exact("3000")
    child.expect_exact("(Pdb) ")
    child.sendline("l")
    child.expect_exact("count = len(rows)")
    child.expect_exact("(Pdb) ")
    child.sendline("c")
    child.expect_exact("2 rows processed")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 0
    assert any(name.endswith(".parquet") for name in workplace.files())


def test_the_run_waits_at_the_prompt_whatever_the_limits_of_captured_runs_are(
    workplace: Workplace,
) -> None:
    # The limits are measured in seconds; with a clock that runs a thousand times as fast they
    # would all be over.
    workplace.write("people.py", PDB_PARSER)
    workplace.write(
        "sitecustomize.py",
        "import time\n_monotonic = time.monotonic\ntime.monotonic = lambda: _monotonic() * 1000\n",
    )
    child = workplace.terminal("people.py", "people.csv", PYTHONPATH=str(workplace.folder))
    child.expect_exact("(Pdb) ")
    with pytest.raises(pexpect.TIMEOUT):
        child.expect(pexpect.EOF, timeout=1.5)  # 1,500 of its seconds
    child.sendline("c")
    child.expect_exact("2 rows processed")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 0


LOOPS = {
    "Python code": "while True: pass",
    "C code that never looks for signals": "import re; re.match(r'(a*)*b', 'a' * 60)",
    "a swallowed KeyboardInterrupt": (
        "\n    while True:\n        try:\n            while True: pass\n"
        "        except KeyboardInterrupt: pass"
    ),
}


@pytest.mark.parametrize("loop", LOOPS.values(), ids=LOOPS.keys())
def test_ctrl_c_ends_the_parser_and_its_children_and_leaves_nothing_half_written(
    workplace: Workplace, eventually: Eventually, running: Running, loop: str
) -> None:
    workplace.write(
        "people.py",
        "import os, subprocess\n"
        "def parse(path):\n"
        "    yield [{'a': 1}] * 100\n"
        "    child = subprocess.Popen(['sleep', '600'])\n"
        "    print('pids', os.getpid(), child.pid, 'end', flush=True)\n"
        f"    {loop}\n",
    )
    before = workplace.files()
    child = workplace.terminal("people.py", "people.csv")
    child.expect(r"pids (\d+) (\d+) end")
    pids = [int(child.match.group(1)), int(child.match.group(2)), child.pid]
    child.sendintr()
    started = time.monotonic()
    child.expect(pexpect.EOF, timeout=10)
    child.wait()
    assert time.monotonic() - started < 5
    assert child.exitstatus == 130
    eventually(lambda: not any(map(running, pids)), within=2)
    assert workplace.files() == before


def test_ctrl_c_in_a_callback_of_the_imports_that_swallows_exceptions_ends_the_run_all_the_same(
    workplace: Workplace, eventually: Eventually, running: Running
) -> None:
    # The guest runs already while the host imports what it needs to follow it, and an exception
    # in a finalizer is shown and dropped by Python.
    workplace.write(
        "sitecustomize.py",
        "import os, signal, sys\n"
        "class Interrupted:\n"
        "    def __del__(self):\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'casparian.core.dev_run':\n"
        "            Interrupted()\n"
        "sys.meta_path.insert(0, Finder())\n",
    )
    workplace.write(
        "people.py",
        "import os, pathlib\n"
        "pathlib.Path('guest').write_text(str(os.getpid()))\n"
        "def parse(path):\n"
        "    while True: pass\n",
    )
    child = workplace.terminal("people.py", "people.csv", PYTHONPATH=str(workplace.folder))
    child.expect_exact("nothing of this input was written", timeout=10)
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 130
    guest = workplace.folder / "guest"
    pids = [int(guest.read_text() or 0)] if guest.exists() else []
    eventually(lambda: not any(map(running, [*pids, child.pid])), within=2)


def test_ctrl_c_at_the_pdb_prompt_stays_in_pdb(
    workplace: Workplace, eventually: Eventually
) -> None:
    workplace.write("people.py", PDB_PARSER)
    child = workplace.terminal("people.py", "people.csv")
    child.expect_exact("(Pdb) ")
    # Python shows the prompt a moment before it waits for keys, and a Ctrl-C in that moment is
    # only answered at the next key (so it is in plain pdb, too).
    guest = psutil.Process(os.tcgetpgrp(child.child_fd))
    eventually(lambda: guest.status() == psutil.STATUS_SLEEPING)
    child.sendintr()
    child.expect_exact("(Pdb) ")
    with pytest.raises(pexpect.TIMEOUT):
        child.expect(pexpect.EOF, timeout=2.0)  # longer than the grace of an interrupt
    child.sendline("p count")
    child.expect_exact("3")
    child.sendline("c")
    child.expect_exact("2 rows processed")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 0


def test_quitting_pdb_fails_the_run_and_gives_the_terminal_back(workplace: Workplace) -> None:
    workplace.write("people.py", PDB_PARSER)
    child = workplace.terminal("people.py", "people.csv")
    child.expect_exact("(Pdb) ")
    child.sendline("q")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus in (1, 130)


def test_prints_appear_before_the_parser_ends(workplace: Workplace) -> None:
    gate = workplace.folder / "gate"
    workplace.write(
        "people.py",
        "import os, time\n"
        "def parse(path):\n"
        "    print('first line')\n"
        f"    while not os.path.exists({str(gate)!r}): time.sleep(0.01)\n"
        "    return [{'a': 1}]\n",
    )
    child = workplace.terminal("people.py", "people.csv")
    child.expect_exact("first line")
    gate.touch()
    child.expect_exact("1 row processed")
    child.expect(pexpect.EOF)


def test_ctrl_z_stops_the_run_as_a_job_and_fg_brings_it_back(workplace: Workplace) -> None:
    gate = workplace.folder / "gate"
    workplace.write(
        "people.py",
        "import os, time\n"
        "def parse(path):\n"
        "    print('wai' + 'ting')\n"
        f"    while not os.path.exists({str(gate)!r}): time.sleep(0.01)\n"
        "    print('input ' + input('na' + 'me? '))\n"
        "    return [{'a': 1}]\n",
    )
    shell = pexpect.spawn(
        "/bin/bash",
        ["--norc", "--noprofile", "-i"],
        cwd=str(workplace.folder),
        env=workplace.env(PS1="shell> "),
        encoding="utf-8",
        timeout=20,
        dimensions=(40, 120),
    )
    shell.expect_exact("shell> ")
    shell.sendline(f"{CASPARIAN} run people.py people.csv")
    shell.expect_exact("waiting")
    shell.send("\x1a")
    shell.expect_exact("Stopped")
    shell.expect_exact("shell> ")
    shell.sendline("fg")
    shell.expect_exact("casparian")
    gate.touch()
    shell.expect_exact("name? ")
    shell.sendline("Ada")
    shell.expect_exact("input Ada")
    shell.expect_exact("1 row processed")
    shell.expect_exact("shell> ")
    shell.sendline("echo code $?")
    shell.expect_exact("code 0")
    shell.sendline("exit")
    shell.expect(pexpect.EOF)


def test_a_killed_command_leaves_no_process_of_the_parser(
    workplace: Workplace, eventually: Eventually, running: Running
) -> None:
    workplace.write(
        "people.py",
        "import os, subprocess, time\n"
        "def parse(path):\n"
        "    group = subprocess.Popen(['sleep', '600'])\n"
        "    alone = subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
        "    print('pids', os.getpid(), group.pid, alone.pid, 'end', flush=True)\n"
        "    time.sleep(600)\n",
    )
    child = workplace.terminal("people.py", "people.csv")
    child.expect(r"pids (\d+) (\d+) (\d+) end")
    pids = [int(child.match.group(n)) for n in (1, 2, 3)]
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    eventually(lambda: not any(map(running, pids)), within=5)


def test_the_progress_line_is_gone_when_the_run_has_ended(workplace: Workplace) -> None:
    import pyte

    workplace.write(
        "people.py",
        "import time\n"
        "class Parser:\n"
        "    name, version = 'people', '1.0'\n"
        "    def parse(self, ctx):\n"
        "        for i in range(12):\n"
        "            ctx.progress(i, 12)\n"
        "            time.sleep(0.1)\n"
        "            if i == 8: print('a line of the parser')\n"
        "        yield [{'a': 1}]\n",
    )
    child = workplace.terminal("people.py", "people.csv")
    child.expect(pexpect.EOF)
    seen = child.before
    assert "%" in plain(seen)
    screen = pyte.Screen(120, 40)
    pyte.Stream(screen).feed(seen)
    shown = [line.rstrip() for line in screen.display if line.strip()]
    assert any(line == "a line of the parser" for line in shown)
    assert not any("━" in line or "╌" in line for line in shown)


def test_the_terminal_names_the_interpreter(workplace: Workplace) -> None:
    workplace.write("people.py", "def parse(path): return [{'a': 1}]\n")
    child = workplace.terminal("people.py", "people.csv", **NONE_ACTIVE)
    child.expect(pexpect.EOF)
    assert f"Python: {Path(CASPARIAN).parent}/python" in plain(child.before).replace("\n", "")


def test_the_terminal_has_its_own_modes_again_after_a_parser_that_changed_them(
    workplace: Workplace,
) -> None:
    workplace.write(
        "people.py",
        "import sys, termios\n"
        "def parse(path):\n"
        "    modes = termios.tcgetattr(0)\n"
        "    modes[3] &= ~termios.ECHO\n"
        "    termios.tcsetattr(0, termios.TCSANOW, modes)\n"
        "    return [{'a': 1}]\n",
    )
    shell = pexpect.spawn(
        "/bin/bash",
        ["-c", f"{CASPARIAN} run people.py people.csv; stty -a | tr ' ' '\\n' | grep -x -- -*echo"],
        cwd=str(workplace.folder),
        env=workplace.env(),
        encoding="utf-8",
        timeout=30,
        dimensions=(40, 120),
    )
    shell.expect(pexpect.EOF)
    assert plain(shell.before).splitlines()[-1] == "echo"
