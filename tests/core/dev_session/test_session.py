"""What the Dev pane promises of runs: the newest save wins, and nothing stops the session."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import time

import psutil
import pyarrow.parquet as pq
import pytest

from casparian.core.dev_session.events import (
    Chosen,
    Compared,
    Lines,
    Progress,
    RunEnded,
    RunStarted,
    SamplesChanged,
    SessionBroken,
    Stage,
)
from casparian.core.dev_session.log_lines import MOST_LINES
from casparian.core.dev_session.request import SessionRequest
from casparian.core.dev_session.session import DevSession
from casparian.core.dev_session.session_folder import SessionError

from ...ready_processes import CHILD, server_of


def test_the_first_sample_is_run_at_the_start_and_a_save_runs_it_again(bench):
    bench.start(bench.sample("a.txt"), bench.sample("b.txt"))
    first = bench.result()
    assert first.reason == "start"
    assert first.report.status == "completed"
    assert first.report.parser_path == bench.parser
    assert bench.started().changed == ()
    names = [stage.name for stage in bench.told.of(Stage) if stage.ms is not None]
    assert names[0] == "start"
    assert {"parse", "validate", "write"} <= set(names)
    bench.says("second")
    ended = bench.until_says("second")
    assert ended.sample.name == "a.txt"
    assert ended.result.reason == "change"
    assert ended.result.revision == first.revision + 1
    assert ended.result.since_save_ms > 0
    assert bench.started(2).changed == (bench.parser,)
    # Nothing went where `casparian run` writes.
    assert not (bench.folder / "output").exists()


def test_of_ten_saves_the_newest_is_the_one_that_is_shown(bench, spare):
    bench.start()
    bench.result()
    for number in range(10):
        bench.says(f"save {number}")
        time.sleep(0.02)  # as fast as an editor that saves with every key
    bench.until_says("save 9")
    runs = bench.told.of(RunEnded)
    assert [event.run for event in bench.told.of(RunStarted)] == sorted(e.run for e in runs)
    newest = [event for event in runs if event.is_newest]
    assert newest[-1].run == max(event.run for event in runs)
    # What is told of a run comes before its end.
    open_runs = set()
    for event in bench.told.events:
        if isinstance(event, RunStarted):
            assert not open_runs
            open_runs.add(event.run)
        elif isinstance(event, RunEnded):
            open_runs.remove(event.run)
        elif isinstance(event, Stage | Lines):
            assert event.run in open_runs


def _runs_parsers(process: psutil.Process) -> bool:
    try:
        return "dev_session.child" in " ".join(process.cmdline())
    except psutil.Error:  # it has ended meanwhile
        return False


def test_saves_while_the_session_begins_start_no_crowd_of_processes(bench, spare):
    bench.start()
    most = 0
    for number in range(10):
        bench.says(f"save {number}")
        time.sleep(0.02)
        most = max(most, sum(map(_runs_parsers, _children())))
    bench.until_says("save 9")
    assert most <= 3


def test_an_infinite_loop_is_ended_by_the_next_save(bench, spare):
    bench.write("def parse(path):\n    print('looping')\n    while True: pass\n")
    bench.start()
    bench.printed("looping")
    began = time.monotonic()
    bench.says("free")
    bench.until_says("free")
    assert time.monotonic() - began < 10
    assert [e.result.ended for e in bench.told.of(RunEnded)] == ["superseded", "finished"]


def test_what_yields_for_ever_can_be_cancelled_and_its_rows_are_kept(bench):
    bench.write(
        """
        class Parser:
            name = "endless"
            version = "1.0.0"
            outputs = {"n": "int64"}

            def parse(self, ctx):
                n = 0
                while True:
                    yield [{"n": n}, {"n": "no number"}, {"n": n}]
                    n += 1
        """
    )
    session = bench.start()
    bench.told.wait(lambda: any(told.rows >= 150 for told in bench.told.of(Progress)))
    session.cancel()
    result = bench.result()
    assert result.ended == "cancelled"
    assert result.report.status == "interrupted"
    (output,) = result.outputs
    assert pq.read_table(output.rows).num_rows >= 100
    assert pq.read_table(output.quarantine).num_rows >= 50


HOSTILE = {
    "import nothing_of_that_name\n": ("ModuleNotFoundError", "load"),
    "def parse(path):\n    return [\n": ("SyntaxError", "load"),
    "def parse(path):\n    import os\n    os.kill(os.getpid(), 9)\n": ("GuestCrashed", "parse"),
}


def test_a_parser_that_cannot_run_is_a_result_and_the_next_save_runs(bench):
    bench.start()
    bench.result()
    for count, (source, error) in enumerate(HOSTILE.items(), 2):
        written = bench.write(source, ".new")
        written.replace(bench.parser)
        result = bench.result(count)
        assert (result.report.status, result.ended) == ("failed", "finished")
        assert (result.report.error.type, result.report.error.phase) == error
    bench.says("mended")
    bench.until_says("mended")


def test_a_failed_run_keeps_the_rows_that_came_before(bench):
    bench.write(
        """
        class Parser:
            name = "p"
            version = "1.0.0"
            outputs = {"word": "string", "n": "int64"}

            def parse(self, ctx):
                yield [{"word": "good", "n": 1}, {"word": "bad", "n": "x"}]
                raise RuntimeError("broken")
        """
    )
    bench.start()
    result = bench.result()
    assert result.report.error.message == "broken"
    (output,) = result.outputs
    assert pq.read_table(output.rows)["word"].to_pylist() == ["good"]
    assert pq.read_table(output.quarantine)["row_number"].to_pylist() == [1]
    assert result.report.outputs[0].rows == 1
    assert result.contract.output("p").columns[1].name == "n"


def test_hundreds_of_thousands_of_lines_are_some_batches_and_a_file(bench):
    bench.write(
        """
        import sys

        def parse(path):
            for start in range(0, 300_000, 1000):
                sys.stdout.write("".join(f"line {start + n}\\n" for n in range(1000)))
            return [{"word": "done"}]
        """
    )
    bench.start()
    result = bench.result()
    batches = bench.told.of(Lines)
    seconds = result.duration_ms / 1000
    assert len(batches) <= 20 * seconds + 2
    assert max(len(batch.lines) for batch in batches) <= MOST_LINES
    assert result.line_count == 300_000
    assert len(result.lines) <= MOST_LINES
    assert result.lines[-1].message == "line 299999"
    with result.log_file.open("rb") as log:
        assert sum(1 for _ in log) == 300_000
    assert result.report.logs == ()


def test_a_child_that_the_system_kills_is_told_and_the_session_goes_on(bench):
    bench.write("def parse(path):\n    print('here')\n    import time; time.sleep(600)\n")
    session = bench.start()
    bench.printed("here")
    guests = [p for p in _children() if "bridge_shim.py" in " ".join(p.cmdline())]
    assert len(guests) == 1
    guests[0].parent().kill()
    result = bench.result()
    assert result.ended == "lost"
    assert result.report.error.type == "RunLost"
    assert "signal 9" in result.report.error.message
    assert not psutil.wait_procs(guests, timeout=5)[1]
    bench.says("on")
    bench.until_says("on")
    session.run()
    assert bench.result(3).report.status == "completed"


def test_a_child_that_does_not_listen_is_killed_and_does_not_hold_up_the_next_run(bench, spare):
    bench.write("def parse(path):\n    print('here')\n    import time; time.sleep(600)\n")
    bench.start()
    bench.printed("here")
    (guest,) = [p for p in _children() if "bridge_shim.py" in " ".join(p.cmdline())]
    hung = guest.parent()
    hung.suspend()
    bench.says("on")
    bench.until_says("on")
    assert not psutil.wait_procs([hung, guest], timeout=5)[1]


def test_a_sample_that_is_gone_is_a_clear_error_and_runs_again_when_it_is_back(bench):
    sample = bench.sample("a.txt")
    session = bench.start(sample)
    bench.result()
    sample.unlink()
    result = bench.result(2)
    assert result.report.error.type == "SampleMissing"
    sample.write_text("back")
    assert bench.result(3).report.status == "completed"
    away = bench.parser.with_name("renamed.py")
    bench.parser.rename(away)
    error = bench.result(4).report.error
    assert (error.type, error.hint[:18]) == ("ParserMissing", "choose another one")
    away.rename(bench.parser)
    assert bench.result(5).report.status == "completed"
    session.remove_samples([sample])
    assert bench.told.wait(lambda: bench.told.of(Chosen)[-1].samples == ())
    assert bench.told.of(Chosen)[-1].shown is None


def test_all_samples_are_run_the_shown_one_first_and_a_save_begins_anew(bench):
    samples = [bench.sample(f"{name}.txt") for name in "abc"]
    session = bench.start(*samples)
    bench.result()
    session.show(samples[1])
    session.run_all()
    bench.result(4)
    assert [e.sample.stem for e in bench.ended()] == ["a", "b", "a", "c"]
    assert [e.waiting for e in bench.told.of(RunStarted)] == [0, 2, 1, 0]
    assert {e.result.reason for e in bench.ended()[1:]} == {"all"}
    bench.says("second")
    assert bench.until_says("second").sample == samples[1]
    revisions = {path: session.history.newest(path).revision for path in samples}
    assert revisions[samples[1]] > revisions[samples[0]]  # that one is of the older parser


def test_a_sample_that_is_not_shown_is_only_told_to_have_changed(bench):
    shown, other = bench.sample("a.txt"), bench.sample("b.txt")
    bench.start(shown, other)
    bench.result()
    other.write_text("something else")
    bench.told.wait(lambda: bench.told.of(SamplesChanged))
    assert bench.told.of(SamplesChanged)[0].changed == (other,)
    other.unlink()
    bench.told.wait(lambda: len(bench.told.of(SamplesChanged)) > 1)
    assert bench.told.of(SamplesChanged)[1].missing == (other,)
    assert len(bench.told.of(RunStarted)) == 1


def test_another_parser_and_other_samples_are_run_at_once(bench):
    session = bench.start()
    bench.result()
    other = bench.write("def parse(path):\n    return [{'word': 'other'}]\n", "other/parser.py")
    session.choose(other, [bench.sample("b.txt"), bench.sample("c.txt")])
    ended = bench.until_says("other")
    assert ended.sample.name == "b.txt"
    assert bench.told.of(Chosen)[-1].parser == other
    assert bench.told.of(Chosen)[-1].revision == ended.result.revision
    session.set_parser(bench.parser)
    bench.told.wait(lambda: len(bench.ended()) == 3)
    assert bench.ended()[-1].sample.name == "b.txt"


def test_a_session_without_anything_waits_for_it(bench):
    bench.session = DevSession(SessionRequest(folder=bench.temp), bench.told)
    bench.session.start()
    bench.session.set_parser(bench.parser)
    bench.session.add_samples([bench.sample()])
    bench.until_says("first")


def test_two_runs_are_compared_by_a_child(bench):
    session = bench.start()
    first = bench.result()
    bench.says("second")
    second = bench.until_says("second").result
    session.compare(first.run, second.run)
    told = bench.told.wait(lambda: bench.told.of(Compared))[0]
    assert (told.before, told.after, told.problem) == (first.run, second.run, None)
    (output,) = told.changes.outputs
    assert (output.rows.added, output.rows.removed) == (1, 1)
    session.compare(first.run, 99)
    bench.told.wait(lambda: len(bench.told.of(Compared)) == 2)
    assert "run 99" in bench.told.of(Compared)[1].problem.message


def test_a_registered_version_is_run_beside_and_is_never_the_newest(bench):
    sample = bench.sample()
    session = bench.start(sample)
    bench.result()
    source = "def parse(path):\n    return [{'word': 'registered'}]\n"
    session.run_registered(bench.write(source, "bundle/parser.py"), sample)
    ended = bench.told.wait(lambda: len(bench.ended()) == 2 and bench.ended()[1])
    assert (ended.result.reason, ended.is_newest) == ("registered", False)
    assert session.history.registered(sample) is ended.result
    assert session.history.newest(sample).run == 1
    bench.says("second")
    bench.until_says("second")


def test_older_runs_go_and_take_their_files_with_them(bench):
    session = bench.start(kept_runs=1)
    bench.result()
    for count in range(2, 6):
        session.run()
        bench.result(count)
    kept = session.history.results
    assert [result.run for result in kept] == [3, 4, 5]  # one more than what is compared
    assert [result.folder.exists() for result in kept] == [True] * 3
    assert not bench.ended()[0].result.folder.exists()


def test_nothing_stays_of_a_program_that_is_killed(tmp_path, eventually, running):
    (tmp_path / "temp").mkdir()
    parser = tmp_path / "parser.py"
    parser.write_text(
        "import os, tempfile, time\ndef parse(path):\n    tempfile.mkdtemp()\n"
        "    print('pid', os.getpid())\n    time.sleep(600)\n"
    )
    program = f"""
    import sys
    from pathlib import Path
    from casparian.core.dev_session.events import Lines
    from casparian.core.dev_session.request import SessionRequest
    from casparian.core.dev_session.session import DevSession

    def on_event(event):
        if isinstance(event, Lines):
            print(event.lines[0].message, flush=True)

    path = Path({str(parser)!r})
    request = SessionRequest(path, (path,), folder=Path({str(tmp_path / "temp")!r}))
    with DevSession(request, on_event):
        sys.stdin.read()
    """
    host = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        guest = int(host.stdout.readline().split()[1])
        pids = [guest, *(child.pid for child in psutil.Process(host.pid).children(recursive=True))]
        assert list((tmp_path / "temp").glob("*/tmp/*"))
    finally:
        host.kill()
        host.communicate()
    eventually(lambda: not any(map(running, pids)))
    eventually(lambda: not list((tmp_path / "temp").iterdir()))


def test_closing_in_the_middle_of_a_run_leaves_nothing(bench):
    bench.write(
        "import os, tempfile, time\ndef parse(path):\n    tempfile.mkdtemp()\n"
        "    print('here')\n    time.sleep(600)\n"
    )
    bench.start()
    bench.printed("here")
    processes = [process for process in _children() if process.pid != server_of(CHILD)]
    bench.close()
    assert not psutil.wait_procs(processes, timeout=5)[1]
    bench.session = None


def test_a_fault_of_our_own_is_told_and_leaves_nothing(bench, monkeypatch):
    session = bench.start()
    bench.result()
    monkeypatch.setattr("casparian.core.dev_session.watcher.look", lambda *_: 1 / 0)
    session.run()
    (told,) = bench.told.wait(lambda: bench.told.of(SessionBroken))
    assert told.message == "ZeroDivisionError: division by zero"
    assert "in ask" in told.text


def test_a_folder_that_cannot_be_made_is_a_clear_error(bench, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SessionError, match="can't be made"):
        DevSession(SessionRequest(folder=tmp_path / "file"), bench.told).start()


def test_a_session_that_was_never_started_can_be_closed(bench):
    DevSession(SessionRequest(), bench.told).close()


def test_the_session_itself_needs_no_arrow():
    code = "import sys, casparian.core.dev_session.session as s; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"pyarrow", "numpy", "textual", "click"} & set(done.stdout.split())


def _children() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)
