"""The Dev pane shows what becomes of a parser at each save."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.table import Table
from textual.pilot import Pilot
from textual.widgets import OptionList, Static

from casparian.app.tui.actions import ACTIONS, actions_of
from casparian.app.tui.app import CasparianApp
from casparian.app.tui.dev.offers_screen import OffersScreen
from casparian.app.tui.dev.outside import Outside, editor_command
from casparian.app.tui.dev.pane import DevScreen
from casparian.app.tui.dev.session_host import SessionHost
from casparian.app.tui.help import HelpScreen
from casparian.app.tui.key_names import shown_key
from casparian.app.tui.prod.job_screen import JobScreen
from casparian.app.tui.prod.pane import ProdScreen
from casparian.app.tui.quarantine.screen import QuarantineScreen
from casparian.app.tui.read_only import READ_ONLY
from casparian.core.dev_session.request import SessionRequest
from casparian.core.stores.store import open_store

from ...workshop import Workshop
from .cheap_apps import until
from .fed_dev import FedHost, result

GOOD = """
class Parser:
    name = "people"
    version = "1.0"
    outputs = {"name": "string", "age": "int64"}

    def parse(self, ctx):
        yield [dict(name="Ada", age="36"), dict(name="Alan", age="x"), dict(name="Bo", age="1")]
