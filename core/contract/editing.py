"""Changes of one column in a contract file; the rest of the file stays as a person wrote it."""

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
    text = contract_text(path)
    contract_of(text, path)
    document = tomlkit.parse(text)
    columns = _columns(document, output)
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
    changed = tomlkit.dumps(document)
    contract_of(changed, path)
    _replace(path, changed)
    return shown, columns[column].as_string()


def _columns(document: Mapping[str, Any], output: str) -> Any:
    part: Any = document
    if "outputs" in document:
        part = document["outputs"].get(output, {})
    return part.get("columns")


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
