"""Calling uv: in an environment that can't mislead it, its words heard as they come, no orphans."""

from __future__ import annotations

import queue
import re
import shlex
import subprocess
import tempfile
import threading
import uuid
from typing import IO, TYPE_CHECKING, Final

from casparian.core.processes import MARK, Guardian, kill_group, sweep
from casparian.core.programs import Answer
from casparian.core.uninterrupted import uninterrupted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

_LAST_WORDS: Final = 1.0
"""Seconds for uv's last lines once it has ended; what it left behind may hold the pipe."""
_LONGEST: Final = 8_000
"""Characters of its words that are kept."""

#: Where packages and Pythons come from, how they are reached, and where they are kept. Everything
#: else that uv takes from its environment changes what it does, or to what.
_KEPT: Final = re.compile(
    r"UV_(?:CACHE_DIR|CONFIG_FILE|CREDENTIALS_DIR|DEFAULT_INDEX|EXTRA_INDEX_URL|FIND_LINKS|HTTP_\w+"
    r"|INDEX\w*|INSECURE_HOST|KEYRING_PROVIDER|LINK_MODE|LOCK_TIMEOUT|NATIVE_TLS|NO_BUILD|NO_CONFIG"
    r"|NO_INDEX|OFFLINE|PYPY_INSTALL_MIRROR|PYTHON_CACHE_DIR|PYTHON_DOWNLOADS|PYTHON_INSTALL_DIR"
    r"|PYTHON_DOWNLOADS_JSON_URL|PYTHON_INSTALL_MIRROR|REQUEST_TIMEOUT|SYSTEM_CERTS|CONCURRENT_\w+)"
)
_DROPPED: Final = re.compile(r"(?:UV_|PYTHON|CONDA_).*|VIRTUAL_ENV|__PYVENV_LAUNCHER__")


def uv_environment(environ: Mapping[str, str], **more: str) -> dict[str, str]:
    """Return the environment that uv is called in: the caller's, without what could mislead it."""
    kept = {
        name: value
        for name, value in environ.items()
        if not _DROPPED.fullmatch(name) or (value and _KEPT.fullmatch(name))
    }
    return {**kept, "NO_COLOR": "1", "UV_NO_PROGRESS": "1", **more}


def call_uv(
    words: Sequence[str | Path],
    *,
    folder: Path,
    environ: Mapping[str, str],
    on_line: Callable[[str], None] | None = None,
) -> Answer:
    """Call uv, and wait for it. It ends with all it has started if this process is interrupted,
    or dies.

    Args:
        words: uv's program and its arguments.
        folder: its working directory.
        environ: all of its environment.
        on_line: is told each line that it says on stderr, when it says it.

    Raises:
        OSError: it can't be started.
    """
    mark = uuid.uuid4().hex
    process: subprocess.Popen[str] | None = None
    guardian: Guardian | None = None
    with tempfile.TemporaryFile() as out:
        try:
            with uninterrupted():
                # The guardian comes first: it finds by its mark what it could not be told of.
                guardian = Guardian(None, mark)
                process = subprocess.Popen(
                    list(map(str, words)),
                    cwd=folder,
                    env={**environ, MARK: mark},
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.PIPE,
                    encoding="utf-8",
                    errors="replace",
                    process_group=0,
                )
                guardian.watch(process.pid)
            said = _listen(process, on_line)
        except BaseException:
            if process is not None:
                kill_group(process.pid)
                process.wait()
                sweep(mark)
            raise
        finally:
            if guardian is not None:
                guardian.dismiss()
        out.seek(0)
        told = out.read().decode("utf-8", "replace")
    return Answer(process.returncode, told, said)


def _listen(process: subprocess.Popen[str], on_line: Callable[[str], None] | None) -> str:
    """Hear what uv says until it has ended, whoever else may hold its pipe; returns its words."""
    pipe = process.stderr
    assert pipe is not None
    heard: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    reader = threading.Thread(target=_read, args=(pipe, heard), name="uv says", daemon=True)

    def wait() -> None:
        process.wait()
        reader.join(_LAST_WORDS)
        heard.put(None)

    reader.start()
    threading.Thread(target=wait, name="uv ends", daemon=True).start()
    said = ""
    while (line := heard.get()) is not None:
        said = f"{said}{line}\n"[-_LONGEST:]
        if on_line is not None:
            on_line(line)
    return said.strip()


def _read(pipe: IO[str], heard: queue.SimpleQueue[str | None]) -> None:
    with pipe:
        for line in pipe:
            heard.put(line.rstrip())


def shown(words: Sequence[str | Path]) -> str:
    """Return a command as a person may type it."""
    return shlex.join(["uv", *map(str, words)])
