"""One run of a parser in its guest: load, say hello, parse, send, end."""

from __future__ import annotations

import _thread
import logging
import math
import os
import signal
import sys
import threading
import time
import warnings
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import loaded, loader, logs, terminal, wire
from .failures import GuestFailure, describe, retryable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EXIT_SUCCESS, EXIT_PERMANENT, EXIT_TRANSIENT = 0, 1, 2

_SCALARS = frozenset((str, bool, int, float, type(None)))
#: What a parser leaves running after its last frame is given this long (seconds) to end.
_LINGER = 3.0
#: Progress goes over the wire at most this often (seconds).
_PROGRESS_EVERY = 0.1


class Context:
    """What ``parse(self, ctx)`` is given.

    Attributes:
        input_path: the input file, absolute.
        job_id: names the run in logs; in dev mode it means nothing.
        log: a logger whose lines reach the report (dev) or the job's log (prod).
    """

    def __init__(self, input_path: str, job_id: str, progress: Callable[..., None]) -> None:
        self.input_path = Path(input_path)
        self.job_id = job_id
        self.log = logs.named("casparian.parser")
        self._progress = progress

    def progress(self, done: float, total: float | None = None) -> None:
        """Say how much is done, in any unit; with ``total`` a bar can be shown."""
        self._progress(float(done), None if total is None else float(total))


class _Sent:
    """What has been sent of one output."""

    def __init__(self, frame: Any) -> None:
        self.sink, self.table, self.compression = frame.sink, frame.sink_table, frame.compression
        self.rows = self.bytes = 0
        self.columns: dict[str, str] = {}
        self.text_columns: dict[str, str] = {}
        self.schema: Any = None


