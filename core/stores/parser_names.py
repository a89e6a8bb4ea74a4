"""Parsers' names as people type them: one that no parser has is answered with those there are."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from casparian.core.stores.errors import UnknownParserError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from casparian.core.stores.store import Store


def check_registered(store: Store | None, name: str) -> None:
    """Refuse a name that no parser has; a store that isn't there yet has none.

    Raises UnknownParserError.
    """
    names = [] if store is None else [parser.name for parser in store.parsers.list()]
    if name not in names:
        raise not_registered(name, names)


def not_registered(name: str, known: Iterable[str]) -> UnknownParserError:
    """Return the error that says what may be meant: the nearest name, or all."""
    names = sorted(set(known))
    near = difflib.get_close_matches(name, names, n=1)
    if near:
        hint = f"did you mean {near[0]}?"
    else:
        hint = f"there are: {', '.join(names)}" if names else "casparian parser register FOLDER"
    return UnknownParserError(f"no parser {name!r} is registered", hint=hint)
