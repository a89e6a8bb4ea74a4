"""Nothing of one run is seen by the next, although both are forks of one warm guest."""

from __future__ import annotations

import os
import signal
import time

import psutil
import pytest

#: What a run leaves behind, and what the next one finds if it can see that.
LEFT = {
    "modules": (
        "import string, sys; string.digits = None; sys.modules['left'] = string",
        "import string, sys; found += [string.digits is not None, 'left' in sys.modules]",
        ["True", "False"],
    ),
    "the parser's own globals": (
        "globals()['pyarrow'] = None; import sys; sys.modules[parse.__module__].LEFT = 1",
        "import sys; found += [hasattr(sys.modules[parse.__module__], 'LEFT')]",
        ["False"],
    ),
    "environment variables": (
        "import os; os.environ['LEFT'] = 'behind'; os.environ.pop('PATH')",
        "import os; found += [os.environ.get('LEFT'), 'PATH' in os.environ]",
        ["None", "True"],
    ),
    "the current folder": (
        "import os; os.chdir('/')",
        "import os; found += [os.getcwd() == '/']",
        ["False"],
    ),
    "the locale": (
        "import locale; locale.setlocale(locale.LC_NUMERIC, 'C.UTF-8')",
        "import locale; found += [locale.setlocale(locale.LC_NUMERIC) == 'C.UTF-8']",
        ["False"],
    ),
    "signal handlers": (
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)",
        "import signal; found += [signal.getsignal(signal.SIGTERM) == signal.SIG_DFL]",
        ["True"],
    ),
    "threads": (
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
        "import threading; found += [threading.active_count()]",
        ["1"],
    ),
    "limits": (
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (50, 50))",
        "import resource; found += [resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 50]",
        ["True"],
    ),
    "descriptors": (
        "import os; [os.dup(0) for _ in range(20)]",
        "import os; found += [len(os.listdir('/proc/self/fd')) < 15]",
        ["True"],
    ),
    "warning filters, and where output goes": (
        "import sys, warnings; warnings.simplefilter('error'); sys.stdout = None",
        "import warnings; warnings.warn('seen'); print('said'); found += ['here']",
        ["here"],
    ),
    "Arrow's options": (
        "pyarrow.set_cpu_count(1); pyarrow.set_memory_pool(pyarrow.system_memory_pool())",
        "found += [pyarrow.default_memory_pool().backend_name == 'system']",
        ["False"],
    ),
}


@pytest.mark.parametrize("what", LEFT)
def test_the_next_run_does_not_see(shared, what):
    leaves, looks, expected = LEFT[what]
    first = shared.run(leaves)
    assert first.error is None, first.error
    second = shared.run(looks)
    assert first.is_warm
    assert second.is_warm
    assert second.error is None, second.error
    assert second.found == expected


def test_each_run_has_chance_of_its_own(shared):
    code = "import random, uuid; found += [random.random(), uuid.uuid4(), pyarrow and id(found)]"
    one, other = shared.run(code), shared.run(code)
    assert one.found[:2] != other.found[:2]


def test_output_of_each_run_is_its_own_and_whole(shared):
    code = """
    import sys, logging, warnings
    print("out"); print("err", file=sys.stderr); print("no end", end="")
    import ctypes; ctypes.CDLL(None).puts(b"of C")
    logging.getLogger("x").warning("logged"); warnings.warn("warned")
    """
    for _ in range(2):
        lines = shared.run(code).lines
        assert {"out", "err", "no end", "logged", "of C"} <= set(lines)
        assert sum("warned" in line for line in lines) == 1
        assert len(lines) == 6


def test_atexit_is_called_and_files_are_flushed_as_when_an_interpreter_ends(shared, tmp_path):
    shared.run(
        f"""
        import atexit, sys
        atexit.register(lambda: open({str(tmp_path / "called")!r}, "w").write("x"))
        sys.modules[parse.__module__].FILE = open({str(tmp_path / "held")!r}, "w")
        sys.modules[parse.__module__].FILE.write("buffered")
        """
    )
    assert (tmp_path / "called").read_text() == "x"
    assert (tmp_path / "held").read_text() == "buffered"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import os; os._exit(3)", "exited with code 3"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "SIGSEGV"),
        ("raise SystemExit(5)", "SystemExit"),
        ("import os; os.kill(os.getppid(), 9); import time; time.sleep(60)", "SIGKILL"),
    ],
)
def test_however_a_run_ends_it_is_told_and_the_next_one_runs(shared, code, words):
    told = shared.run(code)
    assert told.result.status == "failed"
    assert words in f"{told.error.type} {told.error.message}"
    assert shared.run("found += [1]").found == ["1"]


def test_a_run_that_is_over_leaves_no_process(shared):
    told = shared.run(
        """
        import os, subprocess, sys
        sleeper = subprocess.Popen(["sleep", "60"], start_new_session=True)
        forked = os.fork()
        if not forked:
            import time; time.sleep(60)
        found += [os.getpid(), sleeper.pid, forked]
        """
    )
    assert told.error is None, told.error
    for pid in map(int, told.found):
        deadline = time.monotonic() + 5
        while psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie":
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_a_run_that_takes_too_long_is_ended(shared):
    told = shared.run("import time; time.sleep(60)", timeout=0.5)
    assert told.error.kind == "timeout"
    assert told.is_warm


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "stopped"])
def test_a_run_needs_no_warm_guest_that_answers(shared, monkeypatch, number):
    monkeypatch.setattr("casparian.core.warm.warm_guest._FORK_S", 0.5)
    shared.run("found += [1]")
    (warm,) = shared.warm.processes()
    os.kill(warm, number)
    assert shared.run("found += [2]").found == ["2"]
    assert shared.run("found += [3]").is_warm


def test_the_end_of_a_run_needs_no_warm_guest_that_answers(shared, monkeypatch):
    monkeypatch.setattr("casparian.core.warm.fork._REAP_S", 0.5)
    told = shared.run("import os, signal; os.kill(os.getppid(), signal.SIGSTOP); found += [1]")
    assert told.is_warm
    assert told.found == ["1"]
    assert shared.run("found += [2]").found == ["2"]