class GuestRun:
    """Drives one parser over one input and sends what it yields.

    Args:
        writer: where frames go.
        parser_file: the module to import.
        input_path: the file to parse.
        job_id: for the context.
        on_terminal: whether stdio is the person's own terminal.
        first_rows: after so many the parser is stopped; None: it runs to its end.
    """

    def __init__(
        self,
        writer: wire.FrameWriter,
        *,
        parser_file: str,
        input_path: str,
        job_id: str,
        on_terminal: bool,
        first_rows: int | None = None,
    ) -> None:
        self._writer = writer
        self._parser_file = parser_file
        self._input_path = input_path
        self._job_id = job_id
        self._line = terminal.ProgressLine(sys.stderr) if on_terminal else None
        self._log = logs.named("casparian")
        self._phase = "start"
        self._yielded_at: tuple[str, int, str] | None = None
        self._sent: dict[str, _Sent] = {}
        self._rows = 0
        self._first_rows = first_rows
        self._yields: Any = None
        self._done: float | None = None
        self._total: float | None = None
        self._progress_at = 0.0
        self._spent = {"load": 0.0, "parse": 0.0, "convert": 0.0, "send": 0.0}

    def run(self) -> int:
        """Run to the end frame or the error frame.

        Returns:
            The exit code the guest should have.
        """
        try:
            parser = self._load()
            self._phase = "parse"
            started = time.perf_counter()
            for item in self._items(parser):
                self._spent["parse"] += time.perf_counter() - started
                self._send(item, parser.default_output)
                self._phase = "parse"
                started = time.perf_counter()
                if self._left() == 0:
                    self._stop()
                    break
            self._spent["parse"] += time.perf_counter() - started
        except KeyboardInterrupt:
            self._clear()
            sys.stdout.flush()
            # Die of the signal itself, so that the host sees an interrupt and not a failure.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGINT)
            return EXIT_PERMANENT
        except BaseException as error:  # noqa: BLE001 - whatever a parser raises is reported
            self._clear()
            return self._fail(error)
        self._clear()
        for name, sent in self._sent.items():
            self._writer.metadata_soon("output_info", **_info(name, sent))
        self._report_progress(final=True)
        self._report_modules()
        self._report_metrics()
        me = threading.current_thread()
        left = [t.name for t in threading.enumerate() if t is not me and not t.daemon]
        if left:
            self._log.warning(
                "the parser left threads running after its last row: %s; they have %g s to end",
                ", ".join(left),
                _LINGER,
            )
        self._writer.end()
        return EXIT_SUCCESS

    def load_only(self) -> int:
        """Load the parser and say what it declares, without running it; see :meth:`run`."""
        try:
            self._load()
        except BaseException as error:  # noqa: BLE001 - whatever a module raises is reported
            return self._fail(error)
        self._writer.end()
        return EXIT_SUCCESS

    def _load(self) -> loader.LoadedParser:
        pyarrow = _require_pyarrow()
        self._phase = "load"
        loaded.note_loaded()
        started = time.perf_counter()
        module = loader.import_parser(self._parser_file)
        # What the parser's own module does wrong is worth a line, though Python hides it.
        own = loader.pattern_of(module.__name__)
        warnings.filterwarnings("default", category=DeprecationWarning, module=own)
        parser = loader.find_parser(module)
        self._spent["load"] = time.perf_counter() - started
        self._writer.metadata(
            "hello",
            parser=parser.name,
            version=parser.version,
            topics=parser.topics,
            outputs=_plain(parser.outputs),
            level=parser.level,
            sink=parser.sink,
            default_output=parser.default_output,
            python=sys.executable,
            versions={"python": sys.version.split()[0], "pyarrow": pyarrow},
        )
        return parser

    def _items(self, parser: loader.LoadedParser) -> Iterator[Any]:
        """What the parser returns or yields, one by one, asking for the next only when needed."""
        context = Context(self._input_path, self._job_id, self._progress)
        result = parser.parse(context)
        if hasattr(result, "__await__") or hasattr(result, "__anext__"):
            if hasattr(result, "close"):
                result.close()  # a coroutine that is not awaited would warn of it
            raise GuestFailure(
                "parse() is async; it must be a plain function or generator",
                kind="ParserInvalid",
                hint="write `def parse`, and `asyncio.run(...)` inside it",
            )
        if hasattr(result, "__next__") and not hasattr(result, "__arrow_c_stream__"):
            self._yields = result
            for item in result:
                frame = getattr(result, "gi_frame", None)
                if frame is not None:
                    code = frame.f_code
                    self._yielded_at = (code.co_filename, frame.f_lineno, code.co_name)
                yield item
        elif result is not None:
            yield result

    def _left(self) -> int | None:
        """How many rows are still wanted; None: all."""
        return None if self._first_rows is None else self._first_rows - self._rows

    def _stop(self) -> None:
        """Ask the parser for no more: a generator runs its ``finally`` blocks."""
        close = getattr(self._yields, "close", None)
        if close is None:
            return
        try:
            close()
        except RuntimeError as error:
            # It caught what ends it and yielded again. No row of it is missed, and it is asked for
            # no other: that is worth a line, and no failure.
            if str(error) != "generator ignored GeneratorExit":
                raise
            self._log.warning(
                "the parser yielded again when it was stopped: a bare `except:` around its `yield` "
                "catches GeneratorExit"
            )

    def _send(self, item: Any, default_output: str | None) -> None:
        self._phase = "serialise"
        started = time.perf_counter()
        frames, slices = _converters()
        for frame in frames.normalise(item, default_output):
            self._spent["convert"] += time.perf_counter() - started
            started = time.perf_counter()
            sent = self._sent.get(frame.output)
            if sent is None:
                sent = self._sent[frame.output] = _Sent(frame)
            sink = frame.sink
            for column, note in frame.notes.items():
                if column not in sent.text_columns:
                    sent.text_columns[column] = note
                    says = "has" if note.startswith("mixed types") else "is sent as text:"
                    self._log.warning("Column '%s' %s %s", column, says, note)
            schema = frame.table.schema
            if frame.table.num_rows or sent.schema is None or not schema.equals(sent.schema):
                sent.columns |= {
                    name: str(of)
                    for name, of in zip(schema.names, schema.types)  # noqa: B905 - as many
                    if not name.startswith(wire.KIND_PREFIX)
                }
                for piece in slices.pieces(frame.table.slice(0, self._left())):
                    sent.bytes += self._writer.data(
                        piece,
                        output=frame.output,
                        sink=sink,
                        table=frame.sink_table,
                        compression=frame.compression,
                    )
                    sent.rows += piece.num_rows
                    self._rows += piece.num_rows
                sent.schema = schema
            self._spent["send"] += time.perf_counter() - started
            self._draw()
            started = time.perf_counter()
            if self._left() == 0:
                return
        self._spent["convert"] += time.perf_counter() - started

    def _progress(self, done: float, total: float | None) -> None:
        if not math.isfinite(done):
            return
        self._done = done
        self._total = total if total is not None and math.isfinite(total) else None
        self._draw()
        self._report_progress()

    def _report_progress(self, *, final: bool = False) -> None:
        now = time.monotonic()
        if self._done is None or (now - self._progress_at < _PROGRESS_EVERY and not final):
            return
        self._progress_at = now
        self._writer.metadata("progress", done=self._done, total=self._total)

    def _draw(self) -> None:
        if self._line is not None:
            self._line.update(self._rows, self._done, self._total)

    def _clear(self) -> None:
        if self._line is not None:
            self._line.clear()

    def _report_modules(self) -> None:
        self._writer.metadata_soon("modules", **loaded.report(self._parser_file))

    def _report_metrics(self) -> None:
        spent = self._spent
        self._writer.metadata_soon(
            "metrics",
            rows=self._rows,
            load_ms=round(1000 * spent["load"], 3),
            parse_ms=round(1000 * spent["parse"], 3),
            convert_ms=round(1000 * spent["convert"], 3),
            send_ms=round(1000 * spent["send"], 3),
        )

    def _fail(self, error: BaseException) -> int:
        if isinstance(error, BrokenPipeError) and _from_wire(error):
            return EXIT_PERMANENT  # the host has gone: there is nobody left to tell
        at = self._yielded_at if self._phase == "serialise" else None
        record = describe(error, phase=self._phase, at=at)
        self._report_modules()
        self._report_metrics()
        self._writer.metadata("error", **record)
        self._writer.error(f"{record['type']}: {record['message']}")
        return EXIT_TRANSIENT if retryable(error) else EXIT_PERMANENT


