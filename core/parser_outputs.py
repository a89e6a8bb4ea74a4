"""What a parser yields over inputs, as it yields it: no contract judges, nothing is written."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from .bridge import BridgeConfig, execute_bridge
from .declared import ParserUnusable
from .events import Batch, Ended, Log
from .guest import GuestSpec
from .interpreter import InterpreterError
from .logs import Callback

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable
    from pathlib import Path

    from .interpreter import Interpreter


def parser_outputs(
    parser: Path,
    inputs: Iterable[Path],
    python: Interpreter,
    on_log: Callable[[Log], None] = lambda _: None,
) -> Generator[Batch]:
    """Run a parser over each input in turn, and yield its batches.

    Raises:
        InterpreterError: the interpreter can't be started.
        ParserUnusable: a run failed.
    """
    for path in inputs:
        spec = GuestSpec(python.path, path, parser_path=parser)
        try:
            events = execute_bridge(BridgeConfig(spec, Callback(on_log)))
        except OSError as error:
            raise InterpreterError(
                f"{python.path} ({python.reason}) can't be started: {error}",
                hint="name another interpreter with --python",
            ) from error
        with closing(events):
            for event in events:
                if isinstance(event, Batch):
                    yield event
                elif isinstance(event, Ended) and event.result.error is not None:
                    told = event.result.error
                    raise ParserUnusable(
                        f"{parser.name} fails over {path}: {told.type}: {told.message}",
                        hint=told.hint,
                        traceback=told.text if told.kind == "parser" else "",
                    )
