"""No orphans: whatever ends, and however, nothing of a guest stays."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import pytest

from casparian.core.events import Batch
from casparian.core.processes import MARK, Guardian

HOST = """
import sys
from pathlib import Path

from casparian.core import guest, processes
from casparian.core.bridge import BridgeConfig, execute_bridge
from casparian.core.events import Log
from casparian.core.guest import GuestSpec
from casparian.core.logs import Callback

class NoGuardian:
    pid = -1
    def __init__(self, *_): pass
    def watch(self, group): pass
    def dismiss(self): pass

mode, parser = sys.argv[1:]
if "subreaper" in mode:
    processes.become_subreaper()
if "unguarded" in mode:
    guest.Guardian = NoGuardian
spec = GuestSpec(Path(sys.executable), Path(parser), parser_path=Path(parser))
for event in execute_bridge(BridgeConfig(spec, Callback(lambda _: None))):
    if isinstance(event, Log):
        print(event.message, flush=True)
print("ended", event.result.status, flush=True)
sys.stdin.read()
"""

#: Starts processes that try to stay, tells their ids, then does what ``{rest}`` says.
PARSER = """
import json, os, subprocess, sys, time

def parse(path):
    start = lambda *args, **options: subprocess.Popen(["sleep", "600"], **options).pid
    bare = {{"PATH": os.environ["PATH"]}}  # what is started so is without the guest's mark
    pids = [os.getpid(), start(), start(env=bare)]
    pids += [start(start_new_session=True), start(process_group=0)]
    code = "import subprocess as s; print(s.Popen(['sleep', '600'], stdout=s.DEVNULL).pid)"
    orphan = subprocess.run(
        [sys.executable, "-S", "-c", code], stdout=subprocess.PIPE, start_new_session=True
    )
    pids.append(int(orphan.stdout))
    if {unmarked}:
        pids.append(start(start_new_session=True, env=bare))
    print(json.dumps(pids))
    {rest}
"""


@pytest.fixture
def start_host(tmp_path):
    hosts = []

    def start(mode: str, rest: str, *, unmarked: bool = False):
        parser = tmp_path / "parser.py"
        parser.write_text(PARSER.format(rest=rest, unmarked=unmarked))
        host = subprocess.Popen(
            [sys.executable, "-c", HOST, mode, str(parser)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        hosts.append(host)
        return host, json.loads(host.stdout.readline())

    yield start
    for host in hosts:
        host.kill()
        host.communicate()


@pytest.mark.parametrize("mode", ["plain", "subreaper"])
def test_a_host_that_is_killed_takes_its_guests_processes_with_it(
    start_host, eventually, running, mode
):
    host, pids = start_host(mode, "time.sleep(600)")
    children = [child.pid for child in psutil.Process(host.pid).children()]
    assert all(map(running, pids))
    host.kill()
    host.wait()
    eventually(lambda: not any(map(running, [*pids, *children])), within=2)


def test_without_a_guardian_the_guest_itself_ends_with_its_host(start_host, eventually, running):
    host, pids = start_host("unguarded", "time.sleep(600)")
    try:
        host.kill()
        host.wait()
        eventually(lambda: not running(pids[0]), within=2)
    finally:
        for pid in pids[1:]:
            os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("rest", ["return []", "raise ValueError", "os._exit(0)", "os.kill(0, 9)"])
@pytest.mark.parametrize("mode", ["plain", "subreaper"])
def test_nothing_stays_after_a_run(start_host, running, mode, rest):
    # What has neither mark nor group nor parent is found by a subreaper alone.
    host, pids = start_host(mode, rest, unmarked=mode == "subreaper")
    ended = host.stdout.readline()
    assert ended == f"ended {'completed' if rest == 'return []' else 'failed'}\n"
    assert [pid for pid in pids if running(pid)] == []
    assert psutil.Process(host.pid).children() == []


def test_the_guardian_takes_the_folder_of_an_archive_with_it(tmp_path, eventually):
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    (tmp_path / "folder" / "inner" / "file").touch()
    code = f"""
        import os, subprocess
        from pathlib import Path
        from casparian.core.processes import Guardian

        child = subprocess.Popen(["sleep", "600"], process_group=0)
        Guardian(child.pid, "a mark of nobody", Path({str(tmp_path / "folder")!r}))
        os.kill(os.getpid(), 9)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=False, timeout=60)
    eventually(lambda: not (tmp_path / "folder").exists())


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="elsewhere there is no /proc")
def test_a_guardian_looks_for_all_that_is_marked_at_once(tmp_path, monkeypatch, running):
    # However many processes there are, a machine where many hosts die at once starts few more.
    counted = tmp_path / "grep"
    counted.write_text(f'#!/bin/sh\necho >> {tmp_path}/greps\nexec {shutil.which("grep")} "$@"\n')
    counted.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    marked = [
        subprocess.Popen(["sleep", "600"], env={**os.environ, MARK: mark}, start_new_session=True)
        for mark in ("mine", "mine", "another's")
    ]
    try:
        guardian = Guardian(None, "mine")
        guardian._process.stdin.close()  # as the end of its host does
        assert guardian._process.wait(timeout=60) == 0
        assert [one.wait(timeout=60) for one in marked[:2]] == [-signal.SIGKILL] * 2
        assert running(marked[2].pid)
        assert (tmp_path / "greps").read_text() == "\n"
    finally:
        for one in marked:
            one.kill()
            one.wait()


