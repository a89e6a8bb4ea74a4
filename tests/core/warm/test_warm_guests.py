"""What is loaded ahead, when it is loaded anew, and when a run starts cold, visibly."""

from __future__ import annotations

import os
import platform
import resource
import signal
import sys
import textwrap
import time
import zipfile
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from casparian.core.bundles import BundleCorruptError
from casparian.core.guest import GuestSpec
from casparian.core.warm import ImportsInFile, in_folder
from casparian.core.warm.imports import guess
from casparian.core.warm.run_folders import RunFolders

from ...full_disk import disk_ends_at


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Make a package of the environment, such as one that isn't fit to be loaded ahead."""
    place = tmp_path / "lib" / "site-packages"
    place.mkdir(parents=True)
    monkeypatch.setenv("PYTHONPATH", str(place))

    def make(name: str, source: str = "") -> Path:
        file = place / f"{name}.py"
        file.write_text(textwrap.dedent(source))
        return file

    return make


def test_what_the_parser_imports_is_loaded_before_the_run(make_bench, package):
    package("heavy", "import os; PID = os.getpid()")
    bench = make_bench("import heavy")
    told = bench.run("import heavy, os; found += [heavy.PID == os.getppid()]")
    assert told.found == ["True"]
    assert told.is_warm


def test_what_a_run_imports_late_is_loaded_ahead_from_then_on(make_bench, package):
    package("late", "import os; PID = os.getpid()")
    bench = make_bench()
    code = "import late, os; found += [late.PID == os.getppid()]"
    assert [bench.run(code).found for _ in range(2)] == [["False"], ["True"]]


def test_what_is_learned_is_remembered_for_other_processes(make_bench, package, tmp_path):
    package("late")
    bench = make_bench()
    bench.run("import late")
    spec = GuestSpec(bench.python, tmp_path, parser_path=bench.parser)
    known = ImportsInFile(lambda spec: in_folder(tmp_path, spec)).get(spec)
    assert "late" in known.wanted()
    in_folder(tmp_path, spec).write_text("damaged")
    assert ImportsInFile(lambda spec: in_folder(tmp_path, spec)).get(spec) is None


UNFIT = {
    "prints": ("print('hello')", "it prints when it is imported"),
    "warns": ("import warnings; warnings.warn('old')", "it warns when it is imported"),
    "logs": ("import logging; logging.getLogger('x').error('odd')", "it logs when it is imported"),
    "starts": (
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
        "it starts a thread when it is imported",
    ),
    "sets": ("import os; os.environ['UNFIT'] = '1'", "it changes the environment variables"),
    "catches": ("import signal; signal.signal(15, signal.SIG_IGN)", "it changes signal handlers"),
    "rounds": (
        "import decimal; decimal.getcontext().prec = 5",
        "it changes the decimal context when it is imported",
    ),
    "seeds": ("import random; random.seed(0)", "it changes the state of random numbers"),
    "moves": ("import os; os.chdir('/')", "it changes the current folder"),
    "raises": ("raise RuntimeError('not here')", "it can't be imported by itself (not here)"),
}


CHANCE = {
    "draws": ("import uuid; RUN = uuid.uuid4()", "it draws random bytes when it is imported"),
    "draws_secretly": (
        "from secrets import token_hex; RUN = token_hex(8)",
        "it draws random bytes when it is imported",
    ),
    "deals": (
        "import random\nclass Dealer:\n    cards = {'deck': random.Random()}",
        "it makes a generator of random numbers when it is imported (in deals)",
    ),
    "brings_a_dealer": (
        "import has_dealers",
        "it makes a generator of random numbers when it is imported (in has_dealers)",
    ),
}


def test_what_would_show_in_a_run_is_not_loaded_ahead_and_that_is_said(make_bench, package):
    package("fit")
    for name, (source, _) in UNFIT.items():
        package(name, source)
    bench = make_bench(f"def lazy():\n    import fit, {', '.join(UNFIT)}")
    told = bench.run(
        f"import sys; found += [n for n in ('fit', *{list(UNFIT)}) if n in sys.modules]"
    )
    assert told.is_warm
    assert told.found == ["fit"]
    for name, (_, why) in UNFIT.items():
        assert [line for line in told.lines if f"{name} is not loaded ahead: {why}" in line], name
    assert bench.run("found += [1]").lines == [], "it is said once"


