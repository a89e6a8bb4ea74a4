"""``casparian jobs --watch``: the list again whenever the store changes."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Final

import click
from rich.console import Console, ConsoleDimensions
from rich.live import Live

from .ages import clock_time, now_ms
from .jobs_command import print_jobs
from .jobs_table import jobs_view
from .next_steps import can_show_marks

if TYPE_CHECKING:
    from collections.abc import Callable

    from casparian.core.stores.store import Store

    from .jobs_table import JobsSnapshot

_LOOK_S: Final = 0.1
"""How often the store is asked whether it has changed, which costs microseconds."""
_DRAW_S: Final = 1.0
"""How often ages are drawn again."""
#: Lines of the screen that are no jobs: counts, titles, what is shown, and those between.
_OTHER_LINES: Final = 6
_ALL: Final = 1 << 30


def watch_jobs(store: Store, take: Callable[[int], JobsSnapshot]) -> None:
    """Show jobs until Ctrl-C; ``take`` returns at most so many as they are now."""
    try:
        if sys.stdout.isatty():
            _on_a_terminal(store, take)
        else:
            _as_lines(store, take)
    except KeyboardInterrupt:
        return  # that is how it is left


def _on_a_terminal(store: Store, take: Callable[[int], JobsSnapshot]) -> None:
    console, marks = Console(highlight=False), can_show_marks()
    size = console.size = _size()
    store.changed()
    snapshot = take(max(size.height - _OTHER_LINES, 1))
    drawn = 0.0
    try:
        with Live(console=console, screen=True, auto_refresh=False) as live:
            while True:
                before, size = size, _size()
                if store.changed() or before != size:
                    console.size = size
                    snapshot = take(max(size.height - _OTHER_LINES, 1))
                    drawn = 0.0
                if time.monotonic() - drawn >= _DRAW_S:
                    drawn = time.monotonic()
                    view = jobs_view(snapshot, now_ms(), width=size.width, marks=marks)
                    live.update(view, refresh=True)
                time.sleep(_LOOK_S)
    finally:
        print_jobs(snapshot)


def _size() -> ConsoleDimensions:
    """The terminal's size now: $LINES and $COLUMNS say what it was when it was opened."""
    size = os.get_terminal_size(sys.stdout.fileno())
    return ConsoleDimensions(size.columns or 80, size.lines or 24)


def _as_lines(store: Store, take: Callable[[int], JobsSnapshot]) -> None:
    """Print each snapshot under its time; ages alone are no change."""
    store.changed()
    while True:
        click.echo(f"{'—' if can_show_marks() else '--'} {clock_time(now_ms())}")
        print_jobs(take(_ALL))
        click.echo()
        while not store.changed():
            time.sleep(_LOOK_S)
