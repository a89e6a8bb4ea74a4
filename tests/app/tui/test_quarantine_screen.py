"""The quarantined rows of many jobs are looked through by reason, and led to their jobs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from casparian.app.tui.dev.pane import DevScreen
from casparian.app.tui.prod.job_screen import JobScreen
from casparian.app.tui.prod.pane import ProdScreen
from casparian.app.tui.quarantine import reads
from casparian.app.tui.quarantine.screen import QuarantineScreen
from casparian.app.tui.widgets.table_area import TableArea

from ..queued import Queued, bad_row, call
from .cheap_apps import until
from .prod_pane import lines_of, looked, prod_app
from .test_prod_deeds import content


def screen_of(pilot: Pilot[None]) -> QuarantineScreen:
    assert isinstance(pilot.app.screen, QuarantineScreen)
    return pilot.app.screen


def shown(app: Any, *parts: str) -> bool:
    text = "\n".join(lines_of(app))
    return all(part in text for part in parts)


def refused(queued: Queued, path: str, *rows: Any, **other: Any) -> str:
    job_id = queued.add(path, **other)
    queued.finish(queued.claim(), rows=3, quarantined=len(rows), quarantine=rows)
    return job_id


def some(queued: Queued) -> str:
    """Two parsers' jobs; returns the newest of sales."""
    queued.register("orders", "2.0.0")
    refused(queued, "/data/orders.csv", bad_row(3, ("id", "duplicate")), parser="orders")
    refused(queued, "/data/2023.csv", *(bad_row(n) for n in range(4)))
    both = bad_row(6, ("age", "type_mismatch"), ("name", "too_long"))
    return refused(queued, "/data/2024.csv", bad_row(2), both)


async def opened(pilot: Pilot[None], *parts: str) -> QuarantineScreen:
    await looked(pilot)
    await pilot.press("b")
    await until(pilot, lambda: isinstance(pilot.app.screen, QuarantineScreen))
    await until(pilot, lambda: shown(pilot.app, *parts))
    return screen_of(pilot)


@pytest.mark.asyncio
async def test_reasons_stand_under_their_parsers_and_lead_to_rows_and_jobs(
    queued: Queued, tmp_path: Path
) -> None:
    newest = some(queued)
    app = prod_app(queued)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, "rows 1–6 of 6 · in 2 jobs", "8 cells, 3 reasons")
        lines = [line[:42] for line in lines_of(app)]
        places = [
            next(at for at, line in enumerate(lines) if part in line)
            for part in ("sales", "age  type_mismatch", "name  too_long", "orders", "id  duplicate")
        ]
        assert places == sorted(places), "the parser with the most rows is first"
        table = screen.query_one("#bad-rows", TableArea).table
        names = table.view.source.schema.names
        assert names == ["job", "input", "row", "age"]
        assert [x.as_py() for x in table.view.source.whole(2)] == [3, 7, 1, 2, 3, 4]
        assert set(table.view.marks.cells) == {(at, 3) for at in range(6)}
        assert shown(app, f"job {newest[:8]} · sales 1.0.0 · /data/2024.csv", "would pass with")
        await pilot.press("enter", "down")
        await until(pilot, lambda: shown(app, "row 7: name: 'x' is too_long"))
        await pilot.press("o")
        await until(pilot, lambda: isinstance(app.screen, JobScreen) and app.screen.details)
        assert app.screen.details.job.job_id == newest  # type: ignore[attr-defined]
        await until(pilot, lambda: shown(app, "sales.name  too_long"))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, QuarantineScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, ProdScreen))


@pytest.mark.asyncio
async def test_only_jobs_that_match_the_filter_are_counted_and_new_ones_come(
    queued: Queued,
) -> None:
    some(queued)
    app = prod_app(queued)
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, "8 cells, 3 reasons")
        await pilot.press("slash", *"input:2023*", "enter")
        await until(pilot, lambda: shown(app, "4 cells, 1 reason", "rows 1–4 of 4 · in 1 job"))
        await pilot.press("slash")
        app.focused.value = "parser:orders"  # type: ignore[union-attr]
        await pilot.press("enter")
        await until(pilot, lambda: shown(app, "1 cell, 1 reason", "id  duplicate"))
        refused(queued, "/data/more.csv", bad_row(9, ("id", "duplicate")), parser="orders")
        await until(pilot, lambda: shown(app, "2 cells, 1 reason", "rows 1–1 of 2 · in 2 jobs"))
        await pilot.press("u")
        await until(pilot, lambda: shown(app, "rows 1–2 of 2"))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, ProdScreen))
        assert app.screen.state.filter == "parser:orders"  # type: ignore[attr-defined]


@pytest.mark.asyncio
async def test_rows_come_in_pages(queued: Queued, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reads, "PAGE", 3)
    monkeypatch.setattr("casparian.app.tui.quarantine.screen.PAGE", 3)
    some(queued)
    app = prod_app(queued)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, "rows 1–3 of 6", "] more")
        table = screen.query_one("#bad-rows", TableArea).table
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: shown(app, "rows 4–6 of 6", "[ before"))
        assert [x.as_py() for x in table.view.source.whole(2)] == [2, 3, 4]
        await pilot.press("right_square_bracket")
        assert screen.why_not_next_page() == "these are the last rows"
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: shown(app, "rows 1–3 of 6"))
        assert screen.why_not_previous_page() == "these are the first rows"


