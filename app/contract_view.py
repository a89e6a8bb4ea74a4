"""Contracts and their differences as a person reads them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from casparian.core.contract.model import Column, Contract
    from casparian.core.contract_diff import ContractDiff
    from casparian.core.data_files.data_check import FileCheck

_STYLES = {"compatible": "green", "tightening": "yellow", "breaking": "bold red"}


def print_contract(contract: Contract, where: str) -> None:
    """Print every output as a table of its columns."""
    console = Console(highlight=False)
    for output in contract.outputs:
        line = Text.assemble((output.name, "bold cyan"))
        line.append(f"  {len(output.columns)} column{'s' if len(output.columns) > 1 else ''}")
        if output.key:
            line.append(f", key {', '.join(output.key)}")
        if output.extra_columns != "fail":
            line.append(", other columns are dropped")
        console.print(line)
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0))
        table.add_column("column", style="bold", overflow="fold")
        table.add_column("type", style="cyan", overflow="fold")
        table.add_column("null", no_wrap=True)
        table.add_column("and", overflow="fold", ratio=1)
        for column in output.columns:
            null = Text("yes") if column.nullable else Text("no", "dim")
            table.add_row(Text(column.name), Text(str(column.type)), null, Text(_options(column)))
        console.print(table)
    console.print(Text(f"declared in {where}\nhash {contract.hash}", "dim"), soft_wrap=True)


def _options(column: Column) -> str:
    options = {k: v for k, v in column.canonical().items() if k not in ("type", "nullable")}
    return ", ".join(f"{k} = {json.dumps(v, ensure_ascii=False)}" for k, v in options.items())


def print_diff(diff: ContractDiff) -> None:
    """Print one line per change, and the worst verdict at the end."""
    console = Console(highlight=False, soft_wrap=True)
    if not diff.changes:
        console.print("no change: both say the same")
        return
    width = max(len(_place(c.output, c.column)) for c in diff.changes)
    for change in diff.changes:
        line = Text(f"{change.verdict:<10}  ", _STYLES[change.verdict])
        line.append(f"{_place(change.output, change.column):<{width}}  ", "bold")
        line.append(change.sentence)
        console.print(line)
    count = f"{len(diff.changes)} change{'s' if len(diff.changes) > 1 else ''}: "
    console.print(Text.assemble("\n", count, (diff.verdict, _STYLES[diff.verdict])))


def print_well_formed(contract: Contract, where: str) -> None:
    """Print in a line what a contract without errors holds."""
    columns = sum(len(output.columns) for output in contract.outputs)
    line = Text.assemble(("✓ ", "bold green"), ("the contract is well formed", "bold"))
    line.append(f": {_counted(len(contract.outputs), 'output')}, {_counted(columns, 'column')}")
    line.append(f"\n  declared in {where}\n  hash {contract.hash}", "dim")
    Console(highlight=False).print(line, soft_wrap=True)


def print_checks(checks: Sequence[FileCheck]) -> None:
    """Print of each file whether its rows hold, and if not, why."""
    from .run_report_view import print_groups

    console = Console(highlight=False)
    for check in checks:
        mark, style = ("✓", "bold green") if check.holds else ("✗", "bold red")
        line = Text.assemble((f"{mark} ", style), (str(check.path), "bold"))
        passing = check.received - check.rejected
        line.append(f"  {_counted(passing, 'row')} would pass")
        if check.rejected:
            line.append(f", {check.rejected:,} would be quarantined", "yellow")
        if check.broken:
            are = "record is no row" if check.broken == 1 else "records are no rows"
            line.append(f", {check.broken:,} {are}", "yellow")
        console.print(line, soft_wrap=True)
        if check.error is not None:
            console.print(Text(f"  {check.error.message}", "red"), soft_wrap=True)
            if check.error.hint:
                console.print(Text.assemble(("  try: ", "green"), check.error.hint), soft_wrap=True)
        if check.groups:
            print_groups(console, check.groups)
    if len(checks) > 1:
        holding = sum(check.holds for check in checks)
        console.print(Text(f"{holding} of {_counted(len(checks), 'file')} hold", "bold"))


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _place(output: str, column: str) -> str:
    return f"{output}.{column}" if column else output
