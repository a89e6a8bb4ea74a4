"""How the quarantined rows of many jobs look."""

from __future__ import annotations

from casparian.app.tui.quarantine.events import (
    QuarantineTold,
    QuarantineTrouble,
    ReasonsSeen,
    RowsSeen,
)
from casparian.core.queueing.reason_rows import RowInJob, page_table
from casparian.core.stores.jobs import JobFilter
from casparian.core.stores.quarantine import QuarantinedRow, Reason, ReasonCount, StoredReason

from ..app.tui.prod_pane import GivenViews
from .fed_prod import JOB, NOW
from .looks import ALL, NARROW

AGE = Reason("sales", "sales", "age", "type_mismatch")
COUNTS = [
    ReasonCount(AGE, 12_345, 12_345, 321, 'null_tokens = ["n/a"]'),
    ReasonCount(Reason("sales", "sales", "total", "below_min"), 71, 70, 4, ""),
    ReasonCount(
        Reason("orders", "lines", "a_column_with_a_long_name", "x"), 3, 3, 1, "trim = true"
    ),
]


def rows_of(*told: str) -> list[RowInJob]:
    job = JOB._replace(status="completed_with_warnings", finished_at=NOW, quarantined=3)
    rows = []
    for number, one in enumerate(told):
        why = f"row {number + 1}: age: {one!r} is not an int64"
        reasons = (StoredReason("age", "type_mismatch", why, f'null_tokens = ["{one}"]'),)
        raw = f'{{"name": "Ada", "age": "{one}", "city": "São Paulo"}}'
        size = 9_999 if number == 2 else len(raw.encode())
        rows.append(RowInJob(job, QuarantinedRow("sales", number, reasons, raw, size, "0" * 64)))
    return rows


def showing(rows: list[RowInJob], *keys: str, counts=COUNTS):
    async def fed(pilot, host: GivenViews) -> None:
        await pilot.press("b")
        host.tell(ReasonsSeen(JobFilter(), counts))
        await pilot.pause()
        [*_, wanted] = host.rows_wanted
        host.tell(RowsSeen(wanted, rows, *page_table(rows), rows[-1].key))
        await pilot.pause()
        await pilot.press(*keys)

    return fed


def test_by_reason(prod_looks_as) -> None:
    fed = showing(rows_of("n/a", "unknown", "12,5"), "enter", "down", "down")
    assert prod_looks_as(fed, ALL)


def test_long_texts_and_those_that_mean_something_to_a_terminal(prod_looks_as) -> None:
    strange = Reason("[bold]sales[/bold]", "売上高", "the_price_of_" * 6, "pattern_mismatch")
    counts = [ReasonCount(strange, 3, 3, 1, "pattern = '[a-z]'"), *COUNTS]
    long = "and so on " * 40
    rows = rows_of("[red]x[/red]\u001b", "売上高 👨‍👩‍👧 שלום", long)
    assert prod_looks_as(showing(rows, "enter", "down", "down", counts=counts))


def test_while_they_are_counted(prod_looks_as) -> None:
    async def fed(pilot, host: GivenViews) -> None:
        await pilot.press("b")
        host.tell(ReasonsSeen(JobFilter(), COUNTS[:1], is_over=False))

    assert prod_looks_as(fed, NARROW)


def test_the_store_is_gone(prod_looks_as) -> None:
    async def fed(pilot, host: GivenViews) -> None:
        await pilot.press("b")
        host.tell(QuarantineTrouble("there is no store yet: casparian.db"))

    assert prod_looks_as(fed, NARROW)


def test_no_bad_rows(prod_looks_as) -> None:
    async def fed(pilot, host: GivenViews) -> None:
        await pilot.press("b")
        host.tell(ReasonsSeen(JobFilter(), []))

    assert prod_looks_as(fed)


def test_what_became_of_an_export(prod_looks_as) -> None:
    async def fed(pilot, host: GivenViews) -> None:
        await showing(rows_of("n/a"))(pilot, host)
        host.tell(QuarantineTold("3 rows are in /home/ada/[red]quarantine.parquet"))

    assert prod_looks_as(fed, NARROW)


def test_help(prod_looks_as) -> None:
    assert prod_looks_as(showing(rows_of("n/a"), "question_mark"), NARROW)