@pytest.mark.asyncio
async def test_a_replay_has_the_same_effect_as_its_command(queued: Queued, tmp_path: Path) -> None:
    sample = tmp_path / "a.csv"
    sample.write_text("x")
    with Queued(tmp_path / "other.db") as other:
        other.register()
        job_ids = [refused(store, str(sample), bad_row(1)) for store in (queued, other)]
        words = ("quarantine", "replay", "--job", job_ids[1], "--store", other.connection.path)
        assert call(*words).return_value == 0
        app = prod_app(queued)
        async with app.run_test(size=(100, 30)) as pilot:
            await opened(pilot, "rows 1–1 of 1")
            await pilot.press("r")
            await until(pilot, lambda: shown(app, "Replay", f"enter  the job {job_ids[0][:8]}"))
            await pilot.press("enter")
            await until(pilot, lambda: app._notifications)
            assert "to replace the set of job" in next(iter(app._notifications)).message
        assert content(queued) == content(other)


def mixed(store: Queued, folder: Path) -> list[str]:
    """Three jobs with a bad age, of which one's input is gone, and one with a bad name."""
    job_ids = []
    for name, column in (("a", "age"), ("gone", "age"), ("b", "age"), ("c", "name")):
        path = folder / f"{name}.csv"
        if name != "gone":
            path.write_text(name)
        job_ids.append(refused(store, str(path), bad_row(1, (column, "type_mismatch"))))
    return job_ids


@pytest.mark.asyncio
async def test_all_jobs_that_have_a_reason_are_replayed_as_by_the_command(
    queued: Queued, tmp_path: Path
) -> None:
    with Queued(tmp_path / "other.db") as other:
        other.register()
        for store in (queued, other):
            mixed(store, tmp_path)
        words = ("--filter", "parser:sales", "--column", "age", "--error-type", "type_mismatch")
        where = ("--store", other.connection.path)
        assert call("quarantine", "replay", *words, "--yes", *where).return_value == 1
        app = prod_app(queued)
        async with app.run_test(size=(120, 30)) as pilot:
            screen = await opened(pilot, "rows 1–3 of 3")
            assert screen.why_not_stop() == "nothing is being done"
            await pilot.press("r")
            await until(pilot, lambda: shown(app, "all 3 that match sales.age type_mismatch"))
            await pilot.press("a")
            await until(pilot, lambda: app._notifications)
            said = next(iter(app._notifications)).message
            assert said.startswith("2 jobs queued, each to replace the set of the one it is for")
            assert "1 refused" in said
            assert "gone.csv" in said
            assert "no worker is there" in said
            assert screen.why_not_stop() == "nothing is being done"
        assert content(queued) == content(other)
        assert len(queued.jobs.list(limit=99).jobs) == 4 + 2


@pytest.mark.asyncio
async def test_an_export_writes_what_its_command_writes(queued: Queued, tmp_path: Path) -> None:
    job_id = refused(queued, "/data/a.csv", bad_row(1), bad_row(2))
    ours, theirs = tmp_path / "ours.jsonl", tmp_path / "theirs.jsonl"
    where = ("--store", queued.connection.path)
    assert call("quarantine", "export", job_id, "--to", theirs, *where).return_value == 0
    app = prod_app(queued, read_only=True)
    async with app.run_test(size=(100, 30)) as pilot:
        screen = await opened(pilot, "rows 1–2 of 2")
        await pilot.press("r")
        await until(pilot, lambda: app._notifications)
        assert "--read-only" in next(iter(app._notifications)).message
        app.clear_notifications()
        await pilot.press("e")
        line: Any = app.focused
        assert line.value == "a.quarantine.parquet"
        await pilot.press(*"q.csv")
        assert line.value == "q.csv", "what is typed takes the place of what was proposed"
        for said in (f"2 rows written to {ours}", "is there already"):
            await until(pilot, lambda: isinstance(app.focused, Input) or screen.row)
            if not isinstance(app.focused, Input):
                await pilot.press("e")
            line.value = str(ours)
            await pilot.press("enter")
            await until(pilot, lambda: app._notifications)
            assert said in next(iter(app._notifications)).message
            app.clear_notifications()
    assert ours.read_bytes() == theirs.read_bytes()


@pytest.mark.asyncio
async def test_a_row_is_tried_in_the_dev_pane(queued: Queued, tmp_path: Path) -> None:
    sample, parser = tmp_path / "sales_2024.csv", tmp_path / "mine" / "parser.py"
    sample.write_text("a\n1\n")
    parser.parent.mkdir()
    parser.write_text('class Parser:\n    name = "sales"\n    def parse(self, ctx): ...\n')
    refused(queued, str(sample), bad_row(1))
    app = prod_app(queued)
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, "rows 1–1 of 1")
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, DevScreen))
        await until(pilot, lambda: app._dev.chosen)  # type: ignore[attr-defined]
        await until(pilot, lambda: app.screen.query("#diff-text"))


@pytest.mark.asyncio
async def test_without_quarantine_it_says_so(queued: Queued) -> None:
    app = prod_app(queued)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, "nothing is in quarantine")
        assert screen.query_one(OptionList).option_count == 0
        assert screen.why_not_open() == "there is no row"
