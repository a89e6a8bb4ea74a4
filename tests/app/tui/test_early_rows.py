"""Rows that were shown while a run went on are shown as its result, or not at all."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from textual.widgets import Static, Tab, Tabs

from casparian.app.tui.app import CasparianApp
from casparian.app.tui.widgets import table_taking
from casparian.app.tui.widgets.arrow_table import ArrowTable
from casparian.app.tui.widgets.table_area import TableArea
from casparian.app.tui.widgets.table_view import TableView
from casparian.core.dev_session.early_rows import EarlyTeller
from casparian.core.dev_session.events import Progress, RunEnded, RunStarted
from casparian.core.dev_session.results import OutputFiles, RunResult

from .cheap_apps import until
from .fed_dev import SAMPLES, FedHost, failed, result
from .prod_pane import lines_of

COMING = "still coming"


def table_of(app: Any) -> ArrowTable:
    table: ArrowTable = app.screen.tabs.output.query_one(TableArea).table
    return table


def said(app: Any) -> str:
    return str(app.screen.tabs.output.query_one(".table-status", Static).render())


def started(host: FedHost, run: int, rows: pa.Table) -> None:
    host.tell(RunStarted(run, SAMPLES[0], "change", (), run, 0))
    EarlyTeller(run, host.tell).take("sales", rows)


def with_rows(folder: Path, run: int, rows: pa.Table) -> RunResult:
    """A failed run of which there are rows."""
    file = folder / f"{run}.rows.parquet"
    pq.write_table(rows, file)
    return replace(failed(folder, run), outputs=(OutputFiles("sales", file, None),))


def ends(host: FedHost, result: RunResult) -> None:
    host.tell(RunEnded(result.run, result.sample, result, is_newest=True))


@pytest.mark.asyncio
async def test_a_failed_run_never_says_that_more_is_coming_while_its_rows_are_sorted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = FedHost()
    app = CasparianApp(host)
    rows = pa.table({"item": ["fig", "plum"]})
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: getattr(app.screen, "tabs", None) is not None)
        started(host, 1, rows)
        await until(pilot, lambda: COMING in said(app))
        table = table_of(app)
        table.sort_by(0, descending=True)
        await until(pilot, lambda: "item ▼" in said(app))

        go_on = threading.Event()

        def slowly(view: TableView, *_: object) -> table_taking.Unarranged:
            assert go_on.wait(60)
            return table_taking.Unarranged(view, MemoryError("there is no room to sort"))

        monkeypatch.setattr(table_taking, "arranged_view", slowly)
        ends(host, with_rows(tmp_path, 1, rows))
        await until(pilot, lambda: "sorting…" in said(app))
        assert COMING not in said(app)
        host.tell(RunStarted(2, SAMPLES[1], "all", (), 1, 0))  # what draws the pane anew
        await pilot.pause()
        assert COMING not in said(app)
        go_on.set()
        await until(pilot, lambda: "no room" in said(app))
        assert COMING not in said(app)


@pytest.mark.asyncio
async def test_rows_that_can_not_be_sorted_as_those_before_are_shown_as_they_came(
    tmp_path: Path,
) -> None:
    host = FedHost()
    app = CasparianApp(host)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: getattr(app.screen, "tabs", None) is not None)
        started(host, 1, pa.table({"item": ["fig", "plum"]}))
        await until(pilot, lambda: COMING in said(app))
        table_of(app).sort_by(0)
        await until(pilot, lambda: "item ▲" in said(app))
        nested = pa.table({"item": pa.array([["a"], ["b"], ["c"]])})
        ends(host, with_rows(tmp_path, 1, nested))
        await until(pilot, lambda: "✗" in said(app))
        assert said(app).startswith("3 rows · ✗ ")
        assert table_of(app).view.source.schema == nested.schema


@pytest.mark.asyncio
async def test_a_row_has_the_parsers_number_while_it_comes_and_in_the_result(
    tmp_path: Path,
) -> None:
    host = FedHost()
    app = CasparianApp(host)

    def numbers() -> list[str]:
        return re.findall(r"(\d+) │[^│]*fig", "\n".join(lines_of(app)))

    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: getattr(app.screen, "tabs", None) is not None)
        host.tell(RunStarted(1, SAMPLES[0], "change", (), 1, 0))
        teller = EarlyTeller(1, host.tell)
        teller.reject("sales", pa.array([1, 2]))
        teller.take("sales", pa.table({"item": ["fig", "fig"]}))
        await until(pilot, lambda: COMING in said(app))
        assert numbers() == ["1", "4"]
        bad = (("2024-01-01", "plum", "dear", "1"), ("2024-01-01", "fig", "2.5", "1"))
        ends(host, result(tmp_path, 1, rows=bad))
        await until(pilot, lambda: said(app).startswith("1 row"))
        assert numbers() == ["2"]


@pytest.mark.asyncio
@pytest.mark.parametrize("sort", [False, True])
async def test_a_run_that_ends_without_rows_leaves_none_of_its_early_ones(
    tmp_path: Path, sort: bool
) -> None:
    host = FedHost()
    app = CasparianApp(host)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: getattr(app.screen, "tabs", None) is not None)
        started(host, 1, pa.table({"item": ["fig", "plum"]}))
        await until(pilot, lambda: COMING in said(app))
        if sort:
            table_of(app).sort_by(0)
        ends(host, failed(tmp_path, 1))
        await until(pilot, lambda: said(app) == "no rows")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert said(app) == "no rows"
        assert "plum" not in "\n".join(lines_of(app))


@pytest.mark.asyncio
async def test_outputs_come_and_go_and_the_one_that_is_looked_at_stays_in_view(
    tmp_path: Path,
) -> None:
    host = FedHost()
    app = CasparianApp(host)
    files = {}
    for number, name in enumerate(("sales", "refunds", "an odd [name]")):
        files[name] = OutputFiles(name, tmp_path / f"output-{number}.parquet", None)
        pq.write_table(pa.table({"of": [name] * (number + 1)}), files[name].rows)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: getattr(app.screen, "tabs", None) is not None)
        output = app.screen.tabs.output

        def names() -> list[str]:
            return [str(tab.label) for tab in output.query(Tab)]

        async def come(run: int, *outputs: str) -> None:
            found = tuple(files[name] for name in outputs)
            ends(host, replace(failed(tmp_path, run), outputs=found))
            await until(pilot, lambda: names() == (list(outputs) if len(outputs) > 1 else []))

        await come(1, "sales")
        await until(pilot, lambda: said(app).startswith("1 row"))
        await come(2, "sales", "refunds")
        await pilot.press("1")
        assert table_of(app).has_focus
        assert said(app).startswith("1 row")
        await pilot.press("1")
        await until(pilot, lambda: said(app).startswith("2 rows"))
        await pilot.press("1")
        await until(pilot, lambda: said(app).startswith("1 row"))
        output.query_one(Tabs).focus()
        await until(pilot, lambda: output.query_one(Tabs).has_focus)
        await pilot.press("right")
        await until(pilot, lambda: said(app).startswith("2 rows"))
        await come(3, "sales", "refunds", "an odd [name]")
        await come(4, "an odd [name]", "refunds")
        assert said(app).startswith("2 rows")
        await until(pilot, lambda: output.query_one(Tabs).has_focus)
        await pilot.press("left")
        await until(pilot, lambda: said(app).startswith("3 rows"))
        await come(5, "refunds")
        await until(pilot, lambda: said(app).startswith("2 rows"))


@pytest.mark.asyncio
async def test_of_several_outputs_it_is_not_told_how_many_rows_of_each_have_come() -> None:
    host = FedHost()
    app = CasparianApp(host)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: getattr(app.screen, "tabs", None) is not None)
        host.tell(RunStarted(1, SAMPLES[0], "change", (), 1, 0))
        teller = EarlyTeller(1, host.tell)
        teller.take("sales", pa.table({"item": ["fig", "plum"]}))
        host.tell(Progress(1, 5_000, None, None))
        await until(pilot, lambda: "the first 2 of 5,000 rows so far" in said(app))
        teller.take("refunds", pa.table({"item": ["fig"]}))
        await until(pilot, lambda: said(app).startswith("▷ still coming: the first 2 rows"))