def test_a_temporary_folder_goes_however_its_process_ends_and_guests_have_ended_before(
    tmp_path, eventually
):
    parser = tmp_path / "p.py"
    parser.write_text("def parse(path): return []\n")
    code = f"""
        import os, sys
        from pathlib import Path
        from casparian.core.interpreter import choose_python
        from casparian.core.declared import ask_parser
        from casparian.core.processes import become_subreaper
        from casparian.core.temporary_folder import temporary_folder

        become_subreaper()
        with temporary_folder() as closed:
            (closed / "file").touch()
        with temporary_folder() as folder:
            (folder / "file").touch()
            ask_parser(Path({str(parser)!r}), choose_python(Path({str(parser)!r})))
            print(closed, folder, flush=True)
            os.kill(os.getpid(), 9)
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    told = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, timeout=60)
    closed, folder = map(Path, told.stdout.split())
    assert not closed.exists()
    eventually(lambda: not folder.exists())


def test_a_host_that_is_killed_while_it_starts_a_guest_leaves_no_folder(tmp_path, eventually):
    code = f"""
        import os, sys
        from pathlib import Path
        from casparian.core import guest

        make = guest.private_folders
        def made(folder, env):
            make(folder, env)
            print(folder, flush=True)
            os.kill(os.getpid(), 9)

        guest.private_folders = made
        here = Path({str(tmp_path)!r})
        spec = guest.GuestSpec(
            python=Path(sys.executable), input_path=here, archive=here / "no.zip", private=True
        )
        guest.ColdGuests().start(spec)
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    told = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, timeout=60)
    eventually(lambda: not Path(told.stdout.strip()).exists())


def test_a_guest_carries_a_mark_of_its_own(run_parser):
    source = f"import os\n\ndef parse(path):\n    return [{{'mark': os.environ[{MARK!r}]}}]\n"
    marks = {run_parser(source).rows()[0]["mark"] for _ in range(2)}
    assert len(marks) == 2
    for process in psutil.process_iter():
        try:
            assert process.environ().get(MARK) not in marks
        except (psutil.Error, OSError):
            continue


def test_a_python_behind_a_wrapper_runs_and_ends(run_parser, tmp_path):
    wrapper = tmp_path / "python"
    wrapper.write_text(f'#!/bin/sh\n"{sys.executable}" "$@"\nexit $?\n')
    wrapper.chmod(0o755)
    run = run_parser("def parse(path):\n    return [{'n': 1}]\n", python=wrapper)
    assert run.result.status == "completed", run.error
    assert run.of(Batch)


def test_a_python_that_is_not_there_can_not_be_started(run_parser, tmp_path):
    before = len(os.listdir("/proc/self/fd"))
    for python in (tmp_path / "none", tmp_path):
        with pytest.raises(OSError):  # noqa: PT011 - which one it is depends on the system
            run_parser("def parse(path): pass\n", python=Path(python))
    assert len(os.listdir("/proc/self/fd")) == before
