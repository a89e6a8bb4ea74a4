"""What became of a parser that was to be registered, for a person and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from casparian.core.errors import CasparianError
    from casparian.core.registry import Candidate, Registration

_SHOWN = 8
"""Files that are left out, and findings, shown of each; --json has them all."""


def print_registration(one: Registration) -> None:
    """Print what was registered, and what a person should know of it."""
    console = Console(highlight=False, soft_wrap=True)
    line = Text.assemble(("✓ ", "bold green"), (f"{one.name} {one.version}", "bold"))
    files = len(one.bundle.files)
    if one.status == "unchanged":
        line.append(" is registered already, unchanged")
    else:
        line.append(" is registered" + (", in place of other content" if one.replaced else ""))
    line.append(f"  {files} files, {len(one.bundle.archive):,} bytes, ", "dim")
    line.append(one.bundle.source_hash[:12], "dim")
    console.print(line)
    console.print(Text(f"  topics: {', '.join(one.topics) or 'none'}", "dim"))
    for report in one.samples:
        console.print(
            Text(f"  {report.input_path.name}: {report.rows:,} rows would be written", "dim")
        )
    if one.contract_hash is None:
        _warn(console, "it has no contract: types are inferred, nothing is quarantined")
    for warning in one.warnings:
        _warn(console, warning)
    if one.changes is not None and one.changes.changes:
        console.print(Text(f"  its contract against that of {one.previous}:"))
        for change in one.changes.changes:
            place = ".".join(filter(None, (change.output, change.column)))
            console.print(Text(f"    {change.verdict}: {place}: {change.sentence}"))
    _print_some(console, [f"reaches out: {f.sentence}" for f in one.findings], "yellow")
    _print_some(console, [f"left out: {o.path} ({o.reason})" for o in one.left_out], "dim")


def _warn(console: Console, sentence: str) -> None:
    console.print(Text.assemble(("  note: ", "yellow"), sentence))


def _print_some(console: Console, lines: list[str], style: str) -> None:
    for line in lines[:_SHOWN]:
        console.print(Text(f"  {line}", style))
    if len(lines) > _SHOWN:
        console.print(Text(f"  and {len(lines) - _SHOWN} more; --json lists all", style))


def registration_json(one: Registration) -> dict[str, Any]:
    """Return a registered parser as ``--json`` prints it."""
    changes = () if one.changes is None else one.changes.changes
    return {
        "path": str(one.path.absolute()),
        "name": one.name,
        "version": one.version,
        "status": one.status,
        "source_hash": one.bundle.source_hash,
        "lockfile_hash": one.bundle.lockfile_hash,
        "entrypoint": one.bundle.entrypoint,
        "topics": list(one.topics),
        "contract_hash": one.contract_hash,
        "archive_bytes": len(one.bundle.archive),
        "files": list(one.bundle.files),
        "left_out": [{"path": o.path, "reason": o.reason} for o in one.left_out],
        "findings": [
            {"name": f.name, "path": f.path, "line": f.line, "why": f.why} for f in one.findings
        ],
        "replaced": one.replaced,
        "previous": one.previous,
        "changes": [
            {
                "output": c.output,
                "column": c.column,
                "what": c.what,
                "verdict": c.verdict,
                "sentence": c.sentence,
            }
            for c in changes
        ],
        "samples": [
            {
                "input": str(report.input_path),
                "rows": report.rows,
                "rows_quarantined": report.rows_quarantined,
            }
            for report in one.samples
        ],
        "warnings": list(one.warnings),
    }


def refused_json(candidate: Candidate, error: CasparianError) -> dict[str, Any]:
    """Return a refused parser, one of several, as ``--json`` prints it."""
    told = {"type": type(error).__name__, "message": error.message, "hint": error.hint}
    nothing = dict.fromkeys(("name", "version", "source_hash", "lockfile_hash"))
    traceback = getattr(error, "traceback", "")
    return {
        "path": str(candidate.path.absolute()),
        "status": "refused",
        **nothing,
        "error": {**told, "traceback": traceback},
    }
