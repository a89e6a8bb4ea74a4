"""Whatever can be done is found by its name, and jobs by the beginning of their ids."""

from __future__ import annotations

from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest
from textual.command import CommandPalette
from textual.pilot import Pilot
from textual.widgets import OptionList

from casparian.app.tui.actions import ACTIONS, Action, actions_of
from casparian.app.tui.app import CasparianApp
from casparian.app.tui.command_rank import EXACT, is_dangerous, names_of, rank
from casparian.app.tui.palette import Command
from casparian.app.tui.prod.job_commands import beginning_of_id
from casparian.app.tui.prod.job_screen import JobScreen
from casparian.app.tui.prod.pane import ProdScreen
from casparian.core.dev_session.remembered import remember
from casparian.core.stores.jobs import NewJob

from ..queued import Queued
from .cheap_apps import until
from .fed_dev import FedHost
from .prod_pane import looked, pane_of, prod_app


def offered(app: Any) -> list[str]:
    """The titles of what the palette lists."""
    return [title for title, _ in told(app)]


def told(app: Any) -> list[tuple[str, str]]:
    """What the palette lists: title and help of each, once it has gathered."""
    if not isinstance(app.screen, CommandPalette) or app.screen._show_busy:
        return []
    options: Any = app.screen.query_one(OptionList).options
    return [(one.hit.text, one.hit.help) for one in options if not one.disabled]


async def asked(pilot: Pilot[None], query: str, *titles: str) -> None:
    """Open the palette, type, and wait until it lists these."""
    await pilot.press("ctrl+p")
    await until(pilot, lambda: isinstance(pilot.app.screen, CommandPalette))
    pilot.app.focused.value = query  # type: ignore[union-attr]
    await until(pilot, lambda: all(title in offered(pilot.app) for title in titles))


@pytest.mark.asyncio
async def test_a_job_is_opened_by_the_beginning_of_its_id(queued: Queued) -> None:
    job_ids = [queued.add(f"/data/{n}.csv") for n in range(3)]
    app = prod_app(queued)
    async with app.run_test(size=(120, 40)) as pilot:
        await looked(pilot)
        for query, job_id in (
            (f"job: open {job_ids[1][:6]}", job_ids[1]),
            (job_ids[2], job_ids[2]),  # alone, and from the screen of another job
        ):
            await asked(pilot, query, f"job: open {job_id[: max(8, len(query.split()[-1]))]}")
            await pilot.press("enter")
            await until(
                pilot,
                lambda: (
                    isinstance(app.screen, JobScreen)
                    and app.screen.details is not None
                    and app.screen.details.job.job_id == job_id  # noqa: B023
                ),
            )
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, ProdScreen))
        assert pane_of(app).job_screen is None


@pytest.mark.asyncio
async def test_all_jobs_that_begin_so_are_listed_and_none_that_is_not_there(
    queued: Queued,
) -> None:
    queued.add("/data/first.csv")
    [first] = queued.jobs.list(limit=1).jobs
    new = [
        NewJob("sales", "1.0.0", first.source_hash, f"/{n}.csv", f"{n}" * 64, 1) for n in range(3)
    ]
    job_ids = queued.jobs.insert_many(new)
    same = job_ids[0].job_id[:3]  # those that are queued together begin alike
    app = prod_app(queued)
    async with app.run_test(size=(120, 40)) as pilot:
        await looked(pilot)
        await asked(pilot, f"job {same}", *(f"job: open {one.job_id[:8]}" for one in job_ids))
        other = "".join("0" if letter != "0" else "1" for letter in same)
        app.focused.value = f"job: open {other}"  # type: ignore[union-attr]
        await until(pilot, lambda: "job: open" not in "".join(offered(app)))
        await until(pilot, lambda: not app.screen._show_busy)  # type: ignore[attr-defined]
        assert not [one for one in offered(app) if one.startswith("job: open ")]


@pytest.mark.asyncio
async def test_a_job_is_opened_from_the_dev_pane_before_the_prod_pane_was_gone_to(
    queued: Queued, tmp_path: Path
) -> None:
    job_id = queued.add("/data/a.csv")
    app = prod_app(queued, first="dev")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.screen.query("DiffTab"))
        await asked(pilot, f"job: open {job_id[:7]}", f"job: open {job_id[:7]}")
        await pilot.press("enter")
        await until(
            pilot,
            lambda: (
                isinstance(app.screen, JobScreen)
                and app.screen.details is not None
                and app.screen.details.job.job_id == job_id
            ),
        )


@pytest.mark.asyncio
async def test_the_panes_actions_do_what_their_keys_do_and_what_cannot_be_done_is_not_there(
    queued: Queued,
) -> None:
    queued.add("/data/a.csv")
    app = prod_app(queued)
    async with app.run_test(size=(120, 40)) as pilot:
        await looked(pilot)
        await asked(pilot, "prod:", "prod: Cancel", "prod: Mark", "prod: Requeue")
        reason = dict(told(app))["prod: Requeue"]
        assert "can't be done now: the job is pending: only an ended job can be" in reason
        app.focused.value = ""  # type: ignore[union-attr]
        await until(pilot, lambda: "app: Theme" in offered(app))
        assert "prod: Requeue" not in offered(app), "it isn't among what can be done"
        await pilot.press("ctrl+u", *"mrk")
        await until(pilot, lambda: offered(app)[:1] == ["prod: Mark"])
        await pilot.press("enter")
        await until(pilot, lambda: len(pane_of(app).state.marked) == 1)