def test_what_draws_when_it_is_imported_is_not_loaded_ahead_for_all_runs_to_share(
    make_bench, package
):
    for name, (source, _) in CHANCE.items():
        package(name, source)
    package("has_dealers", "from random import Random\nclass Own(Random): pass\nown = [Own()]")
    bench = make_bench(f"def lazy():\n    import {', '.join(CHANCE)}")
    told = bench.run(
        "import sys; found += [{'deals'} & set(sys.modules)]; import draws; found += [draws.RUN]"
    )
    for name, (_, why) in CHANCE.items():
        assert [line for line in told.lines if f"{name} is not loaded ahead: {why}" in line], name
    assert told.is_warm
    assert told.found[0] == "set()"
    assert bench.run("import draws; found += [draws.RUN]").found != told.found[1:]


def test_a_module_that_kills_its_process_when_it_is_loaded_leaves_pyarrow_loaded(
    make_bench, package
):
    package("deadly", "import os; os.kill(os.getpid(), 9)")
    bench = make_bench("def lazy():\n    import deadly")
    told = bench.run("found += [1]")
    assert told.is_warm
    assert any("only pyarrow is loaded ahead" in line for line in told.lines)


def test_what_takes_too_long_to_load_is_not_waited_for_twice(make_bench, package):
    package("endless", "import time; time.sleep(60)")
    bench = make_bench("def lazy():\n    import endless", patience=2)
    told = bench.run("found += [1]")
    assert told.found == ["1"]
    assert any("only pyarrow is loaded ahead: it took more than 2 s" in x for x in told.lines)
    assert bench.run("found += [1]").lines == []


def test_what_can_not_stand_a_fork_is_not_loaded_ahead(make_bench, package):
    package(
        "brittle", "import os, pyarrow\nos.register_at_fork(after_in_child=lambda: os._exit(1))"
    )
    bench = make_bench("def lazy():\n    import brittle")
    told = bench.run("found += [1]")
    assert told.found == ["1"]
    assert any("a forked child failed" in line for line in told.lines)


def test_a_package_that_was_changed_is_loaded_anew(make_bench, package):
    file = package("value", "VALUE = 1")
    bench = make_bench("import value")
    code = "import value; found += [value.VALUE]"
    assert bench.run(code).found == ["1"]
    file.write_text("VALUE = 22")
    assert bench.run(code).found == ["22"]
    after = bench.run(code)
    assert after.found == ["22"]
    assert after.is_warm


def test_packages_are_looked_at_no_more_often_than_is_asked_for(make_bench, package):
    file = package("value", "VALUE = 1")
    bench = make_bench("import value", watch=3_600)
    code = "import value; found += [value.VALUE]"
    assert bench.run(code).found == ["1"]
    file.write_text("VALUE = 22")
    assert bench.run(code).found == ["1"]


def test_an_edited_parser_and_its_modules_are_imported_anew_by_each_run(make_bench, tmp_path):
    bench = make_bench("import helper")
    code = "import helper; found += [helper.VALUE]"
    for value in ("1", "2"):
        (tmp_path / "helper.py").write_text(f"VALUE = {value}")
        assert bench.run(code).found == [value]


def test_a_module_of_the_parser_wins_over_one_that_is_loaded_ahead(make_bench, package, tmp_path):
    package("rival", "WHOSE = 'the environment'")
    bench = make_bench("def lazy():\n    import rival")
    code = "import rival; found += [rival.WHOSE]"
    assert bench.run(code).found == ["the environment"]
    (tmp_path / "rival.py").write_text("WHOSE = 'the parser'")
    assert [bench.run(code).found for _ in range(2)] == [["the parser"], ["the parser"]]


def test_without_patience_a_run_starts_cold_until_what_it_needs_is_loaded(make_bench, eventually):
    bench = make_bench(patience=0)
    assert not bench.run("found += [1]").is_warm
    spec = GuestSpec(bench.python, bench.folder / "input", parser_path=bench.parser)
    bench.warm.prepare(spec)
    eventually(lambda: bench.run("found += [1]").is_warm)


def test_the_one_that_was_used_least_recently_goes_first(make_bench, tmp_path):
    bench = make_bench(most=2)
    parsers = []
    for name in ("a", "b", "c"):
        parsers.append(tmp_path / f"{name}.py")
        parsers[-1].write_text(bench.parser.read_text())
    first = [bench.run("found += [1]", parser_path=path) for path in parsers[:2]]
    assert all(told.is_warm for told in first)
    a, b = bench.warm.processes()
    bench.run("found += [1]", parser_path=parsers[0])
    bench.run("found += [1]", parser_path=parsers[2])
    kept = bench.warm.processes()
    assert a in kept
    assert b not in kept
    assert not psutil.pid_exists(b)


