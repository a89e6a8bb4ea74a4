"""How the Prod pane looks in each of its states."""

from __future__ import annotations

from dataclasses import replace

import pytest

from casparian.app.tui.app import CasparianApp
from casparian.app.tui.prod.host import Acted, Seen, Trouble
from casparian.core.queueing.bulk import BulkReport, Order
from casparian.core.queueing.queue_view import JobsAround
from casparian.core.queueing.throughput import Rate, Throughput
from casparian.core.stores.jobs import JobFilter

from ..app.tui.prod_pane import GivenViews, NoDev
from .fed_prod import HOME, NOW, every_state, nasty, view
from .looks import ALL, BOTH, IN_LIGHT, MEDIUM, NARROW, WIDE


async def nothing(_pilot, _host: GivenViews) -> None:
    """It is only looked at."""


def pressing(*keys: str):
    async def fed(pilot, _host: GivenViews) -> None:
        await pilot.press(*keys)

    return fed


def test_before_the_store_was_looked_at(looks_as) -> None:
    host = GivenViews(HOME)
    app = CasparianApp(NoDev(), lambda: host, first="prod")

    async def prepare(pilot) -> None:
        await pilot.pause()

    assert looks_as(app, prepare)


def test_an_empty_queue(prod_looks_as) -> None:
    none = replace(view(), around=JobsAround(), total=0, counts={}, parsers=[], workers=[])
    assert prod_looks_as(nothing, seen=none)


def test_some_jobs_one_of_them_marked(prod_looks_as) -> None:
    assert prod_looks_as(pressing("down", "down", "down", "down", "space"), ALL | WIDE)


def test_every_state_and_more_jobs_than_fit(prod_looks_as) -> None:
    looks = BOTH | IN_LIGHT
    assert prod_looks_as(pressing(*["down"] * 12), looks, seen=every_state())


def test_long_texts_and_those_that_mean_something_to_a_terminal(prod_looks_as) -> None:
    assert prod_looks_as(pressing("down"), BOTH | WIDE, seen=nasty())


def test_the_last_hour(prod_looks_as) -> None:
    rates = [Rate(n * n % 97 * 10, 3 if n in (11, 40, 41) else 0) for n in range(45)]
    throughput = Throughput(NOW // 60_000, (*[None] * 10, *[Rate()] * 5, *rates))

    async def fed(_pilot, host: GivenViews) -> None:
        host.tell(Seen(NOW, None, throughput))

    assert prod_looks_as(fed, MEDIUM | IN_LIGHT | WIDE)


@pytest.mark.parametrize(
    ("message", "hint"),
    [
        ("casparian.db: another process has held the store for 2 s: pid 4242", "wait for it"),
        ("there is no store yet: casparian.db", "casparian parser register makes it"),
        (
            "casparian.db: a newer casparian made this store: its version is 9, and this program "
            "knows up to 6",
            "upgrade casparian, or name another store",
        ),
    ],
    ids=["locked", "gone", "newer"],
)
def test_a_banner(prod_looks_as, request, message: str, hint: str) -> None:
    async def fed(_pilot, host: GivenViews) -> None:
        host.tell(Trouble(message, hint, 2.0))

    is_long = "newer" in request.node.name
    assert prod_looks_as(fed, ALL if is_long else NARROW)


def test_a_filter_with_what_it_may_become(prod_looks_as) -> None:
    assert prod_looks_as(pressing("slash", *"status:failed pa"))


def test_a_filter_with_the_values_of_a_field(prod_looks_as) -> None:
    assert prod_looks_as(pressing("slash", *"status:c"), NARROW)


def test_a_filter_that_makes_no_sense(prod_looks_as) -> None:
    assert prod_looks_as(pressing("slash", *"status:lost"))


def test_no_job_matches(prod_looks_as) -> None:
    async def fed(pilot, host: GivenViews) -> None:
        await pilot.press("slash", *"status:cancelled input:*[2024]*", "enter")
        host.tell(Seen(NOW, replace(view(), around=JobsAround(), total=0)))

    assert prod_looks_as(fed)


def test_paused(prod_looks_as) -> None:
    assert prod_looks_as(pressing("p"), NARROW)


def test_something_is_being_done_to_many_jobs(prod_looks_as) -> None:
    async def fed(_pilot, host: GivenViews) -> None:
        order = Order("requeue", matching=JobFilter())
        host.tell(Acted(order, BulkReport(done=400, refused=3, total=1_234)))

    assert prod_looks_as(fed)


def test_what_can_not_be_done_read_only_says_why(prod_looks_as) -> None:
    assert prod_looks_as(pressing("down", "down", "down", "down", "r"), read_only=True)


def test_in_a_browser_that_only_looks(prod_looks_as) -> None:
    assert prod_looks_as(pressing("f1"), read_only=True, only_looks=True)


def test_help(prod_looks_as) -> None:
    assert prod_looks_as(pressing("question_mark"), ALL)


@pytest.mark.parametrize("look", ["80x24", "120x40"])
def test_jump_mode(prod_looks_as, look: str) -> None:
    """A change of size ends it."""
    assert prod_looks_as(pressing("ctrl+o"), {look: BOTH[look]})
