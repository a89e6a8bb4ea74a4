"""What can go wrong with a store itself; a refused lease is no error, but an answer."""

from __future__ import annotations

from casparian.core.errors import CasparianError


class StoreError(CasparianError):
    """The store can't do what it was asked."""


class StoreUnreachableError(StoreError):
    """The store is not there, locked for too long, full, or can't be read: try again later."""


class StoreNewerError(StoreError):
    """The store was made by a newer casparian, whose rules this one doesn't know."""


class UnknownJobError(StoreError):
    """There is no such job."""


class AmbiguousJobError(StoreError):
    """Several jobs' ids begin with what was given."""


class UnknownParserError(StoreError):
    """There is no such parser."""


class ParserExistsError(StoreError):
    """A parser of this name and version is there already, with other content."""


class ParserInUseError(StoreError):
    """Jobs that have not ended are pinned to the parser's bundles."""
