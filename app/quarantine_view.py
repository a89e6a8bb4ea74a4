"""Quarantined rows, for people and as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import click

from casparian.core.safe_text import one_line
from casparian.core.words import counted

from .ages import now_ms, shown_age
from .comparison_view import comparison_json, comparison_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from casparian.core.queueing.comparison import Comparison
    from casparian.core.queueing.quarantined_jobs import QuarantinedJobs
    from casparian.core.stores.jobs import Job
    from casparian.core.stores.quarantine import QuarantinedRow, ReasonCount, StoredGroup
    from casparian.core.stores.store import Store

_SHOWN_RAW = 300
_SHOWN_GROUPS = 20


@dataclass(frozen=True, slots=True)
class RowsShown:
    """The first quarantined rows of a job, how many the store has, and their kinds."""

    job: Job
    rows: Sequence[QuarantinedRow]
    total: int
    groups: Sequence[StoredGroup]
    comparison: Comparison | None


def taken_rows(store: Store, job: Job, limit: int) -> RowsShown:
    """Return the first rows of a job."""
    from casparian.core.queueing.comparison import compare_replacement

    return RowsShown(
        job,
        store.quarantine.list_for_job(job.job_id, limit=limit),
        store.quarantine.counts([job.job_id])[job.job_id],
        store.quarantine.groups(job.job_id),
        compare_replacement(store, job),
    )


def print_rows(shown: RowsShown) -> None:
    """Print the kinds of reasons, then the rows."""
    job = shown.job
    click.secho(f"job {job.job_id}", bold=True, nl=False)
    click.echo(f"  {job.parser} {job.parser_version}  {one_line(job.input_path)}")
    if job.replaced_by is not None:
        click.secho(f"its set was replaced by that of job {job.replaced_by}", fg="yellow")
    if not shown.total:
        click.echo("no rows in quarantine")
    else:
        kept = f" (the store keeps {shown.total:,})" if (job.quarantined or 0) > shown.total else ""
        rows = counted(max(job.quarantined or 0, shown.total), "row")
        click.echo(f"{rows} in quarantine{kept}\n")
        _print_groups(shown.groups)
        click.echo()
        for row in shown.rows:
            print_row(row)
        if shown.total > len(shown.rows):
            more = shown.total - len(shown.rows)
            click.secho(f"… {more:,} more (--limit; all: casparian quarantine export)", dim=True)
    if shown.comparison is not None:
        click.echo()
        for line in comparison_lines(shown.comparison):
            click.echo(line)


def _print_groups(groups: Sequence[StoredGroup]) -> None:
    for group in groups[:_SHOWN_GROUPS]:
        cells = "cell" if group.cells == 1 else "cells"
        click.secho(f"{group.cells:>8,} {cells:<5}", nl=False, bold=True)
        click.echo(f"  {group.output}.{one_line(group.column)}  {group.error_type}")
    if len(groups) > _SHOWN_GROUPS:
        click.secho(f"         … {len(groups) - _SHOWN_GROUPS:,} more kinds", dim=True)


def print_row(row: QuarantinedRow) -> None:
    """Print a row's reasons and the beginning of what it was, a line each."""
    for reason in row.reasons:
        click.secho(_line(reason.message), fg="yellow")
    raw = _line(row.raw)
    cut = raw if len(raw) <= _SHOWN_RAW else f"{raw[:_SHOWN_RAW]}…"
    click.echo(f"    {cut}")


def print_jobs(found: QuarantinedJobs) -> None:
    """Print the jobs that have rows in quarantine, with the kinds of these."""
    if not found.jobs:
        click.echo("nothing is in quarantine")
    now = now_ms()
    for one in found.jobs:
        job = one.job
        click.secho(job.job_id, bold=True, nl=False)
        click.echo(
            f"  {job.parser} {job.parser_version}  {one_line(job.input_path)}  "
            f"{job.status}, {shown_age(now - (job.finished_at or job.created_at))} ago"
        )
        rows = max(one.rows, job.quarantined or 0)
        kinds = ", ".join(
            f"{one_line(group.column)} {group.error_type} ({group.cells:,})"
            for group in one.groups[:3]
        )
        more = ", …" if len(one.groups) > 3 else ""
        click.echo(f"    {counted(rows, 'row')}: {kinds}{more}")
    if found.more:
        click.secho("… there may be more (--limit)", dim=True)
    if found.jobs:
        click.secho("the rows of one: casparian quarantine list --job ID", dim=True)


