"""Changes of a contract file, one at a time; the rest of it stays as a person wrote it."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomlkit
from tomlkit.items import Table

from casparian.core.contract.errors import ContractError
from casparian.core.contract.files import contract_of, contract_text
from casparian.core.contract.toml_text import value_toml

if TYPE_CHECKING:
    from collections.abc import Mapping


def change_column(
    path: Path, output: str, column: str, options: Mapping[str, object]
) -> tuple[str, str]:
    """Give a column more options, or another ``type``; return its definition before and after.

    Comments, order and spelling of everything else are kept. The file is replaced as a whole, by
    one rename, and only by a contract that can be read.

    Args:
        path: a contract file, flat or with named outputs.
        output: the output's name; of no account in a flat file.
        column: a column that the file declares.
        options: as in the file; lists take the place of those that are there.

    Raises:
        ContractError: the file can't be read or written, has no such column, or the changed
            contract would be refused.
    """
    document = _document(path)
    columns = _part(document, output).get("columns")
    if columns is None or column not in columns:
        raise ContractError(f"{path} declares no column {column!r} of the output {output!r}")
    before = columns[column]
    shown = before.as_string()
    if isinstance(before, Table):  # a table of its own, in which there may be comments
        before.update(options)
    else:
        plain = before.unwrap()
        whole = {"type": plain} if isinstance(plain, str) else plain
        columns[column] = _inline({**whole, **options})
    _write(path, document)
    return shown, columns[column].as_string()


def declare_column(path: Path, output: str, definition: str) -> None:
    """Declare one more column, behind the others; ``definition`` is its line of TOML.

    Raises:
        ContractError: as `change_column`, or the column is declared already.
    """
    document = _document(path)
    columns = _part(document, output).get("columns")
    if columns is None:
        raise ContractError(f"{path} declares no columns of the output {output!r}")
    [(name, value)] = tomlkit.parse(definition).items()
    if name in columns:
        raise ContractError(f"{path} declares the column {name!r} already")
    columns[name] = value
    _write(path, document)


def change_output(path: Path, output: str, options: Mapping[str, object]) -> None:
    """Give an output options, such as ``extra_columns``.

    Raises:
        ContractError: as `change_column`.
    """
    document = _document(path)
    part = _part(document, output)
    if "columns" not in part:
        raise ContractError(f"{path} declares no output {output!r}")
    for name, value in options.items():
        part[name] = value
    _write(path, document)


def _document(path: Path) -> Any:
    text = contract_text(path)
    contract_of(text, path)
    return tomlkit.parse(text)


def _part(document: Mapping[str, Any], output: str) -> Any:
    """Return what says all of an output: the file itself, if it is of one without a name."""
    return document["outputs"].get(output, {}) if "outputs" in document else document


def _write(path: Path, document: Any) -> None:
    changed = tomlkit.dumps(document)
    contract_of(changed, path)
    _replace(path, changed)


def _inline(definition: Mapping[str, Any]) -> Any:
    entries = ", ".join(f"{name} = {value_toml(value)}" for name, value in definition.items())
    return tomlkit.parse(f"x = {{ {entries} }}")["x"]


def _replace(path: Path, text: str) -> None:
    target = Path(os.path.realpath(path))  # a link stays a link
    written = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    try:
        written.write_bytes(text.encode())
        written.chmod(target.stat().st_mode)
        written.replace(target)
    except OSError as error:
        raise ContractError(f"{path}: it can't be written: {error.strerror}") from error
    finally:
        written.unlink(missing_ok=True)
