"""What a person names to begin a dev session with: a parser, and files to try it on.

What folders are looked through with takes a while to import, and comes when there is a folder.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from casparian.core.inputs import InputError, parser_file, similar_file

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_NAMED = 3


@dataclass(frozen=True, slots=True)
class Samples:
    """Files to try a parser on: absolute, each once. ``too_many`` are folders that hold more."""

    paths: tuple[Path, ...] = ()
    too_many: tuple[Path, ...] = ()


def given_parser(path: Path) -> Path:
    """Return the file of the parser that a path names: see `parser_file`.

    Raises:
        InputError: there is none; the hint names those that are near.
    """
    try:
        found = parser_file(path)
    except InputError as error:
        raise InputError(error.message, hint=_near(path) or error.hint) from error
    if found.suffix and not found.suffix.startswith(".py"):
        raise InputError(
            f"{path} is no Python file", hint=f"casparian new {path} begins a parser that reads it"
        )
    return found


def _near(folder: Path) -> str:
    """Say which parsers a folder holds that is none itself."""
    if not folder.is_dir():
        return ""
    from casparian.core.bundles.kinds import ENTRY
    from casparian.core.dev_session.tree import find_parsers

    found = [path.parent if path.name == ENTRY else path for path in find_parsers(folder).paths]
    if not found:
        return ""
    more = f", or one of {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return f"one of its parsers: {', '.join(map(str, found[:_NAMED]))}{more}"


def given_samples(words: Iterable[Path]) -> Samples:
    """Return the files that paths name; a folder stands for what lies in it and below.

    Of a folder, hidden files, caches and what is plainly no data (Python, contracts, locks) are
    left out, and so are those beyond some thousands.

    Raises:
        InputError: a path names nothing.
    """
    found: dict[Path, None] = {}
    too_many = []
    for word in words:
        if not word.is_dir():
            if not word.exists():
                hint = similar_file(word) or "give a file, or a folder of them"
                raise InputError(f"no samples at {word}", hint=hint)
            found.setdefault(word.absolute())
            continue
        from casparian.core.dev_session.tree import find_samples

        inside = find_samples(word.absolute())
        if not inside.paths:
            raise _nothing_in(word)
        if not inside.is_whole:
            too_many.append(word)
        found |= dict.fromkeys(inside.paths)
    return Samples(tuple(found), tuple(too_many))


def own_samples(parser: Path) -> Samples:
    """Return the files in a parser's own folder of samples; none if there is no such folder."""
    from casparian.core.bundles.kinds import samples_folder
    from casparian.core.dev_session.tree import find_samples

    folder = samples_folder(parser)
    inside = find_samples(folder)
    return Samples(inside.paths, () if inside.is_whole else (folder,))


def _nothing_in(folder: Path) -> InputError:
    try:
        os.scandir(folder).close()
    except OSError as error:
        return InputError(f"the folder {folder} can't be read: {error.strerror}")
    return InputError(
        f"the folder {folder} holds no file to try a parser on",
        hint="hidden files, Python files, contracts and locks don't count; name the file itself",
    )
