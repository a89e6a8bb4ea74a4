"""Contracts as TOML, with comments; what is written reads back as the same contract."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from casparian.core.safe_text import one_line

if TYPE_CHECKING:
    from casparian.core.contract.model import Column, Contract, OutputContract

_BARE_KEY: Final = re.compile("[A-Za-z0-9_-]+")

Comments = Mapping[tuple[str, str], Sequence[str]]
"""(output, column) -> lines that are written above the column, without their ``#``."""


def contract_toml(contract: Contract, comments: Comments | None = None) -> str:
    """Return the text of a ``contract.toml``: every output by its name."""
    parts = [output_toml(output, comments or {}) for output in contract.outputs]
    return "\n".join(parts)


def output_toml(output: OutputContract, comments: Comments) -> str:
    """Return one output as a table, its columns in their order."""
    lines: list[str] = []
    options: list[str] = []
    if output.key:
        options.append(f"key = {value_toml(list(output.key))}")
    if output.extra_columns != "fail":
        options.append(f"extra_columns = {value_toml(output.extra_columns)}")
    table = f"outputs.{output.name}"
    if options:
        lines += [f"[{table}]", *options, ""]
    lines.append(f"[{table}.columns]")
    noted: Sequence[str] = ()
    for column in output.columns:
        before, noted = noted, comments.get((output.name, column.name), ())
        if (noted or before) and lines[-1] != f"[{table}.columns]":
            lines.append("")
        lines += [f"# {one_line(line)}" for line in noted]
        lines.append(f"{key_toml(column.name)} = {column_toml(column)}")
    return "\n".join(lines) + "\n"


def column_toml(column: Column) -> str:
    """Return a column's definition: its type alone, or an inline table."""
    options = {k: v for k, v in column.canonical().items() if k != "type"}
    if not options.pop("nullable"):
        if not options:
            return value_toml(str(column.type))
    else:
        options = {"nullable": True, **options}
    entries = [f"type = {value_toml(str(column.type))}"]
    entries += [f"{name} = {value_toml(value)}" for name, value in options.items()]
    return f"{{ {', '.join(entries)} }}"


def key_toml(name: str) -> str:
    """Return a key, quoted where it must be."""
    return name if _BARE_KEY.fullmatch(name) else value_toml(name)


def value_toml(value: object) -> str:
    """Return a string, number, flag or list as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return f"[{', '.join(value_toml(item) for item in value)}]"
    if isinstance(value, str):
        # JSON's escapes are TOML's as well, but for DEL, which TOML wants escaped.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, float):
        return repr(value)  # finite in any contract; TOML reads Python's spelling
    return str(value)
