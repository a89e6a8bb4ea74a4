"""What in a folder can be registered, what is skipped, and why."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from casparian.core.bundles.kinds import ENTRY, SAMPLES, reason_against_folder, samples_folder
from casparian.core.gatekeeper import modules_reached
from casparian.core.inputs import parser_file
from casparian.core.registry.errors import RegistrationError
from casparian.core.starting.level import level_of_source

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from casparian.core.starting.level import Level


@dataclass(frozen=True, slots=True)
class Candidate:
    """A parser to be registered: the folder that becomes its bundle, and its file in it.

    ``shared`` is the folder whose project and lock it uses if it has none of its own; ``without``
    is what of the folder belongs to other parsers, with that as the reason.
    """

    folder: Path
    entrypoint: str = ENTRY
    shared: Path | None = None
    without: Mapping[str, str] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """What a person calls it: its folder, or its file."""
        return self.folder if self.entrypoint == ENTRY else self.folder / self.entrypoint

    @property
    def label(self) -> str:
        """Its path for people, who may have called it ``.``."""
        return str(self.path) if self.path.name else self.path.resolve().name

    @property
    def samples(self) -> Path:
        """Where the files lie that it is tried on; it need not be there."""
        return samples_folder(self.folder / self.entrypoint)

    @property
    def has_own_project(self) -> bool:
        """Whether ``pyproject.toml`` is this parser's alone."""
        return self.entrypoint == ENTRY and (self.folder / "pyproject.toml").is_file()


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file or folder beside parsers that is none, and why it isn't taken for one."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Candidates:
    """What a path stands for; ``is_several`` says that it is a folder that holds parsers."""

    parsers: tuple[Candidate, ...]
    skipped: tuple[Skipped, ...] = ()
    is_several: bool = False


def find_candidates(path: Path) -> Candidates:
    """Find what a path stands for: a parser's folder, its file, or a folder that holds several.

    Raises:
        InputError: it isn't there.
        RegistrationError: there is no parser in it, or it is at level 1.
    """
    if path.is_dir() and not (path / ENTRY).is_file():
        return _several(path)
    parser_file(path)
    file = path / ENTRY if path.is_dir() else path
    level = level_of(file)
    if level in ("function", "handler"):
        raise ad_hoc(file, level)
    if file.name == ENTRY:
        return Candidates((Candidate(file.parent),))
    return Candidates((_single(file, _neighbours(file.parent)),))


def ad_hoc(file: Path, level: str) -> RegistrationError:
    """Return the refusal of a level 1 parser, with the way out."""
    what = "def parse(path)" if level == "function" else "class Handler"
    shown = shlex.quote(os.path.relpath(file))
    return RegistrationError(
        f"{file} is an ad-hoc parser ({what}): it runs with casparian run, and can't be registered",
        hint=f"give it a name and a version: casparian scaffold {shown}",
    )


def level_of(file: Path) -> Level:
    """Tell from a module's code, without running it, what kind of parser it is."""
    try:
        return level_of_source(file.read_bytes())
    except OSError as error:
        raise RegistrationError(f"{file} can't be read: {error.strerror}") from error


def _several(folder: Path) -> Candidates:
    parsers: list[Candidate] = []
    skipped: list[Skipped] = []
    neighbours = _neighbours(folder)
    for path in sorted(folder.iterdir()):
        reason = None
        if path.is_dir():
            if path.name == SAMPLES or reason_against_folder(path.name) is not None:
                continue
            if (path / ENTRY).is_file():
                level = level_of(path / ENTRY)
                if level in ("parser", "unreadable"):
                    parsers.append(Candidate(path, shared=folder))
                else:
                    reason = _not_a_parser(path / ENTRY, level)
            else:
                reason = f"no {ENTRY} in it"
        elif path.suffix == ".py":
            level = level_of(path)
            if level in ("parser", "unreadable"):
                parsers.append(_single(path, neighbours))
            else:
                reason = _not_a_parser(path, level)
        if reason is not None:
            skipped.append(Skipped(path, reason))
    if not parsers:
        lines = [f"{folder} holds no parser: neither {ENTRY}, nor a folder or file with one"]
        lines += [f"  {one.path.name}: {one.reason}" for one in skipped]
        raise RegistrationError(
            "\n".join(lines),
            hint="name a parser's file, or a folder with parser.py; casparian new makes one",
        )
    return Candidates(tuple(parsers), tuple(skipped), is_several=True)


def _not_a_parser(file: Path, level: Level) -> str:
    if level == "none":
        return "no class Parser with a method parse in it"
    return f"level 1; if it is a parser: casparian scaffold {shlex.quote(os.path.relpath(file))}"


def _neighbours(folder: Path) -> dict[str, str]:
    """Return the files and folders of a folder that are parsers, or belong to one."""
    found = {}
    for path in folder.iterdir():
        if path.is_dir() and (path / ENTRY).is_file():
            found[path.name] = "another parser's folder"
        elif path.suffix == ".py" and path.is_file() and level_of(path) == "parser":
            found[path.name] = "another parser"
            found[f"{path.stem}.contract.toml"] = "another parser's contract"
    return found


def _single(file: Path, neighbours: Mapping[str, str]) -> Candidate:
    """Return a file that shares its folder with others; what it imports of them belongs to it."""
    folder = file.parent
    sources = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*.py")
        if path.is_file() and not _is_aside(path.relative_to(folder))
    }
    reached = modules_reached(sources, file.name)
    tops = {name.partition("/")[0] for name in reached}
    own = {*tops, f"{file.stem}.contract.toml"}
    without = {name: reason for name, reason in neighbours.items() if name not in own}
    return Candidate(folder, file.name, without=without)


def _is_aside(path: Path) -> bool:
    return any(reason_against_folder(part) is not None for part in path.parts[:-1])
