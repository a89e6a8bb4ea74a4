"""What the guest says when something fails: type, message, phase, retryable, hint, traceback."""

from __future__ import annotations

import errno
import importlib
import linecache
import os
import sys
import traceback
from typing import Any

from .casparian_types import PermanentError, TransientError
from .wire import MAX_TEXT

#: Frames of the traceback that are sent at most: the outermost few and the innermost.
_MAX_FRAMES = 50

#: A disk is full, or a quota or a file-size limit met.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

#: The module and the function in which Python looks for a program.
_STARTS_PROGRAM = ("subprocess", "_execute_child")

#: Debian's packages for programs that parsers of messy files call most often.
_PROGRAM_PACKAGES = {
    "7z": "p7zip-full",
    "antiword": "antiword",
    "exiftool": "libimage-exiftool-perl",
    "ffmpeg": "ffmpeg",
    "gs": "ghostscript",
    "jq": "jq",
    "libreoffice": "libreoffice",
    "mdb-export": "mdbtools",
    "pandoc": "pandoc",
    "pdftoppm": "poppler-utils",
    "pdftotext": "poppler-utils",
    "tesseract": "tesseract-ocr",
    "unrar": "unrar",
    "unzip": "unzip",
    "xmllint": "libxml2-utils",
}


class GuestFailure(Exception):
    """An error that the shim itself finds: it speaks to the person, without a traceback.

    ``cause`` is what failed that isn't the parser: ``disk_full`` or ``bundle_corrupt``.
    """

    def __init__(self, message: str, *, kind: str, hint: str = "", cause: str = "") -> None:
        super().__init__(message)
        self.kind = kind
        self.hint = hint
        self.cause = cause


#: Folders whose frames say nothing to a person: the shim's own, and the import system's.
_HIDDEN = {os.path.dirname(os.path.abspath(__file__)), os.path.dirname(importlib.__file__)}


def describe(
    error: BaseException, *, phase: str, at: tuple[str, int, str] | None = None
) -> dict[str, Any]:
    """The content of the ``error`` metadata frame.

    Args:
        error: what was raised.
        phase: ``start``, ``load``, ``parse`` or ``serialise``.
        at: file, line and function where the parser yielded what the error is about.
    """
    # The shim's own errors speak to the person in one sentence; a traceback would only show it.
    own = type(error).__module__.rpartition(".")[0] == __package__ and not isinstance(
        error, (PermanentError, TransientError)
    )
    return {
        "type": error.kind if isinstance(error, GuestFailure) else type(error).__name__,
        "message": _cut(_message(error)),
        "phase": phase,
        "retryable": retryable(error),
        "cause": _cause(error),
        "hint": error.hint if isinstance(error, GuestFailure) else _hint(error),
        "traceback": _place(at) if own else _frames(error),
        "text": "" if own else _cut(_formatted(error)),
    }


def retryable(error: BaseException) -> bool:
    """Whether trying again may help, by the exception's type and never by its words."""
    if isinstance(error, PermanentError):
        return False
    if _cause(error) == "disk_full":
        return True
    return isinstance(error, (TransientError, ConnectionError, TimeoutError, MemoryError))


def _cause(error: BaseException) -> str:
    """What failed that isn't the parser, if an error means that, by its type and number."""
    if isinstance(error, GuestFailure):
        return error.cause
    if isinstance(error, MemoryError):
        return "memory"
    if isinstance(error, OSError) and error.errno in _FULL:
        return "disk_full"
    return ""


def _message(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"the parser called sys.exit({error.code!r}) before it finished"
    if isinstance(error, SyntaxError):
        column = f", column {error.offset}" if error.offset else ""
        place = f"{error.filename or '<parser>'}, line {error.lineno}{column}"
        return f"{error.msg} ({place})"
    try:
        return str(error) or type(error).__name__
    except Exception as broken:  # noqa: BLE001 - a person's __str__ may raise anything
        return f"<{type(error).__name__} whose str() raises {type(broken).__name__}>"


def _hint(error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name:
        package = error.name.split(".")[0]
        return f"uv pip install --python {sys.executable} {package}"
    if isinstance(error, FileNotFoundError) and _is_program(error):
        program = os.path.basename(str(error.filename))
        package = _PROGRAM_PACKAGES.get(program, "")
        if package:
            return f"the program {program!r} is not installed: apt install {package}"
        return f"the program {program!r} is not installed, or not on the PATH"
    return ""


def _is_program(error: FileNotFoundError) -> bool:
    """Whether the missing file was a program to run, and not the folder to run it in."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if (frame.f_globals.get("__name__"), frame.f_code.co_name) == _STARTS_PROGRAM:
            return error.filename is not None and error.filename != frame.f_locals.get("cwd")
    return False


def _is_visible(frame: traceback.FrameSummary) -> bool:
    name = frame.filename
    return os.path.dirname(name) not in _HIDDEN and not name.startswith("<frozen")


def _place(at: tuple[str, int, str] | None) -> list[dict[str, Any]]:
    if at is None:
        return []
    file, line, function = at
    source = linecache.getline(file, line).strip()
    return [{"file": file, "line": line, "function": function, "source": source}]


def _visible(error: BaseException) -> list[traceback.FrameSummary]:
    linecache.checkcache()
    frames = [f for f in traceback.extract_tb(error.__traceback__) if _is_visible(f)]
    if len(frames) > _MAX_FRAMES:
        frames = frames[:5] + frames[-(_MAX_FRAMES - 5) :]
    return frames


def _frames(error: BaseException) -> list[dict[str, Any]]:
    frames = [
        {"file": f.filename, "line": f.lineno, "function": f.name, "source": f.line or ""}
        for f in _visible(error)
    ]
    if isinstance(error, SyntaxError) and error.filename:
        source = (error.text or "").strip()
        frames.append(
            {"file": error.filename, "line": error.lineno, "function": "", "source": source}
        )
    return frames


def _formatted(error: BaseException) -> str:
    """The traceback as Python prints it, causes included, without the shim's own frames."""
    summary = traceback.TracebackException.from_exception(error)
    seen: set[int] = set()
    queue: list[traceback.TracebackException | None] = [summary]
    while queue:
        part = queue.pop()
        if part is None or id(part) in seen:
            continue
        seen.add(id(part))
        part.stack = traceback.StackSummary.from_list(
            [frame for frame in part.stack if _is_visible(frame)][-_MAX_FRAMES:]
        )
        queue += [part.__cause__, part.__context__]
    try:
        lines = list(summary.format())
        if isinstance(error, SystemExit):
            lines[-1] = f"SystemExit: {_message(error)}\n"
        return "".join(lines)
    except Exception as broken:  # noqa: BLE001 - a person's __str__ may raise anything
        return f"{type(error).__name__} (its text can't be shown: {type(broken).__name__})\n"


def _cut(text: str) -> str:
    if len(text) <= MAX_TEXT:
        return text
    return text[: MAX_TEXT // 2] + f"\n… ({len(text)} characters in all) …\n" + text[-8192:]
