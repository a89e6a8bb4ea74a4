"""The progress bar of enqueueing, on stderr: it looks at the report while that grows."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from rich.console import Console
from rich.filesize import decimal
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from casparian.core.queueing.inputs import find_inputs

from .ages import shown_duration

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from casparian.core.queueing.enqueue import EnqueueReport
    from casparian.core.queueing.own_files import OwnFiles

_A_SECOND = 10  # how often it is drawn


class EnqueueProgress:
    """A bar while files are queued. Use as a context manager.

    ``words`` are counted beside it, without files that are ``own``, on a thread of its own: until
    that is done, and without words, nobody knows how many files there will be.
    """

    def __init__(self, report: EnqueueReport, words: Sequence[str], own: OwnFiles) -> None:
        self._report = report
        self._words = words
        self._own = own
        self._total: int | None = None
        self._stopped = False
        self._begun = time.monotonic()
        self._live = Live(
            get_renderable=self._drawn,
            console=Console(stderr=True),
            refresh_per_second=_A_SECOND,
            transient=True,
        )

    def __enter__(self) -> None:
        if self._words:
            threading.Thread(target=self._count, name="count-inputs", daemon=True).start()
        self._live.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopped = True
        self._live.stop()

    def _count(self) -> None:
        count = 0
        for _ in find_inputs(self._words, self._own):
            count += 1
            if self._stopped:
                return
        self._total = count

    def _drawn(self) -> Table:
        report, total = self._report, self._total
        done = report.files
        elapsed = time.monotonic() - self._begun
        files = f"{done:,} files" if total is None else f"{done:,} of {total:,} files"
        parts = [files, f"{report.queued:,} queued", f"{decimal(report.bytes_read)} read"]
        if report.problem_count:
            parts.append(f"{report.problem_count:,} problems")
        parts.append(shown_duration(elapsed * 1000))
        if total is not None and 0 < done < total:
            parts.append(f"{shown_duration(elapsed / done * (total - done) * 1000)} left")
        row = Table.grid(padding=(0, 2))
        bar = ProgressBar(total=total, completed=done, width=28, pulse=total is None)
        row.add_row(bar, Text(" · ".join(parts), no_wrap=True, overflow="ellipsis"))
        return row
