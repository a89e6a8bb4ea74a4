"""The Contract and the Quarantine tab say whose columns they show, and what lets them pass."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from textual.widgets import Static

from casparian.app.tui.app import CasparianApp
from casparian.app.tui.dev.offers_screen import OffersScreen
from casparian.core.contract.parse import parse_outputs
from casparian.core.dev_session.events import Chosen
from casparian.core.events import GuestError

from .cheap_apps import until
from .fed_dev import OUTPUTS, SAMPLES, FedHost, failed, result
from .prod_pane import lines_of

BROKEN = GuestError("parser", "SyntaxError", "'(' was never closed", "load")


@pytest.fixture
def parser(tmp_path: Path) -> Path:
    """A parser with a contract beside it."""
    parser = tmp_path / "sales" / "parser.py"
    parser.parent.mkdir()
    parser.touch()
    columns = "".join(f'{name} = "{kind}"\n' for name, kind in OUTPUTS.items())
    (parser.parent / "contract.toml").write_text(f"[outputs.sales.columns]\n{columns}")
    return parser


@asynccontextmanager
async def pane(parser: Path, *results):
    host = FedHost()
    app = CasparianApp(host)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: getattr(app.screen, "tabs", None) is not None)
        host.tell(Chosen(parser, SAMPLES, SAMPLES[0], 1))
        host.show_results(results)
        await until(pilot, lambda: app.screen.state.result is results[-1])
        yield app, pilot, host


def not_imported(folder: Path, run: int = 2):
    """A run whose parser could not be imported."""
    broken = failed(folder, run)
    return replace(broken, contract=None, report=replace(broken.report, error=BROKEN))


def said(app: CasparianApp) -> list[str]:
    return [note.message for note in app._notifications]


def sentence(app: CasparianApp) -> str:
    return str(app.screen.query_one("#contract-sentence", Static).render())


@pytest.mark.asyncio
async def test_the_contract_tab_says_of_which_run_it_is_and_a_takes_what_that_run_offers(
    tmp_path, parser
):
    async with pane(parser, result(tmp_path), not_imported(tmp_path)) as (app, pilot, host):
        await pilot.press("5")
        await until(pilot, lambda: app.screen.tabs.contract.place == ("sales", "day"))
        assert sentence(app).startswith("≈ columns of run 1, the last that had any · contract ")
        await pilot.press("end", "G")  # sold has cells that nothing lets pass
        await until(pilot, lambda: app.screen.tabs.contract.place == ("sales", "sold"))
        await pilot.press("k")
        await until(pilot, lambda: app.screen.tabs.contract.place == ("sales", "price"))
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, OffersScreen))
        await pilot.press("enter")
        written = (parser.parent / "contract.toml").read_text()
        assert 'price = { type = "decimal(8,2)", thousands = "," }' in written

        host.show_results([result(tmp_path, 3)])
        await until(pilot, lambda: sentence(app).startswith("contract "))


@pytest.mark.asyncio
async def test_a_contract_that_is_broken_now_is_told_before_anything_is_offered(tmp_path, parser):
    async with pane(parser, result(tmp_path), not_imported(tmp_path)) as (app, pilot, _):
        (parser.parent / "contract.toml").write_text("[columns\n")
        await pilot.press("5", "j", "j")
        await until(pilot, lambda: app.screen.tabs.contract.place == ("sales", "price"))
        await pilot.press("a")
        await until(pilot, lambda: said(app))
        assert "this is no valid TOML" in said(app)[0]
        assert not isinstance(app.screen, OffersScreen)


@pytest.mark.asyncio
async def test_a_run_that_came_to_no_contract_is_not_said_to_have_none(tmp_path, parser):
    async with pane(parser, not_imported(tmp_path, 1)) as (app, pilot, _):
        await pilot.press("5")
        await until(pilot, lambda: sentence(app) == "run 1 came to no contract: 4 says why")
        await pilot.press("a")
        await until(pilot, lambda: said(app) == ["run 1 came to no contract: 4 says why"])


@pytest.mark.asyncio
async def test_of_several_outputs_a_reason_says_which_it_is_of(tmp_path, parser):
    one = result(tmp_path)
    groups = tuple(replace(group, output=name) for group in one.report.groups for name in "ab")
    contract = parse_outputs({n: {"columns": OUTPUTS} for n in "ab"}, parser_name="sales")
    files = tuple(replace(one.outputs[0], name=name) for name in "ab")
    two = replace(
        one, run=2, outputs=files, contract=contract, report=replace(one.report, groups=groups)
    )
    async with pane(parser, one, two) as (app, pilot, _):
        await pilot.press("2")
        await until(pilot, lambda: any("a.day" in line for line in lines_of(app)))
        shown = "\n".join(lines_of(app))
        assert "b.day" in shown
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: "b.day" not in "\n".join(lines_of(app)))
        assert any("day  " in line for line in lines_of(app))
