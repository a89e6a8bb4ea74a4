"""``casparian worker``, ``start`` and ``process``: what they refuse before they begin."""

from __future__ import annotations

import pytest

from casparian.core.stores.errors import UnknownParserError

from .queued import Queued, call


@pytest.mark.parametrize("command", ["worker", "start", "process"])
def test_a_parser_that_is_not_registered_is_refused_with_the_names_there_are(
    command: str, queued: Queued
) -> None:
    done = call(command, "--parser", "slaes")
    assert isinstance(done.exception, UnknownParserError)
    assert done.exception.message == "no parser 'slaes' is registered"
    assert done.exception.hint == "did you mean sales?"
    assert not done.output
    queued.register("bank")
    error = call(command, "--parser", "xyz").exception
    assert isinstance(error, UnknownParserError)
    assert error.hint == "there are: bank, sales"
