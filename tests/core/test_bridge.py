"""The bridge with real parsers in real guests."""

from __future__ import annotations

import time
from contextlib import closing

import pytest

from casparian.core.bridge import execute_bridge
from casparian.core.cancel import CancelToken
from casparian.core.events import Batch, Ended, Hello, Log, Metrics, OutputInfo, Progress


def test_a_run_is_told_from_hello_to_end(run_parser):
    run = run_parser("""
        class Parser:
            name = "letters"
            version = "1.0.0"
            topics = ["text"]
            outputs = {"n": "int64"}

            def parse(self, ctx):
                ctx.progress(1, 2)
                for n, line in enumerate(ctx.input_path.read_text().split()):
                    yield [{"n": n, "line": line}]
    """)
    assert run.result.status == "completed"
    assert run.result.exit_code == 0
    [hello] = run.of(Hello)
    assert (hello.parser, hello.version, hello.topics) == ("letters", "1.0.0", ("text",))
    assert (hello.level, hello.default_output) == ("parser", "letters")
    assert [batch.index for batch in run.of(Batch)] == [0, 1]
    assert run.rows() == [{"n": 0, "line": "one"}, {"n": 1, "line": "two"}]
    assert run.of(Progress)[-1] == Progress(1.0, 2.0)
    [info] = run.of(OutputInfo)
    assert (info.output, info.rows, info.columns) == (
        "letters",
        2,
        (("n", "int64"), ("line", "string")),
    )
    assert run.of(Metrics)[0].values["rows"] == 2
    assert isinstance(run.events[-1], Ended)


def test_a_batch_arrives_before_the_next_is_asked_for(configure, tmp_path):
    go = tmp_path / "go"
    config = configure(f"""
        import pathlib, time

        def parse(path):
            yield [{{"n": 1}}]
            deadline = time.monotonic() + 20
            while not pathlib.Path({str(go)!r}).exists() and time.monotonic() < deadline:
                time.sleep(0.01)
            yield [{{"n": 2, "told": pathlib.Path({str(go)!r}).exists()}}]
    """)
    rows = []
    for event in execute_bridge(config):
        if isinstance(event, Batch):
            go.touch()
            rows += event.table.to_pylist()
    assert rows == [{"n": 1}, {"n": 2, "told": True}]


def test_nothing_returned_is_no_rows_and_no_failure(run_parser):
    for value in ("None", "[]"):
        run = run_parser(f"def parse(path):\n    return {value}\n")
        assert run.result.status == "completed"
        assert run.rows() == []


def test_progress_that_is_no_number_is_the_parsers_own_error(run_parser):
    run = run_parser("""
        class Parser:
            name = "p"
            version = "1"

            def parse(self, ctx):
                ctx.progress(float("nan"), 2)
                ctx.progress(1, float("inf"))
                ctx.progress("much")
    """)
    assert (run.error.type, run.error.traceback[-1]["line"]) == ("ValueError", 9)


# ------------------------------------------------------------------- what is printed


def test_lines_of_eight_threads_stay_whole_while_data_is_sent(run_parser):
    run = run_parser("""
        import threading

        def talk(me):
            for n in range(3000):
                print(me, n, "x" * (n % 60))

        def parse(path):
            threads = [threading.Thread(target=talk, args=(me,)) for me in range(8)]
            for thread in threads:
                thread.start()
            for n in range(200):
                yield [{"n": n, "text": "y" * 5000}]
            for thread in threads:
                thread.join()
    """)
    assert run.result.status == "completed"
    lines = run.lines("stdout")
    assert len(lines) == 24_000
    for me in range(8):
        mine = [line for line in lines if line.startswith(f"{me} ")]
        assert mine == [f"{me} {n} {'x' * (n % 60)}" for n in range(3000)]
    assert [row["n"] for row in run.rows()] == list(range(200))


def test_what_goes_straight_to_the_descriptors_is_told_and_nothing_blocks(run_parser):
    run = run_parser("""
        import os, subprocess, sys

        def parse(path):
            for fd in (1, 2):
                data = (b"%d:" % fd + b"z" * 98 + b"\\n") * 2000
                while data:
                    data = data[os.write(fd, data):]
            code = "import sys; print('child ' * 9); print('c', file=sys.stderr)"
            for _ in range(2):
                subprocess.run([sys.executable, "-S", "-c", code], check=True)
            sys.stdout.buffer.write("bytes of an ümlaut\\n".encode())
            return [{"n": 1}]
    """)
    assert run.result.status == "completed"
    out, err = run.lines("stdout"), run.lines("stderr")
    assert out == ["1:" + "z" * 98] * 2000 + ["child " * 9] * 2 + ["bytes of an ümlaut"]
    assert err == ["2:" + "z" * 98] * 2000 + ["c"] * 2


