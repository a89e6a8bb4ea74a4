"""How the Dev pane looks in each of its states."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pyarrow as pa
import pytest

from casparian.core.dev_session.changes import compare_outputs
from casparian.core.dev_session.early_rows import EarlyTeller
from casparian.core.dev_session.events import Compared, Lines, Progress, RunStarted, Stage

from ..app.tui.fed_dev import LINES, ROWS, SAMPLES, failed, result
from .looks import ALL, BOTH, WIDE


@pytest.fixture
def picture(dev_looks_as):
    return partial(dev_looks_as, looks=ALL)


@pytest.fixture
def run(tmp_path):
    return result(tmp_path)


def test_before_the_first_run(picture):
    assert picture()


def test_under_way(picture):
    def tell(host):
        host.tell(RunStarted(1, SAMPLES[0], "change", (), 1, 2))
        host.tell(Stage(1, "start", 212.0))
        host.tell(Stage(1, "parse", None))
        host.tell(Progress(1, 120_000, None, None))
        host.tell(Lines(1, 0, LINES))

    assert picture("3", tell=tell)


def test_first_rows_while_the_rest_is_coming(picture, run):
    def tell(host):
        host.show_results([run])
        host.tell(RunStarted(2, SAMPLES[0], "change", (), 2, 0))
        host.tell(Stage(2, "start", 5.0))
        host.tell(Stage(2, "parse", None))
        teller = EarlyTeller(2, host.tell)
        teller.take("sales", pa.table({"day": ["2024-01-01"] * 4, "item": ["fig jam"] * 4}))
        host.tell(Progress(2, 120_000, None, None))

    assert picture("1", tell=tell)


def test_a_preview(picture, run):
    def tell(host):
        preview = replace(run.report, stopped_after=11, is_warm=True)
        host.show_results([replace(run, report=preview)])

    assert picture("1", tell=tell)


def test_output(picture, run):
    assert picture("1", tell=lambda host: host.show_results([run]), looks=ALL | WIDE)


def test_quarantine(picture, run):
    assert picture("2", "tab", tell=lambda host: host.show_results([run]))


def test_what_may_be_accepted(picture, run, tmp_path, monkeypatch):
    contract = tmp_path / "contract.toml"
    contract.write_text('[columns]\nday = "date"\n')
    monkeypatch.setattr("casparian.app.tui.dev.accepting.find_contract_file", lambda _: contract)
    assert picture("2", "a", tell=lambda host: host.show_results([run]))


def test_log(picture, run):
    assert picture("3", tell=lambda host: host.show_results([run]))


def test_a_failed_run_keeps_the_rows_of_the_one_before(picture, run, tmp_path):
    assert picture(tell=lambda host: host.show_results([run, failed(tmp_path)]))


def test_error(picture, run, tmp_path):
    assert picture("4", tell=lambda host: host.show_results([run, failed(tmp_path)]))


def test_contract(picture, run):
    assert picture("5", tell=lambda host: host.show_results([run]))


def test_diff(picture, run, tmp_path):
    mended = [*ROWS[1:8], ("2024-01-31", "honey", "7.00", "1"), *ROWS[9:], ROWS[10]]
    after = result(tmp_path, 2, rows=mended)

    def tell(host):
        host.show_results([run, after])
        changes = compare_outputs(run.outputs, after.outputs, {"sales": 11})
        host.tell(Compared(1, 2, changes))

    assert picture("6", tell=tell)


def test_help(picture, run):
    assert picture("question_mark", tell=lambda host: host.show_results([run]))


@pytest.mark.parametrize("look", ["80x24", "120x40", "200x60"])
def test_jump_mode(picture, run, look):
    """A change of size ends it."""
    looks = {look: (ALL | WIDE)[look]}
    assert picture("2", "ctrl+o", tell=lambda host: host.show_results([run]), looks=looks)


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Parsers and data below the folder that one is in."""
    monkeypatch.setenv("CASPARIAN_HOME", str(tmp_path / "home"))
    work = tmp_path / "work"
    for name in ("sales/parser.py", "old/sales_2019.py", "old/stock.py"):
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_text("def parse(path): ...\n")
    for name in ("2023/january", "2024/january", "2024/february [draft]", "2024/März"):
        (work / f"data/{name}.csv").parent.mkdir(parents=True, exist_ok=True)
        (work / f"data/{name}.csv").touch()
    monkeypatch.chdir(work)


@pytest.mark.usefixtures("files")
def test_choosing_a_parser(picture):
    assert picture("o", "s", "a", "l", looks=BOTH)


@pytest.mark.usefixtures("files")
def test_choosing_samples(picture):
    assert picture("o", *"stock", "enter", *"2024", "space", "tab", looks=BOTH)
