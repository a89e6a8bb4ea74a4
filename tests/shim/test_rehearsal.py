"""A warm guest rehearses what runs do, and no run can tell."""

from __future__ import annotations

import subprocess
import sys

STATE = """
import logging, os, sys, threading, warnings
from casparian.shim import loaded, preload, rehearsal

def state():
    return {
        "path": sys.path[:], "hooks": sys.path_hooks[:], "looked at": set(sys.path_importer_cache),
        "environment": dict(os.environ), "modules": dict(sys.modules), "argv": sys.argv[:],
        "warnings": (warnings.filters[:], warnings.showwarning), "finders": sys.meta_path[:],
        "log": (logging.root.handlers[:], logging.root.level), "folder": os.listdir("folder"),
        "threads": os.listdir("/proc/self/task"), "files": os.listdir("/proc/self/fd"),
    }

os.mkdir("folder")
preload.load(LOAD, set(), ["folder"])
loaded.note_loaded()
before = state()
"""
SHOW = """
after = state()
print(*[what for what in before if what != "modules" and before[what] != after[what]], sep="\\n")
print(*sorted(name for name in set(after["modules"]) - set(before["modules"])), sep="\\n")
print(*[n for n, m in before["modules"].items() if after["modules"].get(n) is not m], sep="\\n")
"""


def _run(code: str, tmp_path, load=()) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", STATE.replace("LOAD", repr(list(load))) + code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_nothing_of_a_rehearsal_stays(tmp_path):
    code = "rehearsal.rehearse(['folder']); assert rehearsal._TIMES > 8"
    left = _run(code + SHOW, tmp_path, ["pandas"])
    assert [name for name in left if not name.startswith(("pandas.", "numpy.", "pyarrow."))] == []


def test_it_runs_through_frames_and_dicts(tmp_path):
    code = """
import casparian.shim.frames as frames
kinds, normalise = [], frames.normalise
frames.normalise = lambda item, name: (kinds.append(type(item).__name__), normalise(item, name))[1]
rehearsal.rehearse(['folder'])
print(len(kinds) == 2 * rehearsal._TIMES, *sorted(set(kinds)))
"""
    assert _run(code, tmp_path, ["pandas"]) == ["True", "DataFrame", "list"]


def test_what_would_stay_is_tried_in_a_fork_and_left_alone_then(tmp_path):
    (tmp_path / "leaves.py").write_text(
        "import os, threading, time\n"
        "class Parser:\n"
        "    name, version = 'leaves', '1'\n"
        "    def parse(self, ctx):\n"
        "        threading.Thread(target=time.sleep, args=(9,), daemon=True).start()\n"
        "        open('folder/made', 'w').close()\n"
    )
    code = "rehearsal._PARSER = os.path.abspath('leaves.py'); rehearsal.rehearse([])"
    # The file shows that it was tried; no thread, that it was in a fork.
    assert _run(code + SHOW, tmp_path) == ["folder"]