def test_what_is_idle_or_too_large_is_not_kept(make_bench):
    bench = make_bench(idle=0)
    bench.run("found += [1]")
    assert bench.warm.processes()
    bench.warm.attend()
    assert not bench.warm.processes()
    bench.warm = bench.guests(memory_limit=1_000)
    told = bench.run("found += [1]")
    assert told.found == ["1"]
    assert not told.is_warm
    assert any("it takes more than 1,000 bytes" in line for line in told.lines)


def test_a_guest_on_the_terminal_and_one_that_only_loads_are_cold(make_bench):
    bench = make_bench()
    told = bench.run("found += [1]", load_only=True)
    assert told.error is None
    assert not told.is_warm
    assert not bench.warm.processes()


def test_a_platform_that_can_not_fork_runs_cold_and_says_so_once(make_bench, monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    bench = make_bench()
    told = [bench.run("found += [1]") for _ in range(2)]
    assert [run.is_warm for run in told] == [False, False]
    assert [len(run.lines) for run in told] == [1, 0]
    assert "only Linux" in told[0].lines[0]


def test_a_run_starts_cold_and_says_so_when_no_process_can_be_forked(make_bench, package):
    package(
        "crowded",
        """
        import errno, os
        fork, left = os.fork, [1, 1]  # the trials of what is loaded get through

        def refuse():
            if left:
                return left.pop() and fork()
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

        os.fork = refuse
        """,
    )
    bench = make_bench("import crowded")
    told = bench.run("found += ['here']")
    assert (told.found, told.is_warm) == (["here"], False)
    assert any("no process could be forked" in line for line in told.lines)


def test_how_a_run_ends_is_known_although_the_host_was_started_to_ignore_its_children(make_bench):
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        told = make_bench().run("import os; os._exit(3)")
    finally:
        signal.signal(signal.SIGCHLD, before)
    assert told.is_warm
    assert told.result.exit_code == 3


def test_a_host_with_a_thousand_open_files_runs_warm(make_bench):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    with ExitStack() as opened:
        opened.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        while opened.enter_context(open(os.devnull)).fileno() < 1100:
            pass
        bench = make_bench(runs=2)
        told = [bench.run("found += ['here']") for _ in range(2)]
        bench.warm.close()
    assert [one.found for one in told] == [["here"], ["here"]]
    assert all(one.is_warm for one in told)


def test_a_python_without_pyarrow_says_so_as_ever(make_bench, package):
    package("pyarrow", "raise ImportError('not for this Python')")
    told = make_bench().run("found += [1]")
    assert told.error.type == "PyarrowMissing"
    assert not told.is_warm
    assert any("nothing is loaded ahead" in line for line in told.lines)


def test_a_warm_guest_and_its_forks_end_when_their_host_is_killed(tmp_path, eventually):
    import subprocess

    (tmp_path / "parser.py").write_text("import time, os\ndef parse(path):\n    time.sleep(60)\n")
    code = f"""
        import os, sys
        from pathlib import Path
        from casparian.core.guest import GuestSpec
        from casparian.core.warm import ImportsInFile, WarmGuests, in_folder
        here = Path({str(tmp_path)!r})
        warm = WarmGuests(ImportsInFile(lambda spec: in_folder(here, spec)), patience=60)
        guest = warm.start(GuestSpec(Path(sys.executable), here, parser_path=here / "parser.py"))
        print(*warm.processes(), guest.pid, flush=True)
        os.kill(os.getpid(), 9)
    """
    told = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        timeout=60,
    )
    pids = [int(pid) for pid in told.stdout.split()]
    assert len(pids) == 2
    eventually(lambda: not any(psutil.pid_exists(pid) for pid in pids))


def test_imports_are_guessed_from_the_source_but_for_the_parser_s_own(tmp_path):
    source = "import a.b\nfrom c.d import e\nfrom . import f\ndef g():\n    import own, h\n"
    (tmp_path / "parser.py").write_text(source)
    (tmp_path / "own").mkdir()
    spec = GuestSpec(Path(sys.executable), tmp_path, parser_path=tmp_path / "parser.py")
    assert guess(spec).wanted() == ["a.b", "c.d", "h"]
    (tmp_path / "parser.py").write_text("def half(")
    assert guess(spec).wanted() == []


