"""A run's report as a person reads it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from casparian.core.safe_text import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from casparian.core.events import GuestError
    from casparian.core.quarantine import ReasonGroup
    from casparian.core.run_report import OutputReport, RunReport

_MARK = {
    "completed": ("✓", "bold green"),
    "completed_with_warnings": ("✓", "bold yellow"),
    "failed": ("✗", "bold red"),
    "interrupted": ("■", "bold yellow"),
}
#: Of a traceback or message, this many characters are shown.
_LONG_TEXT = 6_000
#: Columns of an output shown; --json has them all.
_COLUMNS = 40
#: Groups of reasons shown; the rest is counted.
_GROUPS = 20
#: Narrower terminals (columns) get a list in place of a table.
_TABLE_WIDTH = 100
_STAGES = ("start", "load", "parse", "transfer", "validate", "write")


def print_report(console: Console, report: RunReport, *, brief: bool) -> None:
    """Print what a run came to; ``brief``: a few lines, for one of several inputs."""
    console.print(_headline(report))
    if report.error is not None:
        _print_error(console, report.error)
    for output in _with_rows(report):
        console.print(_output_line(output, report))
    empty = [output.name for output in report.outputs if output not in _with_rows(report)]
    if empty:
        console.print(Text(f"  without rows: {', '.join(empty)}", "dim"))
    if report.groups:
        print_groups(console, report.groups)
    if not brief:
        if report.outputs and report.status != "failed":
            _print_columns(console, report)
        console.print(_timings(report))


def print_totals(console: Console, reports: Sequence[RunReport], inputs: int) -> None:
    """Print the totals of several runs."""
    rows = sum(report.rows for report in reports if report.status != "failed")
    quarantined = sum(r.rows_quarantined for r in reports if r.status != "failed")
    failed = [report for report in reports if report.status == "failed"]
    text = Text(f"\n{len(reports)} of {inputs} files: {rows:,} {_plural(rows, 'row')}", "bold")
    text.append(f", {quarantined:,} quarantined", "yellow" if quarantined else "dim")
    if failed:
        text.append(f", {len(failed)} failed", "bold red")
    console.print(text)
    for report in failed:
        console.print(Text(f"  ✗ {_short(report.input_path)}", "red"))


def _headline(report: RunReport) -> Text:
    mark, style = _MARK[report.status]
    line = Text.assemble((f"{mark} ", style))
    seconds = report.timings_ms.get("total", 0.0) / 1000
    version = f" {report.parser_version}" if report.parser_version else ""
    done = report.rows + report.rows_quarantined
    if report.status == "failed":
        line.append("failed", style)
    elif report.status == "interrupted":
        line.append("interrupted; nothing was written", style)
    else:
        line.append(f"{done:,} {_plural(done, 'row')} processed", "bold")
    line.append(
        f"  {report.parser_name}{version} on {one_line(report.input_path.name)}  {seconds:.2f} s",
        "dim",
    )
    if report.whatif and report.status != "failed":
        line.append("  (what if: nothing was written)", "cyan")
    return line


def _output_line(output: OutputReport, report: RunReport) -> Text:
    line = Text("  ")
    line.append(output.name, "bold cyan")
    line.append(f"  {output.rows:,} {_plural(output.rows, 'row')}")
    if output.rows_quarantined:
        line.append(f", {output.rows_quarantined:,} quarantined", "yellow")
    if report.status in ("failed", "interrupted"):
        line.append("  not published", "red")
    elif report.whatif:
        would = "would replace" if output.replaces else "would go to"
        line.append(f"  {would} {_short_uri(output.uri)}", "dim")
    else:
        line.append(f"  → {_short_uri(output.uri)}", "dim")
    if output.quarantine_uri:
        arrow = "would go to" if report.whatif else "→"
        line.append(f"\n  {' ' * len(output.name)}  quarantine {arrow} ", "dim")
        line.append(_short_uri(output.quarantine_uri), "dim")
    return line


def _with_rows(report: RunReport) -> list[OutputReport]:
    """The outputs worth a line each; all of them where there is one, or none has rows."""
    found = [o for o in report.outputs if o.rows or o.rows_quarantined]
    return found if found and len(report.outputs) > 1 else list(report.outputs)


def print_groups(console: Console, groups: Sequence[ReasonGroup]) -> None:
    """Print what rows are quarantined for, a line per kind of reason."""
    shown = groups[:_GROUPS]
    many = len({group.output for group in groups}) > 1
    if console.width >= _TABLE_WIDTH:
        console.print(_group_table(shown, many=many), soft_wrap=False)
    else:
        for group in shown:
            _print_group(console, group, many=many)
    if len(groups) > _GROUPS:
        console.print(Text(f"  and {len(groups) - _GROUPS} more kinds of reasons", "dim"))


def _group_table(groups: Sequence[ReasonGroup], *, many: bool) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0))
    if many:
        table.add_column("output", style="cyan", no_wrap=True)
    table.add_column("column", style="bold", no_wrap=True)
    table.add_column("why", style="yellow", no_wrap=True)
    table.add_column("cells", justify="right")
    table.add_column("for example", overflow="fold", ratio=3)
    table.add_column("would pass with", overflow="fold", style="green", ratio=2)
    for group in groups:
        cells = [Text(group.column), Text(group.error_type), Text(f"{group.count:,}")]
        cells += [Text("\n".join(_examples(group))), Text(group.hint)]
        table.add_row(*([Text(group.output)] if many else []), *cells)
    return table


def _print_group(console: Console, group: ReasonGroup, *, many: bool) -> None:
    """One kind of reason where the terminal is too narrow for a table."""
    name = f"{group.output}.{group.column}" if many else group.column
    line = Text.assemble("\n  ", (name, "bold"), "  ", (group.error_type, "yellow"))
    line.append(f"  {group.count:,} {_plural(group.count, 'cell')}")
    for example in _examples(group):
        line.append(f"\n    {example}")
    if group.hint:
        line.append("\n    would pass with: ", "dim").append(group.hint, "green")
    console.print(line)


def _examples(group: ReasonGroup) -> list[str]:
    """The first sentences, without the column that stands beside them."""
    return [e.message.replace(f": {group.column}: ", ": ", 1) for e in group.examples[:2]]


def _print_columns(console: Console, report: RunReport) -> None:
    for output in _with_rows(report):
        origin = "contract" if output.has_contract else "inferred"
        columns = ", ".join(
            f"{c.name} {c.type}{'?' if c.nullable and output.has_contract else ''}"
            for c in output.columns[:_COLUMNS]
        )
        if len(output.columns) > _COLUMNS:
            columns += f" and {len(output.columns) - _COLUMNS} more"
        line = Text(f"{output.name} ({origin}): {columns}", "dim")
        console.print(Padding(line, (0, 0, 0, 2), expand=False), soft_wrap=False)


def _print_error(console: Console, error: GuestError) -> None:
    where = f" while {_PHASES[error.phase]}" if error.phase in _PHASES else ""
    console.print(Text.assemble(("  " + error.type, "bold red"), (where, "dim")))
    if error.text and error.kind == "parser":
        console.print(Text(_indent(_end_of(error.text.rstrip()))))
    else:
        console.print(Text(_indent(_end_of(error.message))))
    if error.traceback and not error.text:
        place = error.traceback[-1]
        console.print(Text(f"  at {place['file']}:{place['line']}: {place['source']}", "dim"))
    if error.hint:
        console.print(Text.assemble(("  try: ", "green"), error.hint))
    if error.retryable:
        console.print(Text("  trying again may help: this kind of error is transient", "dim"))


_PHASES = {
    "start": "starting",
    "load": "loading the parser",
    "parse": "parsing",
    "serialise": "turning rows into Arrow",
    "transfer": "handing over rows",
    "validate": "holding rows against the contract",
    "write": "writing",
}


def _timings(report: RunReport) -> Text:
    parts = [
        f"{stage} {report.timings_ms[stage]:.0f} ms"
        for stage in _STAGES
        if stage in report.timings_ms
    ]
    return Text("  " + "  ".join(parts), "dim")


def _end_of(text: str) -> str:
    """The end of a long text, where the reason stands; --json has more of it."""
    if len(text) <= _LONG_TEXT:
        return text
    return f"… {len(text) - _LONG_TEXT:,} characters before …\n{text[-_LONG_TEXT:]}"


def _indent(text: str) -> str:
    return "\n".join("  " + line for line in text.splitlines())


def _plural(count: int, word: str) -> str:
    return word if count == 1 else word + "s"


def _short_uri(uri: str) -> str:
    scheme, separator, path = uri.partition("://")
    return _short(Path(path)) if separator and scheme != "sqlite" else uri


def _short(path: Path) -> str:
    """The path as seen from here, if it is below this folder."""
    try:
        path = path.relative_to(Path.cwd())
    except (ValueError, FileNotFoundError):
        pass  # it is elsewhere, or this folder has been removed
    return one_line(os.fspath(path))
