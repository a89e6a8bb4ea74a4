"""Parsers' names as people type them: one that no parser has is answered with those there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casparian.core.stores.errors import UnknownParserError
from casparian.core.words import what_is_known

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
    hint = what_is_known(name, known, if_none="casparian parser register FOLDER")
    return UnknownParserError(f"no parser {name!r} is registered", hint=hint)
