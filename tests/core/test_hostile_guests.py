"""The bridge against guests that are not the shim: they send and end as they like."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import subprocess
import sys
import textwrap
import time

import pyarrow as pa
import pytest

from casparian.core.bridge import execute_bridge
from casparian.core.events import Batch, Ended, Log
from casparian.core.guest import Guest, StartedProcess
from casparian.core.processes import MARK, Guardian
from casparian.core.wire import WireLimits


def ipc(batch: pa.RecordBatch, **metadata: str) -> bytes:
    keys = {f"cf.{key}": value for key, value in {"output": "xyz", **metadata}.items()}
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema.with_metadata(keys)) as writer:
        writer.write_batch(pa.RecordBatch.from_arrays(batch.columns, names=batch.schema.names))
    return sink.getvalue().to_pybytes()


PRELUDE = f"""
import json, os, signal, socket, struct, subprocess, sys, time
wire = socket.socket(fileno=int(sys.argv[1]))

def word(n): wire.sendall(struct.pack(">I", n))
def text(kind, body): wire.sendall(struct.pack(">II", kind, len(body)) + body)
def metadata(kind, **content): text(0xFFFFFFFD, json.dumps(dict(content, kind=kind)).encode())
def hello(): metadata("hello", parser="fake", level="function")
def log(line, level=0): wire.sendall(struct.pack(">IBI", 0xFFFFFFFE, level, len(line)) + line)
def data(body): wire.sendall(struct.pack(">I", len(body)) + body)
def error(line): text(0xFFFFFFFF, line)
def end(): word(0)
def wait_for(path):
    for _ in range(2000):
        if os.path.exists(path): return
        time.sleep(0.01)

