"""Writing a scaffold beside its script, with the contract that lies beside that."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from casparian.core.contract.files import find_contract_file
from casparian.core.whole_file import write_whole

from .scaffold import Scaffold, ScaffoldError, scaffold

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class ScaffoldFile:
    """What was written: the parser, and its copy of the script's contract if there is one."""

    scaffold: Scaffold
    path: Path
    contract: Path | None


def write_scaffold(script: Path, out: Path | None = None, *, force: bool = False) -> ScaffoldFile:
    """Write the level 2 parser of a level 1 script; the script stays as it is.

    Args:
        script: the level 1 parser's file.
        out: where to; beside the script as ``{stem}_parser.py`` if left out.
        force: whether what is there may be replaced.

    Raises:
        ScaffoldError: it can't be made of this script, or something is there already.
        CannotWrite: a file can't be written.
    """
    path = script.with_name(f"{script.stem}_parser.py") if out is None else out
    try:
        made = scaffold(script.read_bytes(), stem=script.stem, where=str(script))
        contract = find_contract_file(script)
        content = contract.read_bytes() if contract is not None else b""
    except OSError as error:
        raise ScaffoldError(f"{error.filename}: it can't be read: {error.strerror}") from error
    _check_place(script, path)
    copies = {path: made.source}
    # A contract is found by the parser's name, so the new parser needs one of its own.
    beside = path.with_name(f"{path.stem}.contract.toml") if contract is not None else None
    if beside is not None and find_contract_file(path) != contract:
        copies[beside] = content
    else:
        beside = contract
    if not force:
        for place in copies:
            if os.path.lexists(place):
                raise ScaffoldError(
                    f"{place} is there already", hint="name another file with -o, or give --force"
                )
    for place, text in copies.items():
        mode = script.stat().st_mode & 0o777 if place == path else None
        write_whole(place, text, replace=force, mode=mode)
    return ScaffoldFile(made, path, beside)


def _check_place(script: Path, path: Path) -> None:
    if path.is_dir():
        raise ScaffoldError(f"{path} is a folder", hint=f"name a file: -o {path / script.name}")
    if not path.parent.is_dir():
        raise ScaffoldError(f"there is no folder {path.parent}")
    if path.suffix != ".py":
        raise ScaffoldError(f"{path} is no name of a Python file", hint=f"-o {path}.py")
    if path.exists() and path.samefile(script):
        raise ScaffoldError(
            f"{path} is the script itself, which stays as it is", hint="name another file with -o"
        )
