"""The dev runner: one parser over one input, stateless, from guest to published output.

It starts the guest before it imports what is heavy, so that both load at the same time.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from .guest import ColdGuests, GuestSpec
from .interpreter import InterpreterError
from .logs import Callback, LogDestination
from .uninterrupted import uninterrupted

if TYPE_CHECKING:
    from collections.abc import Callable

    from .cancel import CancelToken
    from .events import Event, Hello
    from .guest import Guest, GuestSource
    from .interpreter import Interpreter
    from .run_report import RunReport
    from .sinks.sinks import Sinks


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What ``casparian run`` was asked to do, for one input."""

    parser: Path
    input_path: Path
    python: Interpreter
    sink: str | None = None
    """The URI of ``--sink``; None: the parser's own, or Parquet in ``output_dir``."""
    output_dir: Path = field(default_factory=lambda: Path("output"))
    contract: Path | None = None
    whatif: bool = False
    limit: int | None = None
    """After so many rows the parser is stopped; None: it runs to its end."""
    limited_by: str = "--limit"
    """What a person knows the limit as."""
    timeout: float | None = None
    quarantine_threshold: float = 0.5
    """An output fails if a larger share of its rows is bad."""
    max_quarantine_rows: int = 10_000
    """An output fails if more of its rows are bad."""
    logs: LogDestination = field(default_factory=lambda: Callback(lambda _: None))
    terminal: bool = False
    cancel: CancelToken | None = None
    guest: GuestSpec | None = None
    """What is run in place of the file ``parser``: a bundle that was made of it."""
    guests: GuestSource = field(default_factory=ColdGuests)
    """Where the guest comes from."""
    open_sinks: Callable[[Hello], Sinks] | None = None
    """The places that rows go to, in place of ``sink`` and ``output_dir``."""


def run_parser(
    request: RunRequest, on_event: Callable[[Event], None] = lambda _: None
) -> RunReport:
    """Run one request to its end. A run that fails is a report too, with its error in it.

    Args:
        request: what to do.
        on_event: is told of each log line, of progress and of batches, as they come.

    Raises:
        InterpreterError: the interpreter can't be started.
        KeyboardInterrupt: Ctrl-C reached this process; nothing is left half-written.
    """
    spec = request.guest or GuestSpec(
        python=request.python.path,
        input_path=request.input_path,
        parser_path=request.parser,
        terminal=request.terminal,
    )
    spec = replace(spec, first_rows=request.limit)
    try:
        guest = request.guests.start(spec)
    except OSError as error:
        raise InterpreterError(
            f"{request.python.path} ({request.python.reason}) can't be started: {error}",
            hint="name another interpreter with --python",
        ) from error
    try:
        # What follows imports Arrow and more, while the guest does the same on its own. Importing
        # runs callbacks that swallow exceptions, and a Ctrl-C must not be one of them.
        with uninterrupted():
            run = _prepare(request, spec, guest, on_event)
    except BaseException:
        guest.end()
        guest.close()
        raise
    return run()


def _prepare(
    request: RunRequest, spec: GuestSpec, guest: Guest, on_event: Callable[[Event], None]
) -> Callable[[], RunReport]:
    from .lean_arrow import keep_pandas_out

    keep_pandas_out()
    from .dev_run import DevRun

    return DevRun(request, spec, guest, on_event).run
