"""A person's own keys: ``keys.toml`` in casparian's home, checked before the app starts.

[dev]
rerun = "f5"
[table]
export = "x,ctrl+s"
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

from textual.keys import KEY_NAME_REPLACEMENTS, Keys

from casparian.app.tui.actions import ACTIONS
from casparian.core.errors import CasparianError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

FILE: Final = "keys.toml"

#: Keys that are no characters, by name.
_NAMED: Final = frozenset(key.value for key in Keys)


class KeymapError(CasparianError):
    """A person's own keys can't be used."""


def own_keys(folder: Path) -> dict[str, str]:
    """Return a person's own keys: actions, as ``area.verb``, to keys separated by commas.

    Raises:
        KeymapError: the file can't be read, names no action or no key, or takes a key twice.
    """
    path = folder / FILE
    try:
        written = path.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise KeymapError(f"{path}: it can't be read: {error.strerror}") from error
    import tomllib  # only who has own keys waits for it

    try:
        content = tomllib.loads(written.decode())
    except ValueError as error:
        raise KeymapError(f"{path}: it can't be read: {error}") from error
    keys: dict[str, str] = {}
    for area, verbs in content.items():
        if not isinstance(verbs, dict):
            raise KeymapError(
                f"{path}: {area!r} stands alone", hint='write it as: [dev]\nrerun = "f5"'
            )
        for verb, key in verbs.items():
            if not isinstance(key, str) or not key.strip():
                raise KeymapError(f"{path}: {area}.{verb} is no text", hint='such as "f5" or "x"')
            keys[f"{area}.{verb}"] = ",".join(map(_named, _parts(key)))
    problems = keymap_problems(keys)
    if problems:
        raise KeymapError(
            "\n".join([f"{path}:", *(f"  {problem}" for problem in problems)]),
            hint="docs/tui.md lists the actions, and ? in the app shows every key",
        )
    return keys


def keymap_problems(keys: Mapping[str, str]) -> list[str]:
    """Say what is wrong with a person's own keys.

    An action or a key that isn't there, and two of one area (or of the app) with the same key.
    """
    import difflib

    known = dict(bound())
    problems = []
    for name, chosen in keys.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            meant = f"; did you mean {near[0]}?" if near else ""
            problems.append(f"there is no action {name!r}{meant}")
        problems += [f"{name}: there is no key {key!r}" for key in _parts(chosen) if not _is(key)]
    taken: dict[tuple[str, str], str] = {}
    areas = {name.partition(".")[0] for name in known}
    for name, usual in known.items():
        area = name.partition(".")[0]
        for key in _parts(keys.get(name, usual)):
            for place in _reach(area, areas):
                other = taken.setdefault((place, key), name)
                if other != name and place == area:
                    problems.append(f"{key!r} is both {other} and {name}")
    return problems


def bound() -> Iterator[tuple[str, str]]:
    """Yield everything that has a key, by its name, with its keys."""
    from casparian.app.tui.dev.samples_list import SAMPLES_BINDINGS
    from casparian.app.tui.dev.tree_list import TREE_BINDINGS
    from casparian.app.tui.prod.jobs_table import JobsTable
    from casparian.app.tui.widgets.log_keys import LOG_BINDINGS
    from casparian.app.tui.widgets.table_keys import TABLE_BINDINGS

    for action in ACTIONS:
        yield action.id, action.key
    lists = (SAMPLES_BINDINGS, TREE_BINDINGS, JobsTable.BINDINGS)
    for bindings in (TABLE_BINDINGS, LOG_BINDINGS, *lists):
        for binding in bindings:
            assert not isinstance(binding, tuple)
            assert binding.id is not None
            yield binding.id, binding.key


def _reach(area: str, areas: set[str]) -> Sequence[str]:
    """Return where an area's keys are seen: the app's own everywhere."""
    return sorted(areas) if area == "app" else [area]


def _parts(keys: str) -> list[str]:
    return [key.strip() for key in keys.split(",")]


def _is(key: str) -> bool:
    *modifiers, last = key.split("+")
    if not {"ctrl", "shift", "alt", "super"}.issuperset(modifiers):
        return False
    return last in _NAMED or key in _NAMED or last in _CHARACTERS


def _named(key: str) -> str:
    """Return a key as Textual calls it: a character by its name."""
    return _name_of(key) if len(key) == 1 else key


def _name_of(character: str) -> str:
    if character.isalnum():
        return character
    name = unicodedata.name(character).lower().replace("-", "_").replace(" ", "_")
    return KEY_NAME_REPLACEMENTS.get(name, name)


_CHARACTERS: Final = frozenset(_name_of(chr(code)) for code in range(33, 127))