"""


BARE = GOOD.replace('    outputs = {"name": "string", "age": "int64"}\n', "")


@pytest.fixture
def app(tmp_path: Path) -> CasparianApp:
    parser, sample = tmp_path / "p" / "parser.py", tmp_path / "sample.csv"
    parser.parent.mkdir()
    parser.write_text(GOOD)
    sample.write_text("name,age\n")
    return CasparianApp(
        SessionHost(SessionRequest(parser=parser, samples=(sample,)), str(tmp_path / "store.db"))
    )


def screen_of(app: CasparianApp) -> DevScreen:
    assert isinstance(app.screen, DevScreen)
    return app.screen


@pytest.mark.asyncio
async def test_a_save_is_run_a_half_typed_one_keeps_the_last_rows_and_the_next_recovers(
    app: CasparianApp, tmp_path: Path
) -> None:
    parser = tmp_path / "p" / "parser.py"
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: screen_of(app).state.result is not None)
        screen = screen_of(app)
        first = screen.state.result
        assert first is not None
        assert (first.report.rows, first.report.rows_quarantined) == (2, 1)

        parser.write_text(GOOD.replace("yield [", "yield [("))
        await until(pilot, lambda: screen.state.result is not first)
        broken = screen.state.result
        assert broken is not None
        assert broken.report.error is not None
        assert broken.report.error.type == "SyntaxError"
        assert screen.state.table is first, "the last good rows stay"
        assert screen.state.is_stale

        parser.write_text(GOOD.replace('"x"', '"2"'))
        await until(pilot, lambda: screen.state.result is not broken)
        mended = screen.state.result
        assert mended is not None
        assert (mended.report.rows, mended.report.rows_quarantined) == (3, 0)
        assert not screen.state.is_stale

        await pilot.press("6")
        await until(pilot, lambda: screen.state.comparison is not None)
        await pilot.press("left_square_bracket")
        assert screen.state.result is broken
        await pilot.press("right_square_bracket")
        assert screen.state.result is mended


@pytest.mark.asyncio
async def test_what_cannot_be_done_now_says_why_and_the_help_lists_every_key(
    app: CasparianApp,
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: screen_of(app).state.result is not None)
        await until(pilot, lambda: screen_of(app).state.running is None)
        await pilot.press("x")
        await until(pilot, lambda: bool(app._notifications))
        assert [note.message for note in app._notifications] == ["nothing runs"]
        await pilot.press("question_mark")
        assert isinstance(app.screen, HelpScreen)
        tables = [shown.content for shown in app.screen.query(Static)]
        tables = [table for table in tables if isinstance(table, Table)]
        keys = {str(cell) for table in tables for cell in table.columns[0].cells}
        actions = [*actions_of("app"), *actions_of("dev")]
        assert {shown_key(action.key) for action in actions} <= keys
        await pilot.press("escape")
        assert isinstance(app.screen, DevScreen)


@pytest.mark.asyncio
async def test_what_lets_bad_cells_pass_is_taken_into_the_contract_file_and_runs(
    app: CasparianApp, tmp_path: Path
) -> None:
    contract = tmp_path / "p" / "contract.toml"
    (tmp_path / "p" / "parser.py").write_text(BARE.replace('"x"', '"1,000"'))
    contract.write_text('[columns]\nname = "string"  # as in the passport\nage = "int64"\n')
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: screen_of(app).state.result is not None)
        screen = screen_of(app)
        await pilot.press("a")
        assert "go to a column" in [*app._notifications][-1].message
        await pilot.press("2")
        await until(pilot, lambda: screen.tabs.quarantine.place == ("people", "age"))
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, OffersScreen))
        await pilot.press("enter")
        await until(pilot, lambda: screen.state.result.report.rows == 3)
        assert contract.read_text() == (
            '[columns]\nname = "string"  # as in the passport\n'
            'age = { type = "int64", thousands = "," }\n'
        )


async def accepted(pilot: Pilot[None], place: tuple[str, str], *keys: str) -> None:
    """Take an offer for a column of the Contract tab, and wait for the run that follows."""
    app = pilot.app
    assert isinstance(app, CasparianApp)
    screen = screen_of(app)
    before = screen.state.result
    await pilot.press("5")
    contract = screen.tabs.contract
    seen = lambda: [(one.output, one.name) for one in contract._columns]  # noqa: E731
    await until(pilot, lambda: place in seen())
    by = seen().index(place) - contract._at
    await pilot.press(*["down" if by > 0 else "up"] * abs(by))
    await until(pilot, lambda: contract.place == place)
    await pilot.press("a")
    await until(pilot, lambda: isinstance(app.screen, OffersScreen))
    await pilot.press(*keys, "enter")
    await until(pilot, lambda: screen.state.running is None and screen.state.result is not before)


@pytest.mark.asyncio
async def test_a_column_that_nobody_expects_is_declared_as_it_comes_or_left_out(
    app: CasparianApp, tmp_path: Path
) -> None:
    contract = tmp_path / "p" / "contract.toml"
    rows = '[dict(name="Ada", age="36", shop=None), dict(name="Bo", age="1", shop=7)]'
    source = BARE.split("        yield")[0] + f"        yield {rows}\n"
    (tmp_path / "p" / "parser.py").write_text(source)
    written = '[columns]\nname = "string"\nage = "int64"\n'
    contract.write_text(written)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: screen_of(app).state.result is not None)
        screen = screen_of(app)
        await until(pilot, lambda: screen.tabs is not None)
        await accepted(pilot, ("people", "shop"))
        assert contract.read_text().strip() == (
            f'{written}shop = {{ type = "int64", nullable = true }}'
        )
        assert screen.state.result.report.rows == 2
        failing = screen.state.result
        contract.write_text(written)
        await until(pilot, lambda: screen.state.result is not failing)
        await until(pilot, lambda: screen.state.running is None)
        await accepted(pilot, ("people", "shop"), "down")
        assert contract.read_text() == f'extra_columns = "drop"\n\n{written}'
        assert screen.state.result.report.rows == 2


@pytest.mark.asyncio
async def test_an_impossible_type_is_marked_and_the_option_that_its_error_names_is_taken(
    app: CasparianApp, tmp_path: Path
) -> None:
    contract = tmp_path / "p" / "contract.toml"
    source = BARE.split("        yield")[0] + '        yield [dict(name="Ada", age=36.5)]\n'
    (tmp_path / "p" / "parser.py").write_text(source)
    contract.write_text('[columns]\nname = "string"\nage = "decimal(6,2)"\n')
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: screen_of(app).state.result is not None)
        screen = screen_of(app)
        await until(pilot, lambda: screen.tabs is not None)
        await pilot.press("5")
        await until(pilot, lambda: screen.tabs.contract._columns)
        [_, age] = screen.tabs.contract._columns
        assert age.violates == "double can't become a decimal(6,2)"
        await accepted(pilot, ("people", "age"))
        assert 'age = { type = "decimal(6,2)", from_float = true }' in contract.read_text()
        assert screen.state.result.report.rows == 1

        contract.write_text('[columns]\nname = "string"\nage = "date"\nday = "date"\n')
        before = screen.state.result
        await until(pilot, lambda: screen.state.result is not before)
        await pilot.press("5", "down", "down")
        await until(pilot, lambda: screen.tabs.contract.place == ("people", "day"))
        await pilot.press("a")
        await until(pilot, lambda: "yields no column day" in [*app._notifications][-1].message)


@pytest.mark.asyncio
async def test_a_contract_within_the_parser_is_shown_what_to_write_there(
    app: CasparianApp, tmp_path: Path
) -> None:
    (tmp_path / "p" / "parser.py").write_text(GOOD.replace('"x"', '"1,000"'))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: screen_of(app).state.result is not None)
        await pilot.press("2")
        await until(pilot, lambda: screen_of(app).tabs.quarantine.place is not None)
        await pilot.press("a")
        assert [*app._notifications][-1].message == (
            'the contract is in parser.py: e opens it; age would pass with thousands = ","'
        )


@pytest.mark.asyncio
async def test_a_run_is_compared_with_what_is_registered(app: CasparianApp, tmp_path: Path) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: screen_of(app).state.result is not None)
        screen = screen_of(app)
        await pilot.press("v")
        await until(pilot, lambda: bool(app._notifications))
        assert "no parser 'people' is registered" in next(iter(app._notifications)).message
        assert screen.state.against == "before"

        with open_store(str(tmp_path / "store.db")) as store:
            Workshop(tmp_path, store).parser("yield [dict(name='Ada', age='36')]")
        await pilot.press("v")
        await until(pilot, lambda: screen.state.comparison is not None)
        assert "people 1.0.0, as registered" in str(screen.query_one("#diff-text").render())
        [output] = screen.state.comparison.changes.outputs
        assert (output.rows_before, output.quarantine.newly_quarantined) == (1, 1)
        assert len(screen.state.history) == 1, "it is no run to step through"


@pytest.mark.asyncio
async def test_the_editor_opens_at_the_line_of_a_bad_row(
    app: CasparianApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sample.csv").write_text("name,age\nAda,36\nAlan,x\n")
    opened: list[tuple[str, int]] = []
    monkeypatch.setattr(Outside, "edit", lambda _, file, line: opened.append((file.name, line)))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: screen_of(app).state.result is not None)
        await pilot.press("2")
        await until(pilot, lambda: screen_of(app).tabs.quarantine.row is not None)
        await pilot.press("E")
        await until(pilot, lambda: bool(opened))
    assert opened == [("sample.csv", 3)]


@pytest.mark.asyncio
async def test_an_error_of_the_contract_file_is_opened_at_its_line(
    app: CasparianApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "p" / "parser.py").write_text(BARE)
    contract = tmp_path / "p" / "contract.toml"
    contract.write_text('[columns]\nname = "string"\nage = "int46"\n')
    opened: list[tuple[Path, int]] = []
    monkeypatch.setattr(Outside, "edit", lambda _, file, line: opened.append((file, line)))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: screen_of(app).state.result is not None)
        await pilot.press("4")
        frames = screen_of(app).query_one("#error-frames", OptionList)
        await until(pilot, lambda: frames.option_count == 1 and frames.has_focus)
        shown = str(frames.get_option_at_index(0).prompt)
        assert shown.split() == ["contract.toml:3", "age", "=", '"int46"']
        await pilot.press("enter")
        await until(pilot, lambda: opened)
        await pilot.press("e")
        await until(pilot, lambda: len(opened) == 2)
    assert opened == [(contract, 3)] * 2


@pytest.mark.asyncio
async def test_debugging_runs_the_sample_in_the_python_of_the_panes_runs(
    app: CasparianApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[list[str]] = []
    monkeypatch.setattr(Outside, "_foreground", lambda _, words, wait: begun.append([*words]))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: screen_of(app).state.result is not None)
        state = screen_of(app).state
        await pilot.press("d")
        await until(pilot, lambda: bool(begun))
    assert state.result is not None
    python = str(state.result.report.python)
    words = ["run", str(state.parser), str(state.shown), "--whatif", "--python", python]
    assert begun[0][3:] == words


def test_every_action_has_a_method_that_does_it() -> None:
    areas = {
        "app": CasparianApp,
        "dev": DevScreen,
        "prod": ProdScreen,
        "job": JobScreen,
        "quarantine": QuarantineScreen,
    }
    for action in ACTIONS:
        assert callable(getattr(areas[action.area], f"do_{action.verb}")), action.id


@pytest.mark.parametrize(
    ("editor", "words"),
    [
        ("vim", ["vim", "+7", "/p/parser.py"]),
        ("code --wait", ["code", "--wait", "--goto", "/p/parser.py:7"]),
        ("hx", ["hx", "/p/parser.py:7"]),
        ("/opt/my editor", ["/opt/my", "editor", "/p/parser.py"]),
    ],
)
def test_the_editor_opens_at_the_line_if_it_is_known_how(editor: str, words: list[str]) -> None:
    assert editor_command(editor, Path("/p/parser.py"), 7) == words


@pytest.mark.asyncio
async def test_with_read_only_nothing_is_registered(tmp_path: Path) -> None:
    host = FedHost()
    host.read_only = True
    app = CasparianApp(host)
    async with app.run_test(size=(120, 30)) as pilot:
        await until(pilot, lambda: app.screen.query("DiffTab"))
        host.show_results([result(tmp_path)])
        await until(pilot, lambda: app.screen.state.result is not None)  # type: ignore[attr-defined]
        await pilot.press("ctrl+r")
        await until(pilot, lambda: bool(app._notifications))
        assert [one.message for one in app._notifications] == [READ_ONLY]
        assert isinstance(app.screen, DevScreen)