class TestBundles:
    """Runs of a bundle find the same folders each time, as if new."""

    @pytest.fixture
    def bench(self, make_bench, tmp_path):
        bench = make_bench()
        bench.archive = tmp_path / "bundle.zip"
        with zipfile.ZipFile(bench.archive, "w") as bundle:
            bundle.write(bench.parser, "parser.py")
            bundle.writestr("beside.txt", "as bundled")
        return bench

    def test_what_a_run_wrote_is_gone_for_the_next(self, bench):
        code = """
        import os, pathlib, tempfile
        home = pathlib.Path.home()
        places = [pathlib.Path.cwd(), home, pathlib.Path(tempfile.gettempdir()), home.parent]
        places.append(home.parent / "bundle")
        found += [sorted(p.name for place in places for p in place.iterdir())]
        found += [(home.parent / "bundle" / "beside.txt").read_text(), home]
        for place in places:
            (place / "left").write_text("behind")
        os.rmdir(home.parent / "tmp") if not os.listdir(home.parent / "tmp") else None
        (home.parent / "bundle" / "beside.txt").write_text("as changed")
        os.utime(home.parent / "bundle" / "beside.txt", (0, 0))
        pathlib.Path.cwd().chmod(0o500)
        """
        runs = [bench.run(code, archive=bench.archive, private=True) for _ in range(3)]
        assert all(told.is_warm for told in runs)
        first, *others = [told.found for told in runs]
        assert "left" not in first[0]
        assert first[1] == "as bundled"
        assert others == [first, first]
        assert not Path(first[2], "left").exists()

    def test_its_modules_are_compiled_once_and_each_run_finds_them_as_bundled(self, bench):
        with zipfile.ZipFile(bench.archive, "a") as bundle:
            bundle.writestr("odd.py", "FOUND = 'as bundled'\nSAME = FOUND is 'odd'\n")
            bundle.writestr("broken.py", "def")
        code = """
        import odd, pathlib, sys
        found += [odd.FOUND]
        try:
            import broken
        except SyntaxError as error:
            found += [error.lineno]
        pathlib.Path(odd.__file__).write_text("FOUND = 'as changed'")
        """
        runs = [bench.run(code, archive=bench.archive, private=True) for _ in range(3)]
        assert [told.found for told in runs] == [["as bundled", "1"]] * 3
        # What the compiler warns of is said by each run, not by none.
        assert ["SyntaxWarning" in " ".join(told.lines) for told in runs] == [True] * 3

    def test_nothing_stays_of_folders_that_there_is_no_room_for(self, bench, tmp_path):
        with disk_ends_at(100), pytest.raises(OSError, match="too large"):
            RunFolders(tmp_path / "place", bench.archive, private=True)
        assert not (tmp_path / "place").exists()
        bench.archive.write_bytes(b"damaged")
        with pytest.raises(BundleCorruptError):
            RunFolders(tmp_path / "place", bench.archive, private=True)
        assert not (tmp_path / "place").exists()

    def test_folders_go_with_the_warm_guest(self, bench):
        told = bench.run("import os; found += [os.getcwd()]", archive=bench.archive, private=True)
        assert Path(told.found[0]).is_dir()
        bench.warm.close()
        assert not Path(told.found[0]).parent.exists()


