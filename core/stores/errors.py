"""What can go wrong with a store itself; a refused lease is no error, but an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casparian.core.errors import CasparianError

if TYPE_CHECKING:
    from collections.abc import Sequence


class StoreError(CasparianError):
    """The store can't do what it was asked."""


class StoreUnreachableError(StoreError):
    """The store is not there, locked for too long, full, or can't be read: try again later."""


class StoreReplacedError(StoreError):
    """Another file has the name of the one that is open: only to open it again helps."""


class StoreNewerError(StoreError):
    """The store was made by a newer casparian, whose rules this one doesn't know."""


class UnknownJobError(StoreError):
    """There is no such job."""


class AmbiguousJobError(StoreError):
    """Several jobs' ids begin with what was given; ``job_ids`` are the first of them."""

    def __init__(self, message: str, *, hint: str = "", job_ids: Sequence[str] = ()) -> None:
        super().__init__(message, hint=hint)
        self.job_ids = tuple(job_ids)


class UnknownParserError(StoreError):
    """There is no such parser."""


class ParserExistsError(StoreError):
    """A parser of this name and version is there already, with other content."""


class ParserInUseError(StoreError):
    """Jobs that have not ended are pinned to the parser's bundles."""
