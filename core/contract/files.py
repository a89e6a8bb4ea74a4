"""Contracts that lie beside a parser, as TOML, and the choice between them and ``outputs``."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from casparian.core.contract.errors import ContractError
from casparian.core.contract.lines import line_of
from casparian.core.contract.parse import parse_outputs
from casparian.core.inputs import similar_file

if TYPE_CHECKING:
    from pathlib import Path

    from casparian.core.contract.model import Contract


def find_contract_file(parser_path: Path) -> Path | None:
    """Find the contract of a parser: its folder's, or the one named after the file.

    For a folder, or a file called ``parser.py``: ``{stem}.contract.toml``, else
    ``contract.toml``. For any other file only ``{stem}.contract.toml``, because a lone
    ``contract.toml`` there could be meant for any of its neighbours.
    """
    entry = parser_path / "parser.py" if parser_path.is_dir() else parser_path
    named = entry.with_name(f"{entry.stem}.contract.toml")
    if named.is_file():
        return named
    shared = entry.with_name("contract.toml")
    return shared if entry.name == "parser.py" and shared.is_file() else None


def load_contract_file(path: Path, *, parser_name: str | None = None) -> Contract:
    """Read a contract from TOML.

    ``[outputs.NAME.columns]`` tables name several outputs; ``[columns]`` is one flat output,
    named ``parser_name``, else after the file. Raises ContractError.
    """
    text = contract_text(path)
    try:
        return contract_of(text, path, parser_name=parser_name)
    except ContractError as error:
        error.file, error.line = path, line_of(error.message, text, path.name)
        error.source = next(iter(text.splitlines()[error.line - 1 :]), "").strip()
        raise


def contract_of(text: str, path: Path, *, parser_name: str | None = None) -> Contract:
    """Return the contract that a text says which is, or is to be, a file's.

    Raises ContractError.
    """
    content = _content(text, path)
    name = parser_name or path.name.removesuffix(".toml").removesuffix(".contract")
    if "outputs" in content:
        if len(content) > 1:
            other = next(key for key in content if key != "outputs")
            raise ContractError(f"{path}: {other!r} stands beside [outputs]")
        return parse_outputs(content["outputs"], parser_name=name, where=f"{path.name}: outputs")
    if "columns" in content:
        return parse_outputs(content, parser_name=name, where=path.name)
    raise ContractError(
        f"{path}: it has neither [outputs.NAME.columns] nor [columns]",
        hint='begin with:\n[columns]\nid = "int64"',
    )


def has_no_names(path: Path) -> bool:
    """Say whether a contract file is one flat output, to which it gives no name of its own.

    Raises ContractError.
    """
    return "outputs" not in _content(contract_text(path), path)


def _content(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ContractError(f"{path}: this is no valid TOML: {error}") from error


def contract_text(path: Path) -> str:
    """Return a contract file's text. Raises ContractError."""
    try:
        return path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise ContractError(f"{path}: this is no valid TOML: {error}") from error
    except OSError as error:
        raise ContractError(
            f"{path}: it can't be read: {error.strerror}", hint=similar_file(path)
        ) from error


def resolve_contract(
    declared: object | None,
    file: Path | None,
    *,
    parser_name: str,
    where: str = "outputs",
) -> Contract | None:
    """Return the contract that the parser declares, or the one in ``file``, or None.

    Both may be there if they say the same; otherwise ContractError.
    """
    inside = (
        parse_outputs(declared, parser_name=parser_name, where=where)
        if declared is not None
        else None
    )
    beside = load_contract_file(file, parser_name=parser_name) if file is not None else None
    if inside is not None and beside is not None and inside.hash != beside.hash:
        raise ContractError(
            f"the parser {parser_name!r} declares outputs, and {file} says something else",
            hint="keep one of the two",
        )
    return inside if inside is not None else beside
