"""What a parser imports from its environment: guessed from its source, then learned from runs."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import zipfile
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from casparian.core.guest import GuestSpec

_MOST: Final = 4_000


@dataclass(frozen=True, slots=True)
class Imports:
    """Modules that are worth loading ahead, in order, and those that must not be, each with why.

    An unfit module without a name stands for all of them together.
    """

    names: tuple[str, ...] = ()
    unfit: dict[str, str] = field(default_factory=dict)

    def wanted(self) -> list[str]:
        """Return the modules to load ahead."""
        if "" in self.unfit:
            return []
        return [name for name in self.names if not self._is_unfit(name)]

    def with_names(self, more: Iterable[str]) -> Imports:
        """Return these and more."""
        names = tuple(dict.fromkeys([*self.names, *more]))[:_MOST]
        return replace(self, names=names)

    def without(self, module: str, why: str) -> Imports:
        """Return these without a module that proved unfit, and what is below it."""
        return replace(self, unfit={**self.unfit, module: why})

    def _is_unfit(self, name: str) -> bool:
        parts = name.split(".")
        return any(".".join(parts[:n]) in self.unfit for n in range(1, len(parts) + 1))


class ImportsMemory(Protocol):
    """Remembers, from one warm guest to the next, what a parser imports."""

    def get(self, spec: GuestSpec) -> Imports | None:
        """Return what is known of the parser that a spec runs; None: nothing."""
        ...

    def put(self, spec: GuestSpec, imports: Imports) -> None:
        """Remember it."""
        ...


class ImportsInFile:
    """Remembers the modules in a file for each parser, for other processes too.

    What is unfit is not written down: another process may find it mended.

    Args:
        place: gives the file of the parser that a spec runs.
    """

    def __init__(self, place: Callable[[GuestSpec], Path]) -> None:
        self._place = place

    def get(self, spec: GuestSpec) -> Imports | None:
        """See :class:`ImportsMemory`."""
        try:
            content = json.loads(self._place(spec).read_text("utf-8"))
            return Imports(tuple(map(str, content["names"])))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None  # it is not there, or somebody wrote another thing into it: learned anew

    def put(self, spec: GuestSpec, imports: Imports) -> None:
        """See :class:`ImportsMemory`."""
        place = self._place(spec)
        made = place.with_name(f"{place.name}.{os.getpid()}")
        text = json.dumps({"names": imports.names})
        try:
            made.write_text(text, "utf-8")
            made.replace(place)
        except OSError:
            pass  # a full disk, or a pruned bundle: the next process learns it anew


def beside_bundle(spec: GuestSpec) -> Path:
    """Return a file beside a bundle, for the interpreter that runs it."""
    assert spec.archive is not None
    return in_folder(spec.archive.parent, spec)


def in_folder(folder: Path, spec: GuestSpec) -> Path:
    """Return a file in a folder, for a parser and the interpreter that runs it."""
    what = f"{spec.python}\0{spec.parser_path}\0{spec.archive}"
    return folder / f".imports-{hashlib.sha256(what.encode()).hexdigest()[:16]}.json"


def guess(spec: GuestSpec) -> Imports:
    """Guess from the parser's source what it imports from its environment."""
    own = own_names(spec)
    try:
        tree = ast.parse(_source(spec))
    except (OSError, SyntaxError, ValueError, KeyError, zipfile.BadZipFile):
        return Imports()  # loading it says what is wrong
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names.append(node.module)
    return Imports().with_names(name for name in names if name.partition(".")[0] not in own)


def own_names(spec: GuestSpec) -> set[str]:
    """Return the names by which what lies in the parser's folder can be imported."""
    try:
        if spec.archive is None:
            assert spec.parser_path is not None
            entries = [entry.name for entry in spec.parser_path.parent.iterdir()]
        else:
            folder = PurePosixPath(spec.entrypoint).parent
            with zipfile.ZipFile(spec.archive) as bundle:
                names = map(PurePosixPath, bundle.namelist())
                entries = [
                    name.relative_to(folder).parts[0]
                    for name in names
                    if name.is_relative_to(folder)
                ]
    except (OSError, zipfile.BadZipFile):
        return set()  # running it says what is wrong
    return {entry.partition(".")[0] for entry in entries} | {"casparian_types"}


def _source(spec: GuestSpec) -> bytes:
    if spec.archive is None:
        assert spec.parser_path is not None
        return spec.parser_path.read_bytes()
    with zipfile.ZipFile(spec.archive) as bundle:
        return bundle.read(spec.entrypoint)
