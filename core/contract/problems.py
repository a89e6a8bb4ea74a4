"""Everything that is wrong with a contract, not only the first of it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from casparian.core.contract.errors import ContractError
from casparian.core.contract.files import load_contract_file
from casparian.core.contract.parse import parse_column, parse_outputs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def problems(outputs: object, *, parser_name: str, where: str = "outputs") -> list[ContractError]:
    """Return what is wrong with a parser's ``outputs``, or with what a TOML file holds.

    Columns are looked at one by one; where the form itself is wrong, that alone is told.
    """
    try:
        parse_outputs(outputs, parser_name=parser_name, where=where)
    except ContractError as error:
        found: dict[str, ContractError] = {}
        for place, name, value in _columns(outputs, where):
            try:
                parse_column(name, value, where=f"{place}.{name}")
            except ContractError as wrong:
                found.setdefault(wrong.message, wrong)
        if error.message in found or (found and "is a column, but" in error.message):
            return list(found.values())
        return [*found.values(), error]
    return []


def file_problems(path: Path) -> list[ContractError]:
    """Return what is wrong with a contract.toml."""
    try:
        load_contract_file(path)
    except ContractError as error:
        try:
            content = tomllib.loads(path.read_text("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError):
            return [error]
        if "outputs" in content and len(content) == 1:
            where = f"{path.name}: outputs"
            return problems(content["outputs"], parser_name="output", where=where)
        if "columns" in content and "outputs" not in content:
            return problems(content, parser_name="output", where=path.name) or [error]
        return [error]
    return []


def _columns(outputs: object, where: str) -> Iterator[tuple[str, object, object]]:
    """Yield (where, name, definition) of all that looks like a column."""
    if not isinstance(outputs, Mapping):
        return
    if isinstance(outputs.get("columns"), Mapping):
        yield from ((f"{where}.columns", *item) for item in outputs["columns"].items())
        return
    for name, value in outputs.items():
        if isinstance(value, Mapping) and isinstance(value.get("columns"), Mapping):
            place = f"{where}.{name}.columns"
            yield from ((place, *item) for item in value["columns"].items())
        elif isinstance(value, Mapping) and not isinstance(value.get("type"), str):
            yield from ((f"{where}.{name}", *item) for item in value.items())
        else:
            yield where, name, value
