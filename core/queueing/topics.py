"""The parsers that a topic's files go to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casparian.core.stores.errors import UnknownParserError
from casparian.core.words import what_is_known

if TYPE_CHECKING:
    from collections.abc import Sequence

    from casparian.core.stores.parsers import StoredParser
    from casparian.core.stores.store import Store


def subscribed(store: Store, topic: str) -> Sequence[StoredParser]:
    """Return the latest bundle of every parser that subscribes to a topic.

    Raises UnknownParserError if there is none.
    """
    parsers = store.parsers.find_by_topic(topic)
    if parsers:
        return parsers
    topics = {name for parser in store.parsers.list() for name in parser.topics}
    hint = what_is_known(topic, topics, if_none="topics = […] in a parser's class")
    raise UnknownParserError(f"no parser subscribes to the topic {topic!r}", hint=hint)