def print_reasons(counts: Sequence[ReasonCount], limit: int) -> None:
    """Print reasons under their parsers, a line each."""
    if not counts:
        click.echo("nothing is in quarantine")
    parser = None
    for one in counts[:limit]:
        if one.reason.parser != parser:
            parser = one.reason.parser
            click.secho(one_line(parser), bold=True)
        jobs = counted(one.jobs, "job")
        click.secho(f"{counted(one.rows, 'row'):>15}", nl=False, bold=True)
        click.echo(
            f"  {one_line(one.reason.output)}.{one_line(one.reason.column)}  "
            f"{one.reason.error_type}  in {jobs}",
            nl=not one.hint,
        )
        if one.hint:
            click.secho(f"  try: {one_line(one.hint)}", dim=True)
    if len(counts) > limit:
        click.secho(f"… {len(counts) - limit:,} more (--limit)", dim=True)


def reasons_json(counts: Sequence[ReasonCount], limit: int) -> dict[str, Any]:
    """Return reasons with their counts."""
    shown = [
        {
            **asdict(one.reason),
            "cells": one.cells,
            "rows": one.rows,
            "jobs": one.jobs,
            "hint": one.hint,
        }
        for one in counts[:limit]
    ]
    return {"reasons": shown, "more": len(counts) > limit}


def jobs_json(found: QuarantinedJobs) -> dict[str, Any]:
    """Return jobs with the kinds of their rows."""
    from .job_json import job_json

    now = now_ms()
    return {
        "jobs": [
            {
                "job": job_json(one.job, now),
                "rows": one.rows,
                "groups": [asdict(group) for group in one.groups],
            }
            for one in found.jobs
        ],
        "more": found.more,
    }


def rows_json(shown: RowsShown) -> dict[str, Any]:
    """Return the first rows of a job, with all reasons."""
    compared = None if shown.comparison is None else comparison_json(shown.comparison)
    return {
        "job_id": shown.job.job_id,
        "status": shown.job.status,
        "replaced_by": shown.job.replaced_by,
        "quarantined": shown.job.quarantined,
        "total": shown.total,
        "groups": [asdict(group) for group in shown.groups],
        "rows": [asdict(row) for row in shown.rows],
        "comparison": compared,
    }


def examples(store: Store, job: Job, output: str | None) -> list[QuarantinedRow]:
    """Return the first row of each kind of reason, each once."""
    found: dict[tuple[str, int], QuarantinedRow] = {}
    for group in store.quarantine.groups(job.job_id):
        if output in (None, group.output) and len(found) < _SHOWN_GROUPS:
            for row in rows_of_number(store, job, group.first_row, group.output):
                found.setdefault((row.output, row.row_number), row)
    return list(found.values())


def rows_of_number(store: Store, job: Job, number: int, output: str | None) -> list[QuarantinedRow]:
    """Return the rows of a zero-based number: one of each output that has it in quarantine."""
    outputs = {group.output for group in store.quarantine.groups(job.job_id)}
    rows: list[QuarantinedRow] = []
    for name in sorted(outputs if output is None else outputs & {output}):
        found = store.quarantine.list_for_job(job.job_id, after=(name, number - 1), limit=1)
        rows += [row for row in found if (row.output, row.row_number) == (name, number)]
    return rows


def whole_json(job: Job, row: QuarantinedRow) -> dict[str, Any]:
    """Return a row, whole if that is to be had: ``cut`` says that it isn't."""
    from casparian.core.queueing.whole_rows import whole_raw

    raw = whole_raw(job, row)
    return {**asdict(row), "raw": row.raw if raw is None else raw, "cut": raw is None}


def print_whole(rows: Sequence[QuarantinedRow], whole: Sequence[dict[str, Any]]) -> None:
    """Print rows as they came, a field a line, under their reasons and hints."""
    for row, found in zip(rows, whole, strict=True):
        click.secho(f"{row.output}, row {row.row_number + 1:,}", bold=True)
        for reason in row.reasons:
            click.secho(f"  {_line(reason.message)}", fg="yellow")
            if reason.hint:
                click.echo(f"    try: {_line(reason.hint)}")
        click.echo(_indented(found["raw"]))
        if found["cut"]:
            told = f"  … cut: the first 4 KiB of {row.raw_bytes:,} bytes"
            click.secho(told, dim=True)


def _indented(raw: str) -> str:
    """A row's JSON a field a line; what is cut, or no object, as it is."""
    try:
        content = json.loads(raw)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        return f"    {_line(raw)}"
    width = max((len(str(key)) for key in content), default=0)
    return "\n".join(
        f"    {_line(key):<{width}}  {one_line(json.dumps(value, ensure_ascii=False))}"
        for key, value in content.items()
    )


def _line(text: str) -> str:
    return one_line(" ".join(text.splitlines()))
