"""A guest on the person's own terminal: the progress line, and Ctrl-C that always works.

The guest draws the progress line itself, because only it knows what the parser prints and when
``pdb`` asks: a line drawn by another process would land in the middle of them.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import time
from typing import Any, TextIO

#: A run shorter than this (seconds) shows no progress line at all.
_FIRST_DRAW = 0.4
_REDRAW = 0.1
_BAR = 24
_CLEAR = "\r\x1b[2K"

#: The host asks with this byte, after a Ctrl-C, whether a debugger has taken it.
ASK = b"?"
IN_DEBUGGER, NOT_IN_DEBUGGER = b"d", b"n"
_DEBUGGERS = {"pdb", "bdb", "ipdb", "pudb", "debugpy"}


class ProgressLine:
    """One line at the bottom of the terminal, gone before anything else is written there."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._since = time.monotonic()
        self._drawn_at = 0.0
        self._visible = False
        self._hooked = False

    def update(self, rows: int, done: float | None = None, total: float | None = None) -> None:
        """Draw the number of rows so far, and a bar where the parser told how much is done."""
        now = time.monotonic()
        if now - self._since < _FIRST_DRAW or now - self._drawn_at < _REDRAW:
            return
        if sys.gettrace() is not None:  # a debugger has the terminal
            return
        self._hook()
        self._drawn_at = now
        text = f"{rows:,} row{'' if rows == 1 else 's'}"
        if done is not None and total:
            share = min(max(done / total, 0.0), 1.0)
            full = round(share * _BAR)
            text = f"{'━' * full}{'╌' * (_BAR - full)} {share:4.0%}  {text}"
        elif done is not None:
            text = f"{done:,} done  {text}"
        self._visible = True
        self._stream.write(f"{_CLEAR}{text}  {now - self._since:.1f} s")
        self._stream.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self._visible:
            self._visible = False
            self._stream.write(_CLEAR)
            self._stream.flush()

    def _hook(self) -> None:
        """From the first drawing on, whatever is written first takes the line away."""
        if self._hooked:
            return
        self._hooked = True
        stdout, stderr = sys.stdout, sys.stderr
        sys.stdout = _Clearing(stdout, self)
        sys.stderr = _Clearing(stderr, self)
        inner = sys.breakpointhook

        def hook(*args: Any, **kwargs: Any) -> Any:
            self.clear()
            sys.stdout, sys.stderr = stdout, stderr
            return inner(*args, **kwargs)

        sys.breakpointhook = hook


class _Clearing:
    """A stream that takes the progress line away before it is written to."""

    def __init__(self, stream: Any, line: ProgressLine) -> None:
        self._stream = stream
        self._line = line

    def write(self, text: str) -> Any:
        self._line.clear()
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def report_interrupts(fd: int) -> None:
    """Let the host know of each Ctrl-C, even while C code holds the interpreter.

    The C-level signal handler writes the signal's number to ``fd``. The host then asks whether a
    debugger has taken the Ctrl-C; a guest that can't answer, or doesn't end, is killed by it.
    """
    os.set_blocking(fd, False)
    signal.set_wakeup_fd(fd, warn_on_full_buffer=False)
    main = threading.main_thread().ident
    answer = threading.Thread(target=_answer, args=(fd, main), name="casparian-interrupts")
    answer.daemon = True
    answer.start()


def _answer(fd: int, main: int | None) -> None:
    while True:
        select.select([fd], [], [])
        try:
            asked = os.read(fd, 16)
        except BlockingIOError:
            continue
        except OSError:
            return
        if not asked:
            return
        os.write(fd, IN_DEBUGGER if _debugging(main) else NOT_IN_DEBUGGER)


def _debugging(main: int | None) -> bool:
    frame = sys._current_frames().get(main) if main is not None else None
    while frame is not None:
        if str(frame.f_globals.get("__name__", "")).split(".")[0] in _DEBUGGERS:
            return True
        frame = frame.f_back
    return False