class TestReuse:
    """One fork serves several runs of its parser, until one fails or something stays of it."""

    PID = "import os; found += [os.getpid()]"

    def pids(self, bench, *codes: str) -> list[str]:
        return [bench.run(code + "\n" + self.PID).found[-1] for code in codes]

    def test_a_fork_serves_as_many_runs_as_is_asked_for(self, make_bench):
        pids = self.pids(make_bench(runs=2), "1", "1", "1", "1")
        assert pids[0] == pids[1] != pids[2] == pids[3]

    def test_each_run_has_its_own_output_and_result(self, make_bench):
        bench = make_bench(runs=3)
        for n in range(3):
            told = bench.run(
                f"""
                import ctypes, logging, warnings
                print('run {n}'); ctypes.CDLL(None).puts(b'of C {n}')
                logging.warning('logged {n}'); warnings.warn('warned {n}')
                handler = logging.root.handlers[-1]  # the next run has it as if it were new
                handler.setFormatter(logging.Formatter('%(levelname)s')); handler.setLevel(50)
                logging.root.setLevel(50)
                found += [{n}]
                """
            )
            assert {f"logged {n}", f"of C {n}", f"run {n}"} < set(told.lines)
            assert [line[-8:] for line in told.lines if "Warning" in line] == [f"warned {n}"]
            assert len(told.lines) == 4
            assert told.found == [str(n)]

    @pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only of glibc is it asked")
    def test_memory_that_one_run_used_is_there_for_the_next(self, make_bench):
        bench = make_bench(runs=2)
        code = """
        from resource import RUSAGE_SELF, getrusage
        before = getrusage(RUSAGE_SELF).ru_minflt
        pieces = [bytes(100_000) for _ in range(100)]
        found += [getrusage(RUSAGE_SELF).ru_minflt - before]
        """
        first, second = (int(bench.run(code).found[0]) for _ in range(2))
        assert second < first / 2

    def test_a_bundle_that_one_run_changed_is_as_new_for_the_next(self, make_bench, tmp_path):
        bench = make_bench(runs=5)
        archive = tmp_path / "bundle.zip"
        with zipfile.ZipFile(archive, "w") as bundle:
            bundle.write(bench.parser, "parser.py")
        code = """
        import os, pathlib
        beside = pathlib.Path.home().parent / "bundle"
        found += [os.getpid(), sorted(path.name for path in beside.iterdir())]
        (beside / "left").write_text("behind")
        """
        runs = [bench.run(code, archive=archive, private=True).found for _ in range(2)]
        assert [found[1] for found in runs] == ["['parser.py']"] * 2

    def test_after_a_failure_another_fork_is_used(self, make_bench):
        bench = make_bench(runs=5)
        before = self.pids(bench, "1")
        assert bench.run("raise ValueError('no')").error.type == "ValueError"
        assert self.pids(bench, "1") != before

    @pytest.mark.parametrize(
        "leaves",
        [
            "import threading, time; threading.Thread(target=time.sleep, args=(1,)).start()",
            "import _thread, time; _thread.start_new_thread(time.sleep, (60,))",
            "import subprocess; subprocess.Popen(['sleep', '60'])",
        ],
    )
    def test_a_run_that_leaves_something_running_is_the_last_of_its_fork(self, make_bench, leaves):
        pids = self.pids(make_bench(runs=5), leaves, "1")
        assert pids[0] != pids[1]

    @pytest.mark.parametrize("act", ["send({'is': 'odd'})", "close()"])
    def test_a_fork_whose_way_to_its_host_was_used_by_the_parser_is_not_used_again(
        self, make_bench, act
    ):
        bench = make_bench(runs=5)
        code = f"""
        import gc, os
        found += [os.getpid()]
        [ways.{act} for ways in gc.get_objects() if type(ways).__name__ == "Channel"]
        """
        told = bench.run(code, grace=0.1)
        assert told.found
        if act == "close()":
            assert told.error is None, "its rows had all come"
        assert self.pids(bench, "1") != told.found

    def test_chance_starts_anew_and_no_alarm_of_one_run_rings_in_the_next(self, make_bench):
        bench = make_bench(runs=5)
        first = bench.run(
            "import os, random, signal; random.seed(1); signal.alarm(1); found += [os.getpid()]"
        )
        second = bench.run(
            "import os, random, signal; found += [os.getpid(), signal.alarm(0), random.random()]"
        )
        assert second.found[0] == first.found[0]
        assert second.found[1] == "0"
        assert second.found[2] != "0.13436424411240122", "the first one of the seed 1"

    def test_a_fork_that_is_killed_while_it_waits_costs_no_run(self, make_bench, eventually):
        bench = make_bench(runs=5)
        (pid,) = self.pids(bench, "1")
        os.kill(int(pid), signal.SIGKILL)
        eventually(lambda: psutil.Process(int(pid)).status() == "zombie")
        told = bench.run("found += [1]")
        assert told.error is None
        assert told.found == ["1"]

    def test_the_time_of_one_run_is_not_the_next_one_s(self, make_bench):
        bench = make_bench(runs=5)
        bench.run("found += [1]")
        time.sleep(0.3)  # what a person does between two runs
        assert bench.run("found += [1]", timeout=10).result.timings_ms["total"] < 250
