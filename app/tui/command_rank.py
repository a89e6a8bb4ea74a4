"""How well a command answers what is typed into the palette.

Words come first: the name itself, then its beginning, then words of its sentence. Only if nothing
is found so, letters of a name in their order will do. What ends or forgets something is never
guessed: it must be asked for by its own name, or by a word that no other action is called by.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from casparian.app.tui.actions import ACTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from casparian.app.tui.actions import Action
    from casparian.app.tui.palette import Command

#: Verbs, of whatever area, that end or forget something.
_DANGEROUS_VERBS: Final = frozenset({"cancel", "delete", "stop_worker", "quit"})

#: What else a person may call an action: by its verb, of whatever area.
_ALSO: Final[dict[str, tuple[str, ...]]] = {
    "against": ("compare", "registered"),
    "again": ("refresh",),
    "delete": ("forget",),
    "enqueue": ("add files",),
    "help": ("keys",),
    "larger": ("resize",),
    "newer": ("history",),
    "older": ("history",),
    "pause_parser": ("resume parser",),
    "quit": ("exit",),
    "rerun": ("run again",),
    "smaller": ("resize",),
    "theme": ("dark", "light", "colours"),
    "try": ("open in dev",),
    "usual": ("reset sizes",),
}

#: The rank of what was named exactly.
EXACT: Final = 2_000.0
_BEGINS: Final = 500.0
_WORDS_OF_NAME: Final = 400.0
_IN_HELP: Final = 300.0
_BEGINS_IN_HELP: Final = 200.0
_ANYWHERE: Final = 100.0

#: What makes a difference among equals only.
_CANNOT: Final = 20.0
_DANGEROUS: Final = 40.0

_WORD: Final = re.compile(r"\w+")


def names_of(action: Action) -> list[str]:
    """Return what an action is sought by: its verb in words, the footer's word, and what else."""
    verb = action.verb.replace("_", " ")
    others = (action.label.lower(), *_ALSO.get(action.verb, ()))
    return list(dict.fromkeys(one for one in (verb, *others) if one))


def is_dangerous(action: Action) -> bool:
    """Whether an action ends or forgets something."""
    return action.verb in _DANGEROUS_VERBS


def rank(query: str, command: Command) -> float:
    """Return how well a command answers by words; nought if it does not."""
    sought = _words(query)
    if not sought:
        return 0.0
    names = [_words(name) for name in command.names]
    found = _by_name(sought, names) or _by_help(sought, names, command)
    if not found:
        return 0.0
    found -= (
        min(len(command.names[0]), 99) / 10
    )  # of two that begin so, the one with less behind it
    return found - (_CANNOT if command.cannot else 0) - (_DANGEROUS if command.dangerous else 0)


def _by_name(sought: Sequence[str], names: Iterable[Sequence[str]]) -> float:
    best = 0.0
    for name in names:
        if name == sought:
            return EXACT
        if _at_its_beginning(sought, name):
            best = max(best, _BEGINS)
        elif _each_begins_a_word(sought, name):
            best = max(best, _WORDS_OF_NAME)
    return best


def _by_help(sought: Sequence[str], names: Iterable[Sequence[str]], command: Command) -> float:
    if command.dangerous and _is_another_ones_name(sought):
        return 0.0
    told = _words(command.help)
    if all(word in told for word in sought):
        return _IN_HELP
    if _each_begins_a_word(sought, told):
        return _BEGINS_IN_HELP
    all_of_it = [*told, *(word for name in names for word in name)]
    return _ANYWHERE if _each_begins_a_word(sought, all_of_it) else 0.0


def _at_its_beginning(sought: Sequence[str], name: Sequence[str]) -> bool:
    """Whether a name begins so, the last of what is sought perhaps in the midst of a word."""
    *whole, last = sought
    there = len(whole)
    return list(name[:there]) == whole and len(name) > there and name[there].startswith(last)


def _each_begins_a_word(sought: Sequence[str], words: Sequence[str]) -> bool:
    return all(any(word.startswith(one) for word in words) for one in sought)


def _is_another_ones_name(sought: Sequence[str]) -> bool:
    """Whether an action that does no harm is called so: of any pane, it may be meant here too."""
    return any(
        _at_its_beginning(sought, _words(name))
        for action in ACTIONS
        if not is_dangerous(action)
        for name in names_of(action)
    )


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold().replace("_", " "))
