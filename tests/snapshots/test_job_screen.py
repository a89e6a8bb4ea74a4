"""How all of one job looks, tab by tab."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from casparian.app.tui.prod.host import JobSeen
from casparian.core.publishing.manifest import StagedOutput
from casparian.core.queueing.comparison import Comparison
from casparian.core.queueing.job_details import JobDetails
from casparian.core.queueing.published import PublishedSet
from casparian.core.stores.jobs import Attempt, JobError
from casparian.core.stores.parsers import StoredParser
from casparian.core.stores.quarantine import QuarantinedRow, StoredGroup, StoredReason
from casparian.core.worker.job_logs import log_path

from ..app.tui.cheap_apps import until
from ..app.tui.prod_pane import GivenViews, lines_of
from ..app.tui.widgets.nasty import nasty_table
from .fed_prod import ENDED, JOB, NOW, nasty
from .looks import ALL, BOTH, NARROW

TEXT = "Traceback (most recent call last):\n  File \"parser.py\", line 7\nKeyError: 'total'"
ERROR = JobError("parser", "KeyError: 'total'", "look at the file", {"text": TEXT})
RAW = '{{"name": "Ada", "age": "{}", "city": "São Paulo"}}'


def details(job, **changed: Any) -> JobDetails:
    bundle = StoredParser(
        "sales", "1.0.0", "5" * 64, "1" * 64, "parser.py", ("sales",), None, None, 9_000, NOW
    )
    found = JobDetails(job, [], [], 0, None, "", None, None, None, [], bundle, [])
    return replace(found, **changed)


def failed(**changed: Any) -> JobDetails:
    """A job that failed in its second attempt."""
    ended: dict[str, Any] = {**ENDED, "attempt": 2, "fence": 2, "status": "failed"}
    job = JOB._replace(**{**ended, "error": ERROR, **changed})
    reset = JobError("connection", "ConnectionError: reset")
    attempts = [
        Attempt(job.job_id, 1, 1, "w1", NOW - 80_000, NOW - 78_000, "scheduled", reset),
        Attempt(job.job_id, 2, 2, "w2", NOW - 60_000, NOW - 50_000, "failed", job.error),
    ]
    return details(job, attempts=attempts)


def done(folder: Path) -> JobDetails:
    """A job that has published two outputs, and refused rows."""
    ended: dict[str, Any] = {**ENDED, "status": "completed_with_warnings"}
    job = JOB._replace(**ended, rows=10, quarantined=1_234)
    pq.write_table(nasty_table(), folder / "sales.parquet")
    outputs = (
        StagedOutput("sales", 10, 1_234, "sales.parquet", "sales.quarantine.parquet"),
        StagedOutput("an_output_with_a_name_that_is_long", 0, 0, None, None),
    )
    groups = [
        StoredGroup("sales", "age", "type_mismatch", 1_234, 0, "row 1: age: 'n/a' is not an int64"),
        StoredGroup(
            *("sales", "a_column_with_a_name_that_is_long", "pattern_mismatch", 1, 7),
            "row 8: '[bold]x\x1b[31m שלום 価格 👨‍👩‍👧 " + "and so on " * 20,
        ),
    ]
    attempt = Attempt(job.job_id, 1, 1, "w1", NOW - 60_000, NOW - 50_000, "completed", None)
    published = PublishedSet(folder, False, True, outputs)
    return details(
        job, attempts=[attempt], quarantine=groups, quarantined_rows=1_234, published=published
    )


def refused() -> list[QuarantinedRow]:
    rows = []
    for number, told in enumerate(("n/a", "[bold]unknown[/bold]", "売上高 👨‍👩‍👧 שלום")):
        tokens = f'null_tokens = ["{told}"]'
        why = f"row {number + 1}: age: {told!r} is not an int64"
        reasons = (StoredReason("age", "type_mismatch", why, tokens),)
        rows.append(QuarantinedRow("sales", number, reasons, RAW.format(told), 99, "0" * 64))
    return rows


def showing(found: JobDetails | None, *keys: str, rows=(), problem: str = "", says: str = ""):
    async def fed(pilot, host: GivenViews) -> None:
        await pilot.press("enter")
        host.tell(JobSeen("00", found, rows, problem))
        await pilot.pause()
        await pilot.press(*keys)
        await until(pilot, lambda: any(says in line for line in lines_of(pilot.app)))

    return fed


def test_while_it_is_looked_for(prod_looks_as) -> None:
    async def fed(pilot, _host: GivenViews) -> None:
        await pilot.press("enter")

    assert prod_looks_as(fed, NARROW)


def test_there_is_no_such_job(prod_looks_as) -> None:
    assert prod_looks_as(showing(None, problem="there is no job '00'"), NARROW)


def test_one_that_waits(prod_looks_as) -> None:
    waits = details(JOB, paused_reason="5 consecutive failures")
    assert prod_looks_as(showing(waits))


def test_one_that_failed(prod_looks_as) -> None:
    assert prod_looks_as(showing(failed()), ALL)


def test_one_that_replaced_another(prod_looks_as, tmp_path) -> None:
    rows = tuple(("sales", n) for n in range(12))
    compared = Comparison("b" * 16, JOB.job_id, rows, rows[:3], (), rows[:1], True, False)
    replaced = replace(done(tmp_path), comparison=compared)
    shown = replace(replaced, published=replace(replaced.published, place=Path("/out/sales/1.0.0")))
    assert prod_looks_as(showing(shown))


def test_one_with_texts_that_are_long_or_strange(prod_looks_as) -> None:
    [*_, long, _wide, _bold, _red, _other, _right, _last] = nasty().around.jobs
    error = replace(long.error, details={"text": 'Traceback\n  File "[red]x"\n' + "שלום " * 40})
    strange = failed(error=error, input_path=long.input_path, parser="sales " * 30)
    assert prod_looks_as(showing(strange))


def test_log(prod_looks_as, tmp_path) -> None:
    found = failed()
    path = log_path(tmp_path, found.job)
    path.parent.mkdir(parents=True)
    lines = (
        ("info", "reading /data/exports/sales_2024_01.csv"),
        ("warning", "line 7 has a trailing comma"),
        ("stdout", "[bold]columns[/bold]: day, item, price, 売上高 שלום 👨‍👩‍👧"),
        ("stderr", "a line that goes on and on " * 12),
        ("error", "KeyError: 'total'"),
    )
    path.write_text(
        "".join(f"2024-03-09T16:00:0{n}.000Z {a:<7} {b}\n" for n, (a, b) in enumerate(lines))
    )
    # A file that is followed is read at a moment of its own.
    assert prod_looks_as(showing(found, "2", says="has a trailing comma"), ALL, home=tmp_path)


def test_log_that_is_not_there(prod_looks_as) -> None:
    assert prod_looks_as(showing(failed(), "2"), NARROW)


def test_quarantine(prod_looks_as, tmp_path) -> None:
    assert prod_looks_as(showing(done(tmp_path), "3", rows=refused()), ALL)


def test_no_quarantine(prod_looks_as) -> None:
    assert prod_looks_as(showing(failed(), "3"), NARROW)


def test_output(prod_looks_as, tmp_path) -> None:
    assert prod_looks_as(showing(done(tmp_path), "4"), ALL)


def test_output_that_is_gone(prod_looks_as, tmp_path) -> None:
    found = done(tmp_path)
    (tmp_path / "sales.parquet").unlink()
    place = Path("/out/sales/1.0.0/00000000000000a7")
    gone = replace(found, published=replace(found.published, place=place, is_there=False))
    assert prod_looks_as(showing(gone, "4"), NARROW)


def test_no_output(prod_looks_as) -> None:
    assert prod_looks_as(showing(failed(), "4"), BOTH)


def test_help(prod_looks_as) -> None:
    assert prod_looks_as(showing(failed(), "2", "question_mark"))
