"""The Prod pane shows the queue as it goes on, and its cursor stays on its job."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from casparian.app.tui.app import CasparianApp
from casparian.app.tui.dev.header import HeaderLine
from casparian.app.tui.dev.pane import DevScreen
from casparian.app.tui.prod import order_screen
from casparian.app.tui.prod.host import JobSeen, Seen, Trouble
from casparian.app.tui.prod.job_cells import columns_for
from casparian.app.tui.prod.jobs_table import JobsTable
from casparian.app.tui.prod.pane import HostTold, ProdScreen
from casparian.app.tui.prod.rate_chart import bars
from casparian.app.tui.prod.state import ProdState, after, updated
from casparian.app.tui.widgets.log_area import LogArea
from casparian.core.queueing import job_order
from casparian.core.queueing.filters import STATE_NAMES
from casparian.core.stores.workers import NewWorker
from casparian.core.worker.job_logs import log_path
from casparian.core.worker.presence import Presence, new_worker

from ..queued import Queued, bad_row
from .cheap_apps import until
from .prod_pane import (
    GivenViews,
    NoDev,
    lines_of,
    looked,
    pane_of,
    prod_app,
    shown,
    table_of,
)


@pytest.fixture
def present(queued: Queued) -> Iterator[Presence]:
    """The worker w1 lives."""
    present = Presence(queued.connection.path.parent, "w1")
    yield present
    present.end()


def test_a_chart_shows_the_most_of_each_cell_and_what_is_not_counted_as_blank() -> None:
    hour = [None] * 30 + [0] * 10 + [1] * 10 + [2, 4] * 5
    assert bars(hour, 60) == " " * 30 + "▁" * 10 + "▃" * 10 + "▄▇" * 5
    assert bars(hour, 20) == " " * 10 + "▁▁▁▃▃▃▄▇▇▇"
    assert bars([None] * 59 + [0], 25) == " " * 24 + "▁"
    assert bars([0] * 59 + [1], 60)[-2:] == "▁█", "one job is seen"


@pytest.mark.asyncio
async def test_a_failed_job_shows_how_many_rows_it_refused_and_that_none_are_published(
    queued: Queued,
) -> None:
    queued.add("/data/refused.csv")
    queued.fail(queued.claim(), quarantine=[bad_row(1), bad_row(2)])
    queued.add("/data/broken.csv")
    queued.fail(queued.claim())
    app = prod_app(queued)
    async with app.run_test(size=(120, 30)) as pilot:
        await looked(pilot)
        lines = lines_of(app)
        [titles] = [line for line in lines if " rows" in line and " bad" in line]
        rows, bad = (titles.index(name) + len(name) for name in (" rows", " bad"))
        for name, refused in (("refused.csv", "2"), ("broken.csv", "–")):
            [line] = [line for line in lines if name in line and "failed" in line]
            assert (line[:rows].split()[-1], line[rows:bad].strip()) == ("–", refused)


@pytest.mark.asyncio
async def test_it_is_seen_on_any_terminal_that_jobs_wait_and_that_no_worker_is_alive(
    queued: Queued,
) -> None:
    queued.add()
    queued.parsers.pause("sales", "by hand")
    queued.workers.announce(replace(new_worker("w1", slots=4), boot_id="of an earlier start"))
    app = prod_app(queued)
    async with app.run_test(size=(80, 24)) as pilot:
        await looked(pilot)
        await until(pilot, lambda: "‖ 1 parser paused" in "\n".join(lines_of(app)))
        assert "○ 1 pending" in "\n".join(lines_of(app))
        await pilot.resize_terminal(120, 24)
        await until(pilot, lambda: "all gone: W starts one" in "\n".join(lines_of(app)))


@pytest.mark.asyncio
async def test_what_ended_in_the_last_hour_is_shown_where_there_is_room(queued: Queued) -> None:
    queued.add()
    queued.add("/data/b.csv")
    queued.finish(queued.claim())
    app = prod_app(queued)
    async with app.run_test(size=(120, 40)) as pilot:
        await looked(pilot)
        await until(pilot, lambda: any("✓ 1 done" in line for line in lines_of(app)))
        assert any("✗ 0 failed" in line for line in lines_of(app))
        queued.fail(queued.claim())
        await until(pilot, lambda: any("✗ 1 failed" in line for line in lines_of(app)))
        await pilot.resize_terminal(120, 24)
        await until(pilot, lambda: not any("1 failed" in line for line in lines_of(app)))


@pytest.mark.asyncio
async def test_jobs_are_shown_with_what_matters_of_them_and_who_works(
    queued: Queued, present: Presence
) -> None:
    queued.workers.announce(new_worker("w1", slots=4))
    queued.add("/data/done.csv")
    queued.finish(queued.claim(), rows=1_234, quarantined=7)
    queued.add("/data/broken.csv")
    queued.fail(queued.claim(), "KeyError: 'total'", blames_parser=True)
    queued.add("/data/running.csv")
    running = queued.claim("w1")
    queued.jobs.progress(running, 45, 100)
    queued.add("/data/left.csv")
    queued.claim("of-nobody")
    queued.add("/data/waits.csv")
    queued.parsers.pause("sales", "5 consecutive failures")
    app = prod_app(queued)
    async with app.run_test(size=(200, 40)) as pilot:
        await looked(pilot)
        shown = lines_of(app)
        for line in (
            ("○ pending", "waits.csv", "its parser is paused"),
            ("its parser is paused: 5 consecutive failures",),
            ("▷ orphaned", "left.csv", "its worker is gone"),
            ("▶ running", "running.csv", "45%", "w1", "♥"),
            ("✗ failed", "broken.csv", "KeyError: 'total'"),
            ("! warnings", "done.csv", "1,234", "7"),
            ("‖ sales 1.0.0", "✗1 paused 3"),
            (f"● {queued.workers.list()[0].host}", "1/4"),
        ):
            assert any(all(part in text for part in line) for text in shown), line


@pytest.mark.asyncio
@pytest.mark.parametrize(("width", "state"), [(200, "▷ orphaned"), (80, "▷ cancelling")])
async def test_an_orphaned_job_that_is_to_be_cancelled_says_so(
    queued: Queued, width: int, state: str
) -> None:
    job_id = queued.add("/data/left.csv")
    queued.claim("of-nobody")
    queued.jobs.cancel(job_id)
    app = prod_app(queued)
    async with app.run_test(size=(width, 40)) as pilot:
        await looked(pilot)
        said = "to be cancelled: its worker is gone, another one ends it"
        shown = lines_of(app)
        [row] = [line for line in shown if "left.csv" in line]
        assert state in row
        assert said[:20] in row or width == 80
        await until(pilot, lambda: any(said in line and "left.csv" not in line for line in shown))
        assert any(part in " ".join(shown) for part in ("running, 1 orphaned", "▷ 1 orphaned"))


@pytest.mark.asyncio
async def test_a_job_whose_lease_ran_out_is_late(queued: Queued) -> None:
    queued.workers.announce(NewWorker("elsewhere", "other", 1, 1, "1"))
    queued.add()
    queued.claim("elsewhere", lease_ms=-1)
    app = prod_app(queued)
    async with app.run_test(size=(80, 24)) as pilot:
        await looked(pilot)
        assert any("▷ late" in line for line in lines_of(app))


@pytest.mark.asyncio
async def test_the_cursor_stays_on_its_job_while_others_come_and_change(queued: Queued) -> None:
    for number in range(5):
        queued.add(f"/data/{number}.csv")
    app = prod_app(queued)
    async with app.run_test(size=(120, 30)) as pilot:
        pane, table = await looked(pilot), table_of(app)
        await pilot.press("down", "down")
        assert table.job is not None
        assert table.job.input_path == "/data/2.csv"
        for number in range(5, 400):
            queued.add(f"/data/{number}.csv")
        queued.jobs.cancel(table.job.job_id)
        await until(pilot, lambda: table.job is not None and table.job.status == "cancelled")
        assert table.job.input_path == "/data/2.csv"
        await until(pilot, lambda: pane.state.view and pane.state.view.counts["pending"] == 399)
        assert any("2.csv" in line and "cancelled" in line for line in lines_of(app))


@pytest.mark.asyncio
async def test_any_number_of_jobs_is_scrolled_through_by_pages(queued: Queued) -> None:
    from casparian.core.stores.jobs import NewJob

    parser = queued.parsers.latest("sales")
    assert parser is not None
    queued.jobs.insert_many(
        NewJob("sales", "1.0.0", parser.source_hash, f"/d/{n}.csv", str(n)) for n in range(2_000)
    )
    app = prod_app(queued)
    async with app.run_test(size=(100, 40)) as pilot:
        pane, table = await looked(pilot), table_of(app)
        seen = [1_999]
        for _ in range(8):
            await pilot.press("pagedown")
            assert table.job is not None
            seen.append(int(table.job.input_path[3:-4]))
            await until(
                pilot,
                lambda: (
                    table._around.behind and table._at + 2 * table.page < len(table._around.jobs)
                ),
            )
        assert all(a - b == table.page for a, b in itertools.pairwise(seen))
        view = pane.state.view
        assert view is not None
        assert len(view.around.jobs) <= 2 * view.look.reach, "only some of them are ever held"
        await pilot.press("G")
        await until(pilot, lambda: table.job and table.job.input_path == "/d/0.csv")
        await pilot.press("g")
        await until(pilot, lambda: table.job and table.job.input_path == "/d/1999.csv")
        assert "2,000 jobs" in str(table.border_subtitle)


@pytest.mark.asyncio
async def test_the_log_of_the_job_under_the_cursor_is_followed(
    queued: Queued, tmp_path: Path
) -> None:
    queued.add("/data/quiet.csv")
    queued.add("/data/loud.csv")
    queued.claim()
    loud = queued.jobs.get(queued.claim().job_id)
    assert loud is not None
    path = log_path(tmp_path / "home", loud)
    path.parent.mkdir(parents=True)
    path.write_text("2026-01-31T12:00:00.000Z info    half way\n")
    app = prod_app(queued)
    async with app.run_test(size=(120, 40)) as pilot:
        await looked(pilot)
        log = pane_of(app).query_one(LogArea).log_view
        await until(pilot, lambda: log.status.total == 1)
        with path.open("a") as file:
            file.write("2026-01-31T12:00:01.000Z error   no more\n")
        await until(pilot, lambda: log.status.total == 2)
        await pilot.press("down")
        await until(pilot, lambda: log.status.total == 0)


@pytest.mark.asyncio
async def test_a_store_that_is_not_there_or_goes_away_is_told_and_looked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from casparian.app.tui.prod import store_host

    monkeypatch.setattr(store_host, "_AGAIN", 0.02)
    monkeypatch.setenv("CASPARIAN_HOME", str(tmp_path / "home"))
    path = tmp_path / "home" / "casparian.db"
    app = CasparianApp(NoDev(), lambda: store_host.StoreHost(str(path), path.parent), first="prod")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: pane_of(app).state.trouble)
        await pilot.pause()
        assert any("there is no store yet" in line for line in lines_of(app))
        with Queued(path) as store:
            store.register()
            store.add()
        pane = await looked(pilot)
        assert pane.state.trouble is None
        assert not pane.query_one("#prod-trouble").display
        pane._host.every(0.1)
        # It may have been looked at before the job was in it.
        await until(pilot, lambda: not any("no jobs yet" in line for line in lines_of(app)))
        path.rename(path.with_name("away.db"))
        await until(pilot, lambda: pane.state.trouble)
        assert pane.state.view is not None, "what was seen stays"
        assert pane.state.trouble is not None
        assert "put it back; a new one in its place would be empty" in pane.state.trouble.hint
        assert "migrate" not in pane.state.trouble.hint
        await pilot.press("enter")
        # The pane below says so, too: on which screen it is said is what matters.
        await until(pilot, lambda: app.screen is pane.job_screen)
        await until(pilot, lambda: any("looked at is gone" in line for line in lines_of(app)))
        path.with_name("away.db").rename(path)
        await until(pilot, lambda: pane.state.trouble is None)
        assert pane.job_screen is not None
        await until(pilot, lambda: not pane.job_screen.query_one("#job-trouble").display)  # type: ignore[union-attr]


@pytest.mark.asyncio
async def test_what_is_told_while_the_app_ends_finds_its_screens_half_gone(
    queued: Queued, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued.add()
    app = prod_app(queued)
    async with app.run_test(size=(80, 24)) as pilot:
        pane = await looked(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: pane.job_screen is not None and pane.job_screen.details)
        closes = app._close_all

        async def told_meanwhile() -> None:
            for screen in (pane, pane.job_screen):
                await screen.query_one(HeaderLine).remove()
            pane._told(HostTold(JobSeen("17f3", None, problem="it is gone")))
            pane._tick()
            ended.append(True)
            await closes()

        ended: list[bool] = []
        monkeypatch.setattr(app, "_close_all", told_meanwhile)
    assert ended == [True]


@pytest.mark.asyncio
async def test_a_store_that_a_newer_casparian_takes_over_meanwhile_is_told(
    queued: Queued, monkeypatch: pytest.MonkeyPatch
) -> None:
    from casparian.app.tui.prod import store_host

    monkeypatch.setattr(store_host, "_AGAIN", 0.02)
    queued.add()
    app = prod_app(queued)
    async with app.run_test(size=(120, 30)) as pilot:
        pane = await looked(pilot)
        [[version]] = queued.connection.read("PRAGMA user_version")
        queued.connection.write(lambda raw, _: raw.execute(f"PRAGMA user_version = {version + 1}"))
        await until(pilot, lambda: pane.state.trouble)
        assert pane.state.trouble is not None
        assert "a newer casparian made this store" in pane.state.trouble.message
        assert pane.state.view is not None, "what was seen stays"
        queued.connection.write(lambda raw, _: raw.execute(f"PRAGMA user_version = {version}"))
        await until(pilot, lambda: pane.state.trouble is None)


@pytest.mark.asyncio
async def test_a_click_on_a_panes_name_goes_there(
    queued: Queued,
) -> None:
    app = prod_app(queued)
    async with app.run_test(size=(120, 30)) as pilot:
        await looked(pilot)
        line = lines_of(app)[0]
        await pilot.click(HeaderLine, offset=(line.index("Dev"), 0))
        await until(pilot, lambda: isinstance(app.screen, DevScreen))
        await until(pilot, lambda: " Prod " in lines_of(app)[0])
        await pilot.click(HeaderLine, offset=(line.index("Prod"), 0))
        await until(pilot, lambda: isinstance(app.screen, ProdScreen))


@pytest.mark.asyncio
async def test_paused_it_shows_what_it_has_and_looks_no_more(queued: Queued) -> None:
    queued.add("/data/a.csv")
    app = prod_app(queued)
    async with app.run_test(size=(80, 24)) as pilot:
        pane = await looked(pilot)
        await pilot.press("p")
        view = pane.state.view
        queued.add("/data/b.csv")
        await pilot.pause(0.1)
        assert pane.state.view is view
        await pilot.press("p")
        await until(pilot, lambda: pane.state.view and pane.state.view.counts["pending"] == 2)
        await pilot.press("minus")
        assert pane.state.every == 2.0


@pytest.mark.asyncio
async def test_nothing_is_looked_at_while_the_other_pane_is_shown(tmp_path: Path) -> None:
    host = GivenViews(tmp_path)
    rested: list[bool] = []
    host.rest = rested.append  # type: ignore[method-assign]
    app = CasparianApp(NoDev(), lambda: host, first="prod")
    async with app.run_test() as pilot:
        await pilot.press("f1")
        await until(pilot, lambda: rested[-1:] == [True])
        await pilot.press("f2")
        await until(pilot, lambda: rested[-1:] == [False])
        assert pane_of(app) is app.screen


def test_it_says_how_old_what_is_shown_is() -> None:
    state = after(ProdState(), Seen(10_000, None))
    assert updated(state, 10_500) == "updated now · every 1 s"
    assert updated(state, 75_000) == "updated 1m ago · every 1 s"
    troubled = after(state, Trouble("no", "", 2.0))
    assert updated(troubled, 14_000) == "updated 4s ago · every 1 s"
    assert after(troubled, Seen(15_000, None)).trouble is None


@pytest.mark.parametrize("width", [40, 60, 76, 90, 120, 160, 300])
def test_columns_fit_any_width_and_state_parser_and_input_are_never_given_up(width: int) -> None:
    columns = columns_for(width, 20)
    assert {"state", "parser", "input"} <= set(columns)
    if width >= 60:
        assert sum(columns.values()) + len(columns) - 1 <= width


@pytest.mark.asyncio
async def test_a_filter_with_a_state_that_is_none_names_every_state_there_is(
    queued: Queued,
) -> None:
    app = prod_app(queued)
    async with app.run_test(size=(80, 24)) as pilot:
        await looked(pilot)
        await pilot.press("slash", *"status:lost")
        await until(pilot, lambda: shown(app, "there is no state 'lost'", *STATE_NAMES))
        await pilot.press("enter")
        await until(pilot, lambda: shown(app, "there is no state 'lost'", *STATE_NAMES))
        assert app.focused.value == "status:lost"  # type: ignore[union-attr]


@pytest.mark.asyncio
async def test_a_filter_is_typed_with_completion_and_what_is_wrong_with_it_is_said(
    queued: Queued,
) -> None:
    queued.register("shipments")
    queued.add("/data/a.csv")
    queued.fail(queued.claim(), "KeyError: 'total'")
    queued.add("/data/b.csv", parser="shipments")
    app = prod_app(queued)
    async with app.run_test(size=(120, 30)) as pilot:
        pane, table = await looked(pilot), table_of(app)
        await pilot.press("slash", *"st", "tab", *"fa", "tab", "enter")
        await until(pilot, lambda: table.job and table.job.status == "failed")
        assert pane.state.filter == "status:failed"
        await until(pilot, lambda: "1 job" in str(table.border_subtitle))
        await pilot.press("slash", *" parser:", "enter")
        assert any("parser: has no value" in line for line in lines_of(app))
        await pilot.press("s", "h", "tab", "enter")
        await until(pilot, lambda: any("no job matches" in line for line in lines_of(app)))
        await pilot.press("escape")
        await until(pilot, lambda: table.job and table.job.parser == "shipments")
        assert pane.state.filter == ""
        await pilot.press("tab", "tab")  # past the log
        pane.query_one("#prod-parsers").focus()
        await pilot.press("down", "enter")
        await until(pilot, lambda: pane.state.filter == "parser:shipments")


@pytest.mark.asyncio
async def test_jobs_are_sorted_by_a_key_and_by_clicking_a_title_which_shows_it(
    queued: Queued,
) -> None:
    for number in range(3):
        queued.add(f"/data/{number}.csv")
        queued.finish(queued.claim(), rows=(20, 30, 10)[number])
    queued.add("/data/3.csv")
    app = prod_app(queued)
    async with app.run_test(size=(120, 30)) as pilot:
        pane, table = await looked(pilot), table_of(app)

        async def first_is(path: str, said: str) -> None:
            await until(pilot, lambda: table.job and table.job.input_path == f"/data/{path}.csv")
            assert said in str(table.border_subtitle)

        await pilot.press("s", "r")
        await first_is("1", "by rows, most first")
        assert any("rows ▼" in line for line in lines_of(app))
        await pilot.press("S")
        await first_is("2", "by rows, fewest first")
        title = next(line for line in lines_of(app) if "state" in line and "took" in line)
        await pilot.click(table, offset=(title.index("input") + 1, 1))
        await first_is("0", "by input")
        await pilot.click(table, offset=(title.index("input") + 1, 1))
        await first_is("3", "by input, backwards")
        await pilot.press("s", "s")
        await first_is("3", "by state")
        assert any("state ▲" in line for line in lines_of(app))
        await pilot.press("s", "v")
        await first_is("2", "by state, backwards")
        await pilot.press("s", "escape")
        assert pane.state.view is not None
        assert pane.state.view.order.by == "state"


@pytest.mark.asyncio
async def test_a_list_too_long_for_an_order_says_so_and_is_in_it_once_it_is_filtered(
    queued: Queued, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (job_order, order_screen):
        monkeypatch.setattr(module, "MOST_SORTED", 3)
    for number in range(5):
        queued.add(f"/data/{number}.csv")
    queued.fail(queued.claim())
    app = prod_app(queued)
    async with app.run_test(size=(120, 30)) as pilot:
        table = (await looked(pilot)).query_one(JobsTable)
        await pilot.press("s", "i")
        await until(pilot, lambda: app._notifications)
        assert "only of up to 3 jobs" in next(iter(app._notifications)).message
        assert any("only of up to 3 jobs" in line for line in lines_of(app))
        await pilot.press("escape", "slash", *"status:failed", "enter")
        await until(pilot, lambda: "1 job" in str(table.border_subtitle))
        await pilot.press("s", "i")
        await until(pilot, lambda: "by input" in str(table.border_subtitle))
        await pilot.press("escape")
        await until(pilot, lambda: "too many to be sorted by input" in str(table.border_subtitle))


@pytest.mark.asyncio
async def test_only_the_cells_that_changed_are_painted(
    queued: Queued, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        queued.add(f"/data/{number}.csv")
    app = prod_app(queued)
    async with app.run_test(size=(120, 30)) as pilot:
        table = (await looked(pilot)).query_one(JobsTable)
        pane_of(app)._host.rest(True)
        await pilot.pause()
        painted: list[Any] = []
        monkeypatch.setattr(table, "refresh", lambda *regions, **_: painted.append(regions))
        assert table.job is not None
        begun = table.job.created_at + 10_000
        table.tick(begun)
        painted.clear()
        table.tick(begun + 7_000)
        assert painted == [], "an age below a minute is told in steps"
        table.tick(begun + 11_000)
        assert len(painted) == 3
        assert {region.width for [region] in painted} == {columns_for(116, 11)["age"] + 1}


@pytest.mark.asyncio
async def test_jobs_are_marked_and_sorted_and_marks_stay_with_their_jobs(queued: Queued) -> None:
    for number in range(3):
        queued.add(f"/data/{number}.csv")
    app = prod_app(queued)
    async with app.run_test(size=(120, 30)) as pilot:
        pane, table = await looked(pilot), table_of(app)
        await pilot.press("space", "space")
        assert {job.input_path for job in pane.state.marked.values()} == {
            "/data/2.csv",
            "/data/1.csv",
        }
        await pilot.press("s", "o")
        await until(pilot, lambda: table.job and table.job.input_path == "/data/0.csv")
        await pilot.pause()
        assert [line[1:4] for line in lines_of(app) if "●" in line and "csv" in line]
        assert "2 marked" in str(table.border_subtitle)
        await pilot.press("escape")
        assert not pane.state.marked