def test_a_line_of_200_kb_comes_in_pieces_without_broken_characters(run_parser):
    run = run_parser("def parse(path):\n    print('ü' * 100_000)\n")
    lines = run.lines("stdout")
    assert len(lines) > 1
    assert "".join(lines) == "ü" * 100_000


def test_blank_lines_and_an_unfinished_last_line_are_told(run_parser):
    run = run_parser("""
        def parse(path):
            print("first")
            print()
            print("no end", end="")
            raise ValueError("why")
    """)
    assert run.lines("stdout") == ["first", "", "no end"]
    assert run.error.message == "why"


def test_each_way_of_speaking_has_its_level(run_parser):
    run = run_parser("""
        import logging, sys, warnings

        class Parser:
            name = "p"
            version = "1"

            def parse(self, ctx):
                sys.stdout.reconfigure(encoding="utf-8", line_buffering=True)
                log = logging.getLogger("mine")
                log.setLevel(logging.DEBUG)
                log.debug("a debug line")
                ctx.log.info("an info line")
                log.warning("two\\nlines")
                log.critical("an error line")
                warnings.warn("a warning")
                print("on stdout")
                print("on stderr", file=sys.stderr)
                try:
                    1 / 0
                except ZeroDivisionError:
                    log.exception("with its traceback")
    """)
    assert run.result.status == "completed"
    assert run.lines("debug") == ["a debug line"]
    assert run.lines("info") == ["an info line"]
    assert run.lines("warning")[:2] == ["two", "lines"]
    assert run.lines("warning")[2].endswith("parser.py:16: UserWarning: a warning")
    assert run.lines("stdout") == ["on stdout"]
    assert run.lines("stderr") == ["on stderr"]
    errors = run.lines("error")
    assert errors[:2] == ["an error line", "with its traceback"]
    assert errors[-1] == "ZeroDivisionError: division by zero"


# ------------------------------------------------------------------- processes of the parser's own


def test_a_parser_that_forks_ends_once(run_parser):
    run = run_parser("""
        import logging, multiprocessing, os

        def double(queue, n):
            print("from the child")
            logging.getLogger().warning("a warning of the child")
            queue.put(2 * n)

        def parse(path):
            context = multiprocessing.get_context("fork")
            queue = context.Queue()
            child = context.Process(target=double, args=(queue, 21))
            child.start()
            yield [{"n": queue.get(timeout=20)}]
            child.join()
            pid = os.fork()
            if pid:
                os.waitpid(pid, 0)
                yield [{"n": 1}]
            else:
                yield [{"n": 2}]  # the child runs on, to an end that nobody hears of
    """)
    assert run.result.status == "completed"
    assert run.rows() == [{"n": 42}, {"n": 1}]
    assert run.lines("stdout") == ["from the child"]
    assert run.lines("stderr") == ["a warning of the child"]
    assert len(run.of(Ended)) == 1


def test_a_spawned_pool_works(run_parser):
    run = run_parser("""
        import multiprocessing

        def double(n):
            from casparian_types import Output
            return 2 * n

        def parse(path):
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                return [{"n": n} for n in pool.map(double, [1, 2, 3])]
    """)
    assert run.result.status == "completed", run.error
    assert [row["n"] for row in run.rows()] == [2, 4, 6]


def test_a_thread_that_is_left_behind_ends_with_the_grace(run_parser):
    started = time.monotonic()
    run = run_parser("""
        import threading

        def parse(path):
            threading.Thread(target=threading.Event().wait, name="stays").start()
            return [{"n": 1}]
    """)
    assert run.result.status == "completed"
    assert run.result.exit_code == 0
    assert time.monotonic() - started < 10
    assert any("stays" in line for line in run.lines("warning"))


def test_a_guest_that_does_not_end_in_the_grace_is_killed_but_has_finished(run_parser):
    run = run_parser(
        """
        import threading

        def parse(path):
            threading.Thread(target=threading.Event().wait).start()
            return [{"n": 1}]
        """,
        grace=0.2,
    )
    assert run.result.status == "completed"
    assert run.rows() == [{"n": 1}]
    assert run.lines("warning")[-1] == "the parser did not end after its last row, and was killed"


