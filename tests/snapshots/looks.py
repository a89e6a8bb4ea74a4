"""In which sizes and themes pictures are taken, and how one app has several of them taken."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from textual.app import App
from textual.pilot import Pilot
from textual.worker import WorkerCancelled

Look = tuple[int, int, str]
Prepare = Callable[[Any], Awaitable[None]]

DARK, LIGHT = "textual-dark", "textual-light"
NARROW: Mapping[str, Look] = {"80x24": (80, 24, DARK)}
MEDIUM: Mapping[str, Look] = {"120x40": (120, 40, DARK)}
WIDE: Mapping[str, Look] = {"200x60": (200, 60, DARK)}
IN_LIGHT: Mapping[str, Look] = {"light": (120, 40, LIGHT)}
BOTH: Mapping[str, Look] = {**NARROW, **MEDIUM}
ALL: Mapping[str, Look] = {**BOTH, **IN_LIGHT}


async def settled(pilot: Pilot[Any]) -> None:
    """Wait until threads have answered and the answers are on screen."""
    for _ in range(2):
        try:
            await pilot.app.workers.wait_for_complete()
        except WorkerCancelled:
            pass  # by a newer question
        await pilot.pause()


async def taken(
    app: App[Any], prepare: Prepare, looks: Mapping[str, Look], *, at_rest: bool = True
) -> dict[str, str]:
    """Return a picture for each of the looks; the app is prepared in the first one.

    One that is never ``at_rest`` is not waited for.
    """
    pictures = {}
    (width, height, theme), *_ = looks.values()
    async with app.run_test(size=(width, height), notifications=True) as pilot:
        app.theme = theme
        await prepare(pilot)
        if at_rest:
            await settled(pilot)
        for name, (width, height, theme) in looks.items():
            if theme != app.theme:
                app.theme = theme
                await pilot.pause()
            if app.size != (width, height):
                await pilot.resize_terminal(width, height)
                await settled(pilot)
            await pilot.pause()
            pictures[name] = _picture(app)
            while not at_rest and pictures[name] != (picture := await _later(pilot)):
                pictures[name] = picture
    return pictures


async def _later(pilot: Pilot[Any]) -> str:
    """Look again: on a machine that is busy enough, all of an app seems idle while it draws."""
    await pilot.pause()
    return _picture(pilot.app)


def _picture(app: App[Any]) -> str:
    return app.export_screenshot(title=app.title, simplify=True)