@cache
def _converters() -> tuple[Any, Any]:
    """What needs Arrow, which is there once a parser was loaded."""
    from . import frames, slices

    return frames, slices


def _from_wire(error: BaseException) -> bool:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_globals.get("__name__") == wire.__name__


def _require_pyarrow() -> str:
    try:
        import pyarrow
    except ImportError as error:
        raise GuestFailure(
            f"{sys.executable} has no usable pyarrow ({error})",
            kind="PyarrowMissing",
            hint=f"uv pip install --python {sys.executable} pyarrow",
        ) from error
    from .lean_arrow import defer_pandas

    defer_pandas()
    return str(pyarrow.__version__)


def _plain(value: Any) -> Any:
    """``outputs`` as plain data, or a sentence that says what in it is not.

    Raises:
        GuestFailure: it holds something that JSON has no form for.
    """
    if type(value) in _SCALARS or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, dict) and not [1 for key in value if not isinstance(key, str)]:
        return {key: _plain(item) for key, item in value.items()}
    if type(value).__name__ in {"Decimal", "date", "datetime"}:
        return str(value)
    raise GuestFailure(
        f"Parser.outputs must be made of dicts, lists, texts, numbers and booleans; "
        f"it holds a {type(value).__name__}: {value!r}",
        kind="ParserInvalid",
    )


def _info(name: str, sent: _Sent) -> dict[str, Any]:
    return {
        "output": name,
        "sink": sent.sink,
        "table": sent.table,
        "compression": sent.compression,
        "rows": sent.rows,
        "bytes": sent.bytes,
        "columns": [{"name": key, "type": value} for key, value in sent.columns.items()],
        "text_columns": sent.text_columns,
    }


def end_soon(code: int, drain: Callable[[], None]) -> None:
    """See to it that the process ends, although the parser may have left threads that don't.

    A parser that returned has done its work: what it left running gets a grace time, then the
    process ends with the same exit code.
    """

    def end() -> None:
        time.sleep(_LINGER)  # not a synchronisation: this is the limit itself
        drain()
        os._exit(code)

    # Not a `threading.Thread`, whose start is waited for: this process has nothing else to do.
    _thread.start_new_thread(end, ())


def prepare_stdio(writer: wire.FrameWriter, *, on_terminal: bool) -> Callable[[], None]:
    """Route output and ``breakpoint()`` as the run's place asks for; returns what drains it."""
    if on_terminal:
        logs.to_terminal()
        return lambda: None
    drain = logs.capture(writer)

    def no_debugger(*_: Any, **__: Any) -> None:
        caller = sys._getframe(1)
        logging.getLogger("casparian").warning(
            "breakpoint() at %s:%d is passed over: this run has no terminal (casparian run on a "
            "terminal, without --json, stops there)",
            caller.f_code.co_filename,
            caller.f_lineno,
        )

    sys.breakpointhook = no_debugger
    return drain
