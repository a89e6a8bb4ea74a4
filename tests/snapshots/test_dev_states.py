"""How the Dev pane looks with little, with nothing, and with texts that are long or strange."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from casparian.core.dev_session.changes import compare_outputs
from casparian.core.dev_session.events import (
    Chosen,
    Compared,
    RunStarted,
    SamplesChanged,
    SessionBroken,
    Watching,
)
from casparian.core.events import GuestError, Log

from ..app.tui.fed_dev import PARSER, ROWS, SAMPLES, failed, result
from .looks import BOTH, NARROW, WIDE

LONG = "a name that goes on and on " * 6
STRANGE = (
    "[bold]not bold[/bold]",
    "\x1b[31mnot red\x1b[0m\x07",
    "שלום עולם",
    "売上高の一覧表 👨‍👩‍👧 👍🏽",
    LONG,
)
COLUMNS = {
    "day": "date",
    "a_column_with_a_name_that_goes_on_and_on_for_longer_than_anybody_would_like": "string",
    "[bold]価格[/bold]": "decimal(8,2)",
    "שלום": "int32",
}
STRANGE_ROWS = [
    *[("2024-01-01", text, f"{at}.50", str(at)) for at, text in enumerate(STRANGE * 2)],
    *[(text, text, text, text) for text in STRANGE],
]
NAMES = (
    "/home/ada/data/" + "sales_of_a_shop_with_a_long_name_" * 2 + "2024_01.csv",
    "/home/ada/data/" + "sales_of_a_shop_with_a_long_name_" * 2 + "2024_02.csv",
    "/home/ada/data/[bold]sales[bold].csv",
    "/home/ada/data/\x1b[31msales\x1b[0m.csv",
    "/home/ada/data/売上高の一覧表_二〇二四年一月の.csv",
    "/home/ada/data/מכירות של ינואר.csv",
    "/home/ada/data/👨‍👩‍👧 family 👍🏽.csv",
)
STRANGE_SAMPLES = tuple(Path(name) for name in NAMES)
STRANGE_ERROR = GuestError(
    "parser",
    "[red]KeyError[/red]",
    "'[bold]' \x1b[31mred\x1b[0m שלום 価格 👨‍👩‍👧 " + LONG,
    "parse",
    hint=LONG,
    traceback=(
        {"file": str(PARSER), "line": 14, "function": "parse", "source": f"raise {LONG!r}"},
        {"file": "/venv/" + "lib/" * 40 + "csv.py", "line": 1, "function": "f", "source": "[b]"},
    ),
    text=f"Traceback (most recent call last):\n  …\nKeyError: {LONG}",
)


@pytest.fixture
def picture(dev_looks_as):
    return dev_looks_as


@pytest.fixture
def run(tmp_path):
    return result(tmp_path)


@pytest.fixture
def strange(tmp_path):
    lines = [Log(level, text) for level in ("info", "warning", "stderr") for text in STRANGE]
    made = result(tmp_path, sample=STRANGE_SAMPLES[0], rows=STRANGE_ROWS, columns=COLUMNS)
    return replace(made, lines=tuple(lines), line_count=len(lines))


def showing_strange(*results):
    def tell(host):
        host.tell(Chosen(PARSER, STRANGE_SAMPLES, STRANGE_SAMPLES[0], 1))
        host.show_results(results)

    return tell


def test_no_parser_yet(picture):
    assert picture(tell=lambda host: host.tell(Chosen(None, (), None, 1)))


def test_no_samples(picture):
    assert picture(tell=lambda host: host.tell(Chosen(PARSER, (), None, 1)))


def test_a_run_that_was_cancelled(picture, run):
    def tell(host):
        report = replace(run.report, status="interrupted", outputs=(), quarantine_total=0)
        cancelled = replace(run, ended="cancelled", run=2, report=report, outputs=())
        host.show_results([run, cancelled])

    assert picture(tell=tell)


def test_paused_and_changed_since(picture, run):
    def tell(host):
        host.show_results([run])
        host.tell(Watching(True, pending=True))

    assert picture(tell=tell)


def test_what_can_not_be_watched(picture, run):
    def tell(host):
        host.show_results([run])
        host.tell(Watching(False, "the folder /home/ada/parsers/sales is gone: saves aren't seen"))

    assert picture(tell=tell)


def test_the_session_is_broken(picture, run):
    def tell(host):
        host.show_results([run])
        host.tell(SessionBroken("ZeroDivisionError: division by zero", "Traceback …"))

    assert picture(tell=tell)


def test_samples_of_every_kind(picture, run, tmp_path):
    def tell(host):
        good = result(tmp_path, 2, sample=SAMPLES[1], rows=ROWS[:8])
        host.show_results([run, good, failed(tmp_path, 3, sample=SAMPLES[2])])
        host.tell(SamplesChanged((SAMPLES[1],), ()))
        host.tell(RunStarted(4, SAMPLES[0], "all", (), 1, 2))

    assert picture(tell=tell, looks=BOTH | WIDE)


def test_an_earlier_run(picture, run, tmp_path):
    later = result(tmp_path, 2, rows=ROWS[:8])
    assert picture("left_square_bracket", tell=lambda host: host.show_results([run, later]))


@pytest.mark.parametrize("tab", ["2", "4", "6"])
def test_a_tab_with_nothing_in_it(picture, tab):
    assert picture(tab, looks=NARROW)


def test_nothing_is_wrong(picture, tmp_path):
    good = result(tmp_path, rows=ROWS[:8])
    assert picture("4", tell=lambda host: host.show_results([good]), looks=NARROW)


def test_no_row_is_quarantined(picture, tmp_path):
    good = result(tmp_path, rows=ROWS[:8])
    assert picture("2", tell=lambda host: host.show_results([good]), looks=NARROW)


def test_no_contract(picture, run):
    bare = replace(run, contract=None)
    assert picture("5", tell=lambda host: host.show_results([bare]))


def test_nothing_changed(picture, run, tmp_path):
    again = result(tmp_path, 2)

    def tell(host):
        host.show_results([run, again])
        changes = compare_outputs(run.outputs, again.outputs, {"sales": 11})
        host.tell(Compared(1, 2, changes))

    assert picture("6", tell=tell, looks=NARROW)


@pytest.mark.parametrize("tab", ["output", "quarantine", "log", "contract"])
def test_long_and_strange_texts(picture, strange, tab):
    key = str(["output", "quarantine", "log", "error", "contract"].index(tab) + 1)
    assert picture(key, tell=showing_strange(strange))


def test_an_error_with_long_and_strange_texts(picture, strange):
    report = replace(strange.report, status="failed", error=STRANGE_ERROR)
    assert picture("4", tell=showing_strange(replace(strange, run=2, report=report)))


def test_a_difference_with_long_and_strange_texts(picture, strange, tmp_path):
    rows = [*STRANGE_ROWS[3:], *STRANGE_ROWS[:2]]
    after = result(tmp_path, 2, sample=STRANGE_SAMPLES[0], rows=rows, columns=COLUMNS)
    changes = compare_outputs(strange.outputs, after.outputs, {"sales": 15})

    def tell(host):
        showing_strange(strange, after)(host)
        host.tell(Compared(1, 2, changes))

    assert picture("6", tell=tell)
