"""The progress bar of captured runs, on stderr."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from rich.console import Console


class LiveProgress:
    """A bar over one input's progress and, where there are several, over the inputs."""

    def __init__(self, console: Console, inputs: int) -> None:
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=28),
            TaskProgressColumn(),
            TextColumn("{task.fields[rows]:,} rows"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._files = self._bar.add_task("files", total=inputs, rows=0, visible=inputs > 1)
        self._input = self._bar.add_task("parsing", total=None, rows=0)
        self._all_rows = self._input_rows = 0
        self._bar.start()

    def advance(self, done: float, total: float | None) -> None:
        """The parser says how far it is."""
        self._bar.update(self._input, completed=done, total=total)

    def rows(self, count: int) -> None:
        """More rows have come."""
        self._all_rows += count
        self._input_rows += count
        self._bar.update(self._input, rows=self._input_rows)
        self._bar.update(self._files, rows=self._all_rows)

    def next_input(self) -> None:
        """One input is done."""
        self._input_rows = 0
        self._bar.advance(self._files)
        self._bar.reset(self._input, total=None, rows=0)

    def close(self) -> None:
        """Take the bar away."""
        self._bar.stop()
