"""What keeps the start of an app, and waiting for it, from taking most of a test's time.

Hundreds of apps are started here, and all read the same styles; and a screen that is drawn to be
looked at costs more than what is waited for, if it is looked at without a pause.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from textual import constants
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.pilot import Pilot
from textual.widgets import Input

_SOONEST_S = 0.01
# Of the time that is waited, looking takes a fifth at most.
_PAUSE_PER_LOOK = 4

_PARSED: dict[tuple[Any, ...], list[RuleSet]] = {}


def parse_styles_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same text with the same variables is parsed for the first app only."""
    parse = Stylesheet._parse_rules

    def parsed(self: Stylesheet, *words: Any, **options: Any) -> list[RuleSet]:
        key = (frozenset(self._variables.items()), words, frozenset(options.items()))
        if key not in _PARSED:
            _PARSED[key] = parse(self, *words, **options)
        return _PARSED[key]

    monkeypatch.setattr(Stylesheet, "_parse_rules", parsed)


def forget_styles() -> None:
    """The next app parses all its styles, as it does where it is alone."""
    _PARSED.clear()


def keep_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is drawn again and again that only moves for the eye."""
    monkeypatch.setattr(constants, "TEXTUAL_ANIMATIONS", "none")
    monkeypatch.setattr(Input, "cursor_blink", False)


async def until(pilot: Pilot[Any], condition: Callable[[], object]) -> None:
    """Wait until something is so, and until the screen has taken in what came with it."""
    waited = False
    async with asyncio.timeout(40):
        while True:
            begun = time.thread_time()
            if condition():
                break
            looked = time.thread_time() - begun
            await asyncio.sleep(max(_SOONEST_S, looked * _PAUSE_PER_LOOK))
            waited = True
    if waited:
        await pilot.pause(0)
