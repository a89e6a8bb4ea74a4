"""A guest that is asked for its first rows gives no more, and its parser cleans up."""

from __future__ import annotations

from contextlib import closing
from functools import partial

from casparian.core.events import Metrics, OutputInfo
from casparian.core.warm import ImportsInFile, WarmGuests, in_folder

ENDLESS = """
import itertools, pathlib

def parse(path):
    try:
        for n in itertools.count():
            yield [{"n": n}, {"n": n}]
    finally:
        pathlib.Path(path).with_suffix(".closed").write_text(str(n))
"""


def test_a_parser_is_stopped_after_the_first_rows_and_its_finally_runs_cold_and_warm(
    run_parser, tmp_path
):
    closed = tmp_path / "input.closed"
    with closing(WarmGuests(ImportsInFile(partial(in_folder, tmp_path)), patience=60)) as warm:
        for more in ({}, {"guests": warm}):
            run = run_parser(ENDLESS, first_rows=5, **more)
            assert (run.result.status, run.result.exit_code) == ("completed", 0)
            assert [row["n"] for row in run.rows()] == [0, 0, 1, 1, 2]
            assert run.of(OutputInfo)[0].rows == run.of(Metrics)[0].values["rows"] == 5
            assert closed.read_text() == "2"
            closed.unlink()


def test_a_parser_that_catches_its_end_is_asked_for_nothing_more_and_that_is_said(run_parser):
    run = run_parser(
        """
        def parse(path):
            while True:
                try:
                    yield [{"n": 1}]
                except:
                    pass
        """,
        first_rows=1,
    )
    assert run.result.status == "completed"
    assert run.rows() == [{"n": 1}]
    assert any("GeneratorExit" in line for line in run.lines("warning"))


def test_what_goes_wrong_while_the_parser_cleans_up_is_its_error(run_parser):
    run = run_parser(
        """
        def parse(path):
            try:
                yield [{"n": 1}]
            finally:
                raise OSError("the lock is gone")
        """,
        first_rows=1,
    )
    assert run.result.status == "failed"
    assert run.error.message == "the lock is gone"


def test_a_parser_that_does_not_come_to_its_end_after_the_first_rows_is_ended(run_parser):
    run = run_parser(
        """
        import threading

        def parse(path):
            try:
                yield [{"n": 1}, {"n": 2}]
            finally:
                threading.Event().wait()
        """,
        first_rows=1,
        grace=0.2,
    )
    assert run.result.status == "completed"
    assert run.rows() == [{"n": 1}]
    assert run.lines("warning")[-1] == "the parser did not end after its last row, and was killed"