ROWS = {ipc(pa.record_batch({"n": [1, 2]}))!r}
TEXTS = {ipc(pa.record_batch({"t": ["a"]}))!r}
EMPTY = {ipc(pa.record_batch({"n": pa.array([], pa.int64())}))!r}
"""


class Script:
    """A GuestSource whose guests run a script that holds the socket."""

    def __init__(self, source: str) -> None:
        self._source = PRELUDE + textwrap.dedent(source)

    def start(self, spec) -> Guest:
        ours, theirs = socket.socketpair()
        mark = secrets.token_hex(8)
        out, err = os.pipe(), os.pipe()
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", self._source, str(theirs.fileno())],
            stdin=subprocess.DEVNULL,
            stdout=out[1],
            stderr=err[1],
            pass_fds=[theirs.fileno()],
            process_group=0,
            env={**os.environ, MARK: mark},
        )
        theirs.close()
        os.close(out[1])
        os.close(err[1])
        release = Guardian(process.pid, mark).dismiss
        return Guest(StartedProcess(process), ours, mark, release, out[0], err[0])


@pytest.fixture
def run_script(run_parser, tmp_path):
    def run(script: str, **options):
        options.setdefault("timeout", 20)
        return run_parser(parser_path=tmp_path, guests=Script(script), **options)

    return run


def failed(run, kind: str, words: str) -> None:
    assert run.result.status == "failed"
    assert run.error.kind == kind, run.error
    assert words in run.error.message
    assert len(run.of(Ended)) == 1
    assert run.events[-1].result is run.result


def test_the_least_a_guest_can_say(run_script):
    run = run_script("hello(); data(ROWS); end()")
    assert run.result.status == "completed"
    assert run.rows() == [{"n": 1}, {"n": 2}]


# ------------------------------------------------------------------- what is sent


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("wire.sendall(b'HTTP/1.1 200 OK')", "a data frame of 1,213,486,160 bytes"),
        ("hello(); word(0xFFFFFFF7)", "0xFFFFFFF7, which has no meaning"),
        ("hello(); data(b'garbage!' * 9)", "does not begin with an Arrow message"),
        ("hello(); data(ROWS[:-8])", "has no end"),
        ("hello(); data(ROWS + ROWS)", "follow the end"),
        ("hello(); data(ROWS.replace(b'xyz', b'Xyz'))", "names the output 'Xyz'"),
        ("hello(); data(ROWS.replace(b'cf.out', b'cf.in.'))", "names the output None"),
        ("data(ROWS)", "data before its hello"),
        ("end()", "end frame before its hello"),
        ("hello(); hello()", "hello twice"),
        ("metadata('hello', parser='x', level='emperor')", "hello frame is not well-formed"),
        ("metadata('hello')", "hello frame is not well-formed"),
        ("hello(); metadata('progress', done='much')", "progress frame is not well-formed"),
        ("hello(); metadata('progress', done=float('nan'))", "progress frame is not well-formed"),
        ("hello(); metadata('metrics', a=[])", "metrics frame is not well-formed"),
        ("hello(); metadata('output_info', output='a')", "output_info frame is not well-formed"),
        ("hello(); metadata('error', message='a')", "error frame is not well-formed"),
        ("hello(); text(0xFFFFFFFD, b'{')", "not JSON"),
        ("hello(); log(b'x', 6)", "level 6"),
        ("hello(); end(); log(b'x')", "a frame after its last one"),
        ("hello(); end(); end()", "a frame after its last one"),
        ("hello(); error(b'x'); end()", "a frame after its last one"),
        ("hello(); [data(EMPTY) for _ in range(101)]", "more than 100 data frames without rows"),
        (
            "hello(); [data(ROWS.replace(b'xyz', b'a%02d' % n)) for n in range(21)]",
            "more than 20 outputs",
        ),
    ],
)
@pytest.mark.parametrize("ends", [True, False])
def test_what_has_no_meaning_is_a_protocol_error(run_script, script, words, ends):
    # A guest that ended has left its bytes behind; one that goes on must be noticed all the same.
    waits = "" if ends else "; time.sleep(600)"
    run = run_script(script + waits, limits=WireLimits(max_empty_frames=100, max_outputs=20))
    failed(run, "protocol", words)
    assert not run.error.retryable
    assert run.error.phase == "transfer"


def test_frames_and_lines_before_a_bad_word_are_told(run_script):
    run = run_script("hello(); data(ROWS); log(b'then'); word(0xFFFFFFF5)")
    failed(run, "protocol", "no meaning")
    assert run.rows() == [{"n": 1}, {"n": 2}]
    assert run.lines() == ["then"]


@pytest.mark.parametrize(
    "half",
    [
        "wire.sendall(b'\\0')",
        "wire.sendall(struct.pack('>I', 100) + b'x' * 99)",
        "wire.sendall(struct.pack('>IBI', 0xFFFFFFFE, 0, 9) + b'eight...')",
    ],
)
def test_half_a_frame_that_stalls_is_an_error(run_script, half):
    run = run_script(f"hello(); {half}; time.sleep(600)", limits=WireLimits(stall=0.5))
    failed(run, "protocol", "half sent for 0.5 s")


def test_half_a_frame_and_an_exit_is_a_crash(run_script):
    failed(run_script("hello(); wire.sendall(b'\\0\\0')"), "crash", "exited with code 0")


def test_silence_is_no_error(run_script):
    run = run_script("hello(); time.sleep(1); data(ROWS); end()", limits=WireLimits(stall=0.2))
    assert run.result.status == "completed"


def test_a_socket_that_is_closed_early_is_an_error(run_script):
    run = run_script("hello(); wire.close(); time.sleep(600)", limits=WireLimits(stall=0.5))
    failed(run, "protocol", "closed its socket")


def test_the_stall_clock_stands_still_while_the_consumer_works(configure, tmp_path):
    go = tmp_path / "go"
    script = f"""
        hello()
        wire.sendall(struct.pack(">I", len(ROWS)) + ROWS + struct.pack(">I", len(ROWS)) + ROWS[:9])
        wait_for({str(go)!r})
        wire.sendall(ROWS[9:])
        end()
    """
    limits = WireLimits(stall=0.3)
    config = configure(parser_path=tmp_path, guests=Script(script), limits=limits, timeout=20)
    for event in execute_bridge(config):
        if isinstance(event, Batch) and event.index == 0:
            time.sleep(0.6)  # the work of a slow sink
            go.touch()
    assert event.result.status == "completed"


def test_endless_lines_end_with_the_timeout(run_script):
    run = run_script(
        "hello()\nwhile True: log(b'again'); os.write(1, b'and again\\n')", timeout=1.0
    )
    failed(run, "timeout", "longer than its 1 s")
    assert len(run.lines()) > 100


def test_schemas_may_differ_from_frame_to_frame(run_script):
    run = run_script("hello(); data(ROWS); data(TEXTS); data(EMPTY); data(ROWS); end()")
    assert run.result.status == "completed"
    assert run.rows() == [{"n": 1}, {"n": 2}, {"t": "a"}, {"n": 1}, {"n": 2}]


def test_metadata_of_an_unknown_kind_is_passed_over(run_script):
    assert run_script("hello(); metadata('from_2031', x=[1]); end()").result.status == "completed"


def test_an_error_text_of_3_mb_is_cut(run_script):
    run = run_script("hello(); error(b'x' * 3_000_000); sys.exit(1)")
    failed(run, "parser", "(cut: 3,000,000 bytes in all)")


def test_texts_of_an_error_record_can_be_printed(run_script):
    run = run_script("""
        hello()
        metadata("error", type="E", message="no \\udcff file", traceback=[])
        error(b"E")
        sys.exit(1)
    """)
    assert run.error.message == "no \\udcff file"


# ------------------------------------------------------------------- how it ends


@pytest.mark.parametrize(
    ("script", "kind", "words"),
    [
        ("hello(); error(b'why'); sys.exit(0)", "parser", "why"),
        ("hello(); error(b'why'); os.kill(os.getpid(), 9)", "parser", "why"),
        ("hello(); end(); sys.exit(3)", "crash", "exited with code 3 after its end frame"),
        ("hello(); end(); os.kill(os.getpid(), 9)", "crash", "killed by SIGKILL after its end"),
        ("hello(); sys.exit(0)", "crash", "exited with code 0 before it had finished"),
        ("sys.exit(1)", "crash", "exited with code 1 before it had finished"),
        ("hello(); os.kill(os.getpid(), 11)", "crash", "killed by SIGSEGV"),
        ("hello(); os.kill(os.getpid(), signal.SIGRTMIN + 5)", "crash", "killed by signal 39"),
    ],
)
def test_every_way_to_end_has_its_words(run_script, script, kind, words):
    failed(run_script(script), kind, words)


def test_a_guest_that_ignores_signals_ends_with_the_timeout(run_script):
    run = run_script(
        """
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
            signal.signal(number, signal.SIG_IGN)
        hello()
        while True: time.sleep(600)
        """,
        timeout=0.5,
    )
    failed(run, "timeout", "0.5 s")
    assert run.result.exit_code == -9


def test_a_guest_that_never_says_hello_is_a_failure_to_start(run_script):
    run = run_script("time.sleep(600)", startup_timeout=0.5)
    failed(run, "startup_timeout", "not loaded within 0.5 s")


def test_a_guest_that_left_its_process_group_is_ended_too(run_script):
    # It joins the group of a child that it started before.
    run = run_script(
        """
        child = subprocess.Popen(["sleep", "600"], process_group=0)
        os.setpgid(0, child.pid)
        hello()
        time.sleep(600)
        """,
        timeout=1.0,
    )
    failed(run, "timeout", "1 s")
    assert run.result.exit_code == -9


@pytest.mark.parametrize("session", [False, True])
def test_a_grandchild_that_keeps_socket_and_pipes_open_holds_nothing_up(
    run_script, session, eventually, running
):
    started = time.monotonic()
    run = run_script(f"""
        wire.set_inheritable(True)
        code = "import time; time.sleep(600)"
        child = subprocess.Popen(
            [sys.executable, "-S", "-c", code], close_fds=False, start_new_session={session}
        )
        os.write(1, b"%d\\nno end" % child.pid)
        hello(); data(ROWS); end()
    """)
    assert run.result.status == "completed"
    pid, rest = run.lines("stdout")
    assert rest == "no end"
    assert run.rows() == [{"n": 1}, {"n": 2}]
    eventually(lambda: not running(int(pid)), within=2)
    assert time.monotonic() - started < 10


# ------------------------------------------------------------------- back-pressure


def test_a_slow_consumer_blocks_the_guest_and_not_the_memory(configure, tmp_path, eventually):
    frame = ipc(pa.record_batch({"n": pa.array([0] * (1 << 17))}))
    (tmp_path / "frame").write_bytes(frame)
    blocked = tmp_path / "blocked"
    script = f"""
        import select
        frame = open({str(tmp_path / "frame")!r}, "rb").read()
        hello()
        stream = (struct.pack(">I", len(frame)) + frame) * 100
        sent = 0
        while select.select([], [wire], [], 0.5)[1]:
            sent += wire.send(stream[sent : sent + 4096])
        open({str(blocked)!r} + ".part", "w").write(str(sent))
        os.rename({str(blocked)!r} + ".part", {str(blocked)!r})
        wire.sendall(stream[sent:])
        end()
    """
    config = configure(parser_path=tmp_path, guests=Script(script), timeout=60)
    before = pa.total_allocated_bytes()
    count = 0
    for event in execute_bridge(config):
        if isinstance(event, Batch):
            if count == 0:
                eventually(blocked.exists)
                assert int(blocked.read_text()) < len(frame) + 2_000_000
            count += 1
            assert pa.total_allocated_bytes() - before <= 3 * len(frame)
    assert event.result.status == "completed"
    assert count == 100


def test_lines_are_held_back_by_a_slow_consumer_too(configure, tmp_path, eventually):
    blocked = tmp_path / "blocked"
    script = f"""
        import select
        hello()
        while select.select([], [1], [], 0.5)[1]:
            os.write(1, b"x" * 99 + b"\\n")
        open({str(blocked)!r}, "w").close()
        end()
    """
    config = configure(parser_path=tmp_path, guests=Script(script), timeout=60)
    lines = 0
    for event in execute_bridge(config):
        if isinstance(event, Log):
            if lines == 0:
                eventually(blocked.exists)
            lines += 1
            assert event.message == "x" * 99
    assert event.result.status == "completed"
    assert 0 < lines < 5000


def test_descriptors_are_closed_after_every_kind_of_end(run_script):
    def descriptors():
        return len(os.listdir("/proc/self/fd"))

    scripts = ["hello(); end()", "wire.sendall(b'garbage!')", "sys.exit(1)"]
    with contextlib.suppress(FileNotFoundError):
        run_script(scripts[0])
        before = descriptors()
        for script in scripts:
            run_script(script)
        assert descriptors() == before
