"""Registered parsers as a person, or a program, reads them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from casparian.core.registry import stored_contract

from .ages import iso, now_ms
from .listing import listing, print_listing
from .obstacle_view import obstacle_json, obstacle_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from casparian.core.stores.obstacles import Obstacle
    from casparian.core.stores.parsers import Health, StoredParser
    from casparian.core.stores.store import Store

Versions = list[tuple["StoredParser", bool]]
"""A parser's bundles, the newest first, and whether their version still means them."""


def jobs_of(store: Store | None, name: str) -> dict[str, int]:
    """Return how many jobs of a parser are in each state; states without jobs are left out."""
    counts = {} if store is None else store.jobs.counts(name)
    return {str(status): count for status, count in counts.items() if count}


def jobs_by_bundle(
    store: Store | None, parsers: Sequence[StoredParser], *, all_versions: bool
) -> dict[str, dict[str, int]]:
    """Return the jobs by the parsers' bundles: each one's own, or all of its name if it is alone.

    States without jobs are left out.
    """
    if store is None or not all_versions:
        return {one.source_hash: jobs_of(store, one.name) for one in parsers}
    counts = store.statistics.by_bundle()
    return {
        one.source_hash: {str(status): n for status, n in counts.get(one.source_hash, {}).items()}
        for one in parsers
    }


def obstacles_of(store: Store | None) -> dict[str, list[Obstacle]]:
    """Return what keeps jobs from being run, by the parser's name."""
    found: dict[str, list[Obstacle]] = {}
    for one in () if store is None else store.obstacles.list():
        found.setdefault(one.parser, []).append(one)
    return found


def parser_json(
    parser: StoredParser,
    health: Health | None,
    obstacles: Sequence[Obstacle] = (),
    *,
    contract: bool = False,
) -> dict[str, Any]:
    """Return a parser as ``--json`` prints it."""
    told: dict[str, Any] = {
        "name": parser.name,
        "version": parser.version,
        "status": "active" if health is None or health.paused_at is None else "paused",
        "source_hash": parser.source_hash,
        "lockfile_hash": parser.lockfile_hash,
        "entrypoint": parser.entrypoint,
        "topics": list(parser.topics),
        "contract_hash": parser.contract_hash,
        "archive_bytes": parser.archive_bytes,
        "registered_at": iso(parser.registered_at),
        "health": None
        if health is None
        else {
            "consecutive_failures": health.consecutive_failures,
            "paused_at": iso(health.paused_at),
            "paused_reason": health.paused_reason,
            "last_success_at": iso(health.last_success_at),
            "last_failure_at": iso(health.last_failure_at),
        },
        "obstacles": [obstacle_json(one) for one in obstacles],
    }
    if contract:
        told["contract"] = None if parser.contract is None else json.loads(parser.contract)
    return told


def versions_json(versions: Versions) -> list[dict[str, Any]]:
    """Return a parser's bundles as ``--json`` prints them."""
    return [
        {
            "version": one.version,
            "source_hash": one.source_hash,
            "registered_at": iso(one.registered_at),
            "is_current": is_current,
        }
        for one, is_current in versions
    ]


def print_list(
    parsers: Sequence[StoredParser],
    health: Mapping[str, Health],
    jobs: Mapping[str, Mapping[str, int]],
    obstacles: Mapping[str, Sequence[Obstacle]],
) -> None:
    """Print a line per parser, and what keeps jobs from being run."""
    table = listing("parser", "version", "topics", "registered (UTC)", "bundle", "jobs", "")
    for one in parsers:
        counts = ", ".join(f"{count:,} {status}" for status, count in jobs[one.source_hash].items())
        table.add_row(
            Text(one.name, "bold cyan"),
            Text(one.version),
            Text(", ".join(one.topics)),
            Text(_time(one.registered_at), "dim"),
            Text(one.source_hash[:12], "dim"),
            Text(counts or "none"),
            _mark(one, health.get(one.name), obstacles.get(one.name, ())),
        )
    print_listing(table)
    _print_obstacles(Console(highlight=False, soft_wrap=True), obstacles)


def _print_obstacles(console: Console, obstacles: Mapping[str, Sequence[Obstacle]]) -> None:
    for found in obstacles.values():
        for one in found:
            console.print(obstacle_text(one, now_ms()))


def print_parser(
    parser: StoredParser,
    files: Sequence[tuple[str, int]],
    versions: Versions,
    health: Health | None,
    jobs: Mapping[str, int],
    obstacles: Sequence[Obstacle],
) -> None:
    """Print all that is known of a parser."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(
        Text.assemble(
            (parser.name, "bold cyan"), " ", parser.version, "  ", _mark(parser, health, obstacles)
        )
    )
    counts = ", ".join(f"{count:,} {status}" for status, count in jobs.items())
    rows = {
        "topics": ", ".join(parser.topics) or "none",
        "registered": f"{_time(parser.registered_at)} UTC",
        "bundle": parser.source_hash,
        "lock": parser.lockfile_hash,
        "entrypoint": parser.entrypoint,
        "jobs": counts or "none",
        **_health_rows(health),
    }
    for name, value in rows.items():
        console.print(Text.assemble((f"  {name:<14}", "dim"), value))
    _print_obstacles(console, {parser.name: obstacles})
    console.print(Text(f"\n{len(files)} files, {parser.archive_bytes:,} bytes", "bold"))
    for path, size in files:
        console.print(Text(f"  {size:>10,}  {path}"))
    if len(versions) > 1:
        console.print(Text("\nversions", "bold"))
        for one, is_current in versions:
            line = Text(f"  {one.version:<12}{_time(one.registered_at)}  {one.source_hash[:12]}")
            line.append("" if is_current else "  replaced by --force", "dim")
            console.print(line)
    contract = stored_contract(parser.contract, parser.name)
    if contract is None:
        console.print(Text("\nno contract: types are inferred, nothing is quarantined", "yellow"))
        return
    from .contract_view import print_contract

    console.print()
    print_contract(contract, f"{parser.name} {parser.version}")


def _health_rows(health: Health | None) -> dict[str, str]:
    if health is None:
        return {}
    rows = {}
    if health.last_success_at is not None:
        rows["last success"] = f"{_time(health.last_success_at)} UTC"
    if health.last_failure_at is not None:
        rows["last failure"] = f"{_time(health.last_failure_at)} UTC"
    if health.consecutive_failures:
        rows["failures"] = f"{health.consecutive_failures} one after the other"
    if health.paused_at is not None:
        rows["paused"] = f"{_time(health.paused_at)} UTC: {health.paused_reason}"
        rows[""] = f"its jobs wait for: casparian parser resume {health.name}"
    return rows


def _mark(parser: StoredParser, health: Health | None, obstacles: Sequence[Obstacle]) -> Text:
    """Mark a parser whose jobs wait."""
    if health is not None and health.paused_at is not None:
        return Text("PAUSED", "bold red")
    met = any(one.source_hash == parser.source_hash for one in obstacles)
    return Text("CAN'T BE RUN" if met else "", "bold red")


def _time(milliseconds: int) -> str:
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d %H:%M:%S}"
