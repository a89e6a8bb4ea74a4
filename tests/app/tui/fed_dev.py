"""A Dev pane that is fed with events, and results that are made without a guest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from casparian.core.contract.parse import parse_outputs
from casparian.core.dev_session.events import Chosen, RunEnded, SessionEvent, Watching
from casparian.core.dev_session.results import OutputFiles, RunResult
from casparian.core.events import GuestError, Log
from casparian.core.quarantine import quarantine_table, summarise
from casparian.core.run_report import OutputReport, RunReport
from casparian.core.validation import OutputValidator

PARSER = Path("/home/ada/parsers/sales/parser.py")
SAMPLES = tuple(
    Path(f"/home/ada/data/sales_{month}.csv") for month in ("january", "february", "march")
)
OUTPUTS = {"day": "date", "item": "string", "price": "decimal(8,2)", "sold": "int32"}
ROWS = [
    *[(f"2024-01-{day:02}", "plum jam", f"{day}.50", str(day * 3)) for day in range(1, 9)],
    ("2024-01-32", "honey", "7.00", "1"),
    ("2024-01-10", "linen towel, hand woven, with a very long name", "1,250.00", "n/a"),
    ("2024-01-11", "wool socks [red]", "12.90", "two"),
]
LINES = (
    Log("info", "reading sales_january.csv"),
    Log("warning", "line 7 has a trailing comma"),
    Log("stdout", "columns: day, item, price, sold"),
    Log("error", "no price list of 2023: prices are taken as they are"),
)
FRAMES = (
    {"file": str(PARSER), "line": 14, "function": "parse", "source": "yield from rows(file)"},
    {"file": "/venv/lib/csv.py", "line": 111, "function": "__next__", "source": "row = next(…)"},
    {"file": str(PARSER), "line": 22, "function": "rows", "source": 'price = row["prize"]'},
)
ERROR = GuestError(
    "parser",
    "KeyError",
    "'prize'",
    "parse",
    hint="the row's keys are: day, item, price, sold",
    traceback=FRAMES,
    text="Traceback (most recent call last):\n  …\nKeyError: 'prize'",
)


class FedHost:
    """A `DevHost` that tells what a test has it tell, and notes what it is asked."""

    read_only = False

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []
        self.tell: Callable[[SessionEvent], None] = lambda _: None

    def start(self, on_event: Callable[[SessionEvent], None]) -> None:
        self.tell = on_event
        on_event(Watching(False))
        on_event(Chosen(PARSER, SAMPLES, SAMPLES[0], 1))

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *words, **more: self.asked.append((name, *words, *more.items()))

    def show_results(self, results: Sequence[RunResult]) -> None:
        for result in results:
            self.tell(RunEnded(result.run, result.sample, result, is_newest=True))


def result(
    folder: Path,
    run: int = 1,
    *,
    sample: Path = SAMPLES[0],
    rows: Sequence[tuple[str, ...]] = ROWS,
    columns: Mapping[str, str] = OUTPUTS,
) -> RunResult:
    """A run; by itself with eight good rows and three bad ones."""
    contract = parse_outputs({"sales": {"columns": columns}}, parser_name="sales")
    table = pa.table(dict(zip(columns, map(list, zip(*rows, strict=True)), strict=True)))
    validator = OutputValidator(contract.outputs[0])
    verdict = validator.validate(table, first_row=0)
    validator.close()
    good, bad = folder / f"{run}.parquet", folder / f"{run}.quarantine.parquet"
    pq.write_table(verdict.valid, good)
    pq.write_table(quarantine_table("sales", verdict.rejected), bad)
    counts = verdict.valid.num_rows, len(verdict.rejected)
    report = RunReport(
        "completed_with_warnings" if counts[1] else "completed",
        "sales",
        "1.2.0",
        PARSER,
        sample,
        Path("/venv/bin/python"),
        outputs=(OutputReport("sales", *counts, str(good), str(bad), ()),),
        quarantine_total=counts[1],
        groups=summarise("sales", verdict.rejected),
        timings_ms={"start": 212.0, "load": 38.0, "parse": 4.0, "transfer": 1.0, "validate": 6.0},
    )
    came = tuple((field.name, str(field.type)) for field in table.schema)
    files = (OutputFiles("sales", good, bad, came=came),)
    return RunResult(
        run, sample, "change", 1, "finished", report, folder, files, folder / "log",
        LINES, len(LINES), 0.0, 300.0, 280.0, 1_000, contract,
    )  # fmt: skip


def failed(folder: Path, run: int = 2, *, sample: Path = SAMPLES[0]) -> RunResult:
    """A run that came to nothing."""
    good = result(folder, run, sample=sample)
    report = replace(
        good.report, status="failed", outputs=(), quarantine_total=0, groups=(), error=ERROR
    )
    return replace(good, report=report, outputs=())