def test_a_cancel_ends_the_whole_tree_at_once(configure, eventually, running):
    token = CancelToken()
    config = configure(
        """
        import subprocess

        def parse(path):
            child = subprocess.Popen(["sleep", "600"])
            apart = subprocess.Popen(["sleep", "600"], start_new_session=True)
            print(child.pid, apart.pid)
            while True:
                pass
        """,
        cancel=token,
    )
    with closing(token):
        for event in execute_bridge(config):
            if isinstance(event, Log):
                children = [int(pid) for pid in event.message.split()]
                cancelled_at = time.monotonic()
                token.cancel()
                token.cancel()
    assert event.result.status == "cancelled"
    assert event.result.error is None
    assert time.monotonic() - cancelled_at < 2
    eventually(lambda: not any(map(running, children)), within=2)


def test_nothing_more_is_told_of_rows_once_a_run_is_cancelled(configure):
    token = CancelToken()
    config = configure(
        """
        def parse(path):
            while True:
                yield [{"n": 1}]
        """,
        cancel=token,
    )
    batches = 0
    with closing(token):
        for event in execute_bridge(config):
            if isinstance(event, Batch):
                batches += 1
                if batches == 3:
                    token.cancel()
    assert (event.result.status, batches) == ("cancelled", 3)


def test_closing_early_ends_the_whole_tree(configure, eventually, running):
    events = execute_bridge(
        configure("""
            import subprocess

            def parse(path):
                child = subprocess.Popen(["sleep", "600"])
                yield [{"pid": child.pid}]
                while True:
                    yield [{"pid": 0}] * 1000
        """)
    )
    pid = next(event for event in events if isinstance(event, Batch)).table["pid"][0].as_py()
    assert running(pid)
    events.close()
    eventually(lambda: not running(pid), within=2)


def test_events_that_were_never_asked_for_end_the_guest_too(
    configure, eventually, running, tmp_path
):
    pid_file = tmp_path / "pid"
    events = execute_bridge(
        configure(f"""
            import os, time

            with open({str(pid_file)!r}, "w") as file:
                file.write(f"{{os.getpid()}}\\n")

            def parse(path):
                time.sleep(600)
        """)
    )
    eventually(lambda: pid_file.exists() and pid_file.read_text().endswith("\n"))
    events.close()
    assert not running(int(pid_file.read_text()))


# ------------------------------------------------------------------- timeouts


def test_the_timeout_ends_a_run_and_may_be_retried(run_parser):
    run = run_parser("def parse(path):\n    while True: print('still here')\n", timeout=1.0)
    assert (run.error.kind, run.error.retryable) == ("timeout", True)


def test_a_module_that_does_not_load_in_time_is_a_failure_of_its_own(run_parser):
    run = run_parser("import time\ntime.sleep(600)\n", startup_timeout=0.5)
    assert (run.error.kind, run.error.phase, run.error.retryable) == (
        "startup_timeout",
        "start",
        False,
    )


# ------------------------------------------------------------------- crashes


@pytest.mark.parametrize(
    ("statement", "exit_code", "message"),
    [
        ("os._exit(0)", 0, "the guest exited with code 0 before it had finished"),
        ("os._exit(3)", 3, "the guest exited with code 3 before it had finished"),
        ("os.kill(os.getpid(), 11)", -11, "the guest was killed by SIGSEGV before"),
        ("os.kill(os.getpid(), 9)", -9, "the guest was killed by SIGKILL before"),
        ("raise KeyboardInterrupt", -2, "the guest was killed by SIGINT before"),
        ("import ctypes; ctypes.string_at(8)", -11, "the guest was killed by SIGSEGV before"),
        ("atexit.register(os._exit, 3)", 3, "exited with code 3 after its end frame"),
    ],
)
def test_an_end_without_an_end_frame_is_a_crash(run_parser, statement, exit_code, message):
    run = run_parser(f"""
        import atexit, os, sys

        def parse(path):
            yield [{{"n": 1}}]
            print("last words")
            {statement}
    """)
    assert run.result.status == "failed"
    assert run.result.exit_code == exit_code
    assert (run.error.kind, run.error.retryable) == ("crash", True)
    assert message in run.error.message
    assert run.error.hint
    assert run.lines("stdout") == ["last words"]
