"""Apps that start cheaply, and in which nothing moves by itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ...ready_processes import CHILD, ready
from .cheap_apps import keep_still, parse_styles_once


@pytest.fixture(autouse=True)
def cheap_apps(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Where a pane runs parsers, its session has no spare child: starts are what takes long."""
    parse_styles_once(monkeypatch)
    keep_still(monkeypatch)
    monkeypatch.setattr("casparian.core.dev_session.children._WANTED", 1)
    with ready(CHILD):
        yield