@pytest.mark.asyncio
async def test_what_is_called_so_comes_first_and_is_greyed_with_its_reason_if_it_cannot_be_done(
    queued: Queued,
) -> None:
    queued.add("/data/a.csv")
    app = prod_app(queued)
    async with app.run_test(size=(120, 40)) as pilot:
        await looked(pilot)
        for query, title in (
            ("replay", "prod: Replay"),
            ("stop worker", "prod: Stop worker"),
            ("cancel", "prod: Cancel"),
            ("bad", "prod: Quarantine"),  # as the footer has it
            ("pause", "prod: Pause"),
            ("dead letters", "prod: Replay"),  # by its sentence
        ):
            await asked(pilot, query, title)
            await until(pilot, lambda: offered(app)[:1] == [title])  # noqa: B023
            best: Any = app.screen.query_one(OptionList).options[0]
            styles = {str(one.style) for one in best.prompt.spans if one.start == 0}
            dim = any("dim" in style for style in styles)
            cannot = "(can't be done now: " in best.hit.help
            assert dim == cannot == (title in ("prod: Replay", "prod: Stop worker"))
            await pilot.press("escape")


def as_command(action: Action) -> Command:
    verb, *others = names_of(action)
    return Command(
        f"{action.area}: {verb.capitalize()}",
        lambda: None,
        action.help,
        also=others,
        dangerous=is_dangerous(action),
    )


@pytest.mark.parametrize("area", sorted({action.area for action in ACTIONS}))
def test_every_action_is_found_by_its_verb_its_label_and_its_help(area: str) -> None:
    commands = [as_command(action) for action in (*actions_of(area), *actions_of("app"))]
    for action in actions_of(area):
        its = as_command(action)
        for query in (action.verb, action.verb.replace("_", " "), action.label, its.title):
            ranks = {one.title: rank(query, one) for one in commands}
            if query:
                assert ranks[its.title] >= max(ranks.values()) - 100, query
                assert ranks[its.title] > EXACT - 100, query
        assert rank(action.help, its) > 0


@pytest.mark.parametrize("area", sorted({action.area for action in ACTIONS}))
def test_nothing_dangerous_is_the_best_match_of_another_ones_name(area: str) -> None:
    commands = [as_command(action) for action in (*actions_of(area), *actions_of("app"))]
    for other in ACTIONS:
        for name in names_of(other):
            for query in (name, name[:-1], name.replace(" ", "_")):
                score, best = max(((rank(query, one), one) for one in commands), key=itemgetter(0))
                if score and best.dangerous:
                    its = [one.casefold() for one in best.names]
                    assert any(one.startswith(query.replace("_", " ")) for one in its), (
                        query,
                        best,
                    )


@pytest.mark.asyncio
async def test_a_parser_is_paused_and_its_jobs_are_shown(queued: Queued) -> None:
    queued.add("/data/a.csv")
    app = prod_app(queued)
    async with app.run_test(size=(120, 40)) as pilot:
        pane = await looked(pilot)
        await asked(pilot, "parser: pause", "parser: pause sales")
        await pilot.press("enter")
        await until(pilot, lambda: queued.parsers.health()["sales"].paused_at is not None)
        await until(pilot, lambda: "sales" in pane.state.view.paused)  # type: ignore[union-attr]
        await asked(pilot, "parser: resume", "parser: resume sales")
        await pilot.press("escape")
        await asked(pilot, "show the jobs of", "parser: show the jobs of sales")
        await pilot.press("enter")
        await until(pilot, lambda: pane.state.filter == "parser:sales")


@pytest.mark.asyncio
async def test_where_it_only_looks_no_parser_is_paused(queued: Queued) -> None:
    app = prod_app(queued, read_only=True)
    async with app.run_test(size=(120, 40)) as pilot:
        await looked(pilot)
        await asked(pilot, "parser", "parser: show the jobs of sales")
        assert "parser: pause sales" not in offered(app)


@pytest.mark.asyncio
async def test_what_the_focused_part_can_do_is_there_too(tmp_path: Path) -> None:
    app = CasparianApp(FedHost())
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.screen.query("DiffTab"))
        await pilot.press("3")
        await asked(pilot, "find a text", "log: Find")
        await pilot.press("enter")
        await until(pilot, lambda: type(app.focused).__name__ == "Input")


@pytest.mark.asyncio
async def test_a_parser_of_before_is_opened_with_its_samples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CASPARIAN_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    parser, sample = tmp_path / "orders" / "parser.py", tmp_path / "orders.csv"
    parser.parent.mkdir()
    parser.write_text("")
    remember(parser, (sample,))
    host = FedHost()
    app = CasparianApp(host)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.screen.query("DiffTab"))
        await asked(pilot, "parser: open", "parser: open orders/parser.py")
        await pilot.press("enter")
        await until(pilot, lambda: ("choose", parser, (sample,)) in host.asked)


@pytest.mark.parametrize(
    ("query", "beginning"),
    [
        ("17f3", "17f3"),
        (" 17F3 ", "17f3"),
        ("job: open 17f3", "17f3"),
        ("job open 1", "1"),
        ("job:1", "1"),
        ("open 17", "17"),
        ("17", ""),
        ("open", ""),
        ("job: open", ""),
        ("job: open xyz", ""),
        ("add jobs", ""),
    ],
)
def test_what_is_taken_for_a_jobs_id(query: str, beginning: str) -> None:
    assert beginning_of_id(query) == beginning
