"""What the screen of quarantined rows says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from casparian.core.safe_text import one_line
from casparian.core.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from casparian.app.tui.quarantine.events import Replaying, RowsSeen
    from casparian.core.queueing.quarantine_replays import ReplayReport
    from casparian.core.queueing.reason_rows import RowInJob
    from casparian.core.stores.quarantine import Reason, ReasonCount


def parser_prompt(name: str, counts: Sequence[ReasonCount]) -> Table:
    """Return the line above a parser's reasons."""
    cells = sum(one.cells for one in counts)
    return _line(Text(one_line(name), "bold"), Text(counted(cells, "cell"), "dim"))


def reason_prompt(one: ReasonCount) -> Table:
    """Return a reason as two lines: what, how many rows; where, how many jobs, what would help."""
    name = Text(" ").append(one_line(one.reason.column), "bold")
    name.append(f"  {one.reason.error_type}")
    table = _line(name, Text(f"{one.rows:,}"))
    where = f" {one_line(one.reason.output)}"
    where += f" · {one_line(one.hint)}" if one.hint else ""
    table.add_row(Text(where, "dim"), Text(counted(one.jobs, "job"), "dim"))
    return table


def reason_and_filter(reason: Reason, filter_text: str) -> str:
    """Say which jobs have a reason: of those that the filter means."""
    said = f"{one_line(reason.output)}.{one_line(reason.column)} {reason.error_type}"
    return f"{said} parser:{one_line(reason.parser)}" + (f" {filter_text}" if filter_text else "")


def replaying_text(report: ReplayReport) -> str:
    """Say how far the inputs of many jobs are queued."""
    refused = f", {report.refused:,} refused" if report.refused else ""
    return f"Replay: {counted(report.queued, 'job')} queued{refused} · X stops it"


def replayed_text(event: Replaying) -> str:
    """Say what became of it."""
    report = event.report
    parts = [
        f"{counted(report.queued, 'job')} queued, each to replace the set of the one it is for"
    ]
    if report.refused:
        first = report.refusals[0]
        parts.append(f"{report.refused:,} refused: {first.why}")
        if first.hint:
            parts.append(f"try: {first.hint}")
    if event.problem:
        parts.append(event.problem)
    if report.queued and not event.has_worker:
        parts.append("no worker is there: W starts one in the queue")
    return "\n".join(parts)


def _line(left: Text, right: Text) -> Table:
    table = Table.grid(expand=True, padding=(0, 1))
    table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    table.add_column(justify="right", no_wrap=True)
    table.add_row(left, right)
    return table


def summary(counts: Sequence[ReasonCount], *, is_over: bool) -> str:
    """Say at the list's edge how many there are."""
    if not counts:
        return "none" if is_over else "counting…"
    said = f"{counted(sum(one.cells for one in counts), 'cell')}, "
    return said + (counted(len(counts), "reason") if is_over else "counting…")


def page_text(reason: Reason, seen: RowsSeen | None, first: int, count: ReasonCount | None) -> Text:
    """Say which rows are shown: of which reason, and which of how many."""
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(f"{one_line(reason.column)} {reason.error_type}", "bold")
    if seen is None:
        return text.append(" · reading…", "dim")
    last = first + len(seen.rows)
    rows = f" · rows {first + 1:,}–{last:,}" if seen.rows else " · no rows any more"
    of = f" of {count.rows:,}" if count is not None else ""
    jobs = f" · in {counted(count.jobs, 'job')}" if count is not None else ""
    text.append(rows + of, "dim")
    if not seen.is_over:
        text.append(" · reading…", "dim")
    if seen.is_over and seen.after is not None:
        text.append(" · ", "dim").append("]", "bold").append(" more", "dim")
    if first:
        text.append(" · ", "dim").append("[", "bold").append(" before", "dim")
    return text.append(jobs, "dim")


def why_text(one: RowInJob | None) -> Text:
    """Say of which job a row is, and why it was refused."""
    text = Text()
    if one is None:
        return text
    job, row = one.job, one.row
    text.append(f"job {job.job_id[:8]}", "bold")
    text.append(f" · {job.parser} {job.parser_version} · {one_line(job.input_path)}", "dim")
    for reason in row.reasons:
        text.append(f"\n{one_line(reason.message)}")
        if reason.hint:
            text.append("  would pass with ", "dim")
            text.append(one_line(reason.hint), "bold")
    if row.raw_bytes > len(row.raw.encode()):
        text.append(
            f"\nonly the first 4 KiB of its {row.raw_bytes:,} bytes are in the store; e writes it "
            "whole, if what the job published is there",
            "dim",
        )
    return text
