"""A parser is registered by a child process; its thread passes on what the child tells."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

#: Seconds for which a child that is to end may tidy up.
_GRACE: Final = 3.0
_LAST_WORDS: Final = 3


class RegisterRun:
    """One registration. ``tell`` is called from another thread.

    Args:
        path: the parser, or the folder of several.
        store: where it is registered.
        force: whether a version may get other content.
        tell: hears what happens: a mapping with ``kind``, as ``casparian.app.register_child``
            writes it, and at last ``ended``.
        options: more words for the child.
    """

    def __init__(
        self,
        path: Path,
        store: str,
        tell: Callable[[Mapping[str, Any]], None],
        *,
        force: bool = False,
        options: tuple[str, ...] = (),
    ) -> None:
        self._command = [sys.executable, "-P", "-m", "casparian.app.register_child", str(path)]
        self._command += ["--store", store, "--parent-pid", str(os.getpid()), *options]
        if force:
            self._command.append("--force")
        self._tell = tell
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._cancelled = False
        self._killer: threading.Timer | None = None
        # The kernel ends the child with the thread that started it: it stays until the child ends.
        self._thread = threading.Thread(target=self._run, name="register-parser")

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def answer(self, yes: bool) -> None:
        """Answer the child's question."""
        with self._lock:
            process = self._process
        if process is not None and process.stdin is not None:
            try:
                process.stdin.write(b"yes\n" if yes else b"no\n")
                process.stdin.flush()
            except BrokenPipeError:
                return  # it has ended, which is told

    def cancel(self) -> None:
        """End it, and whatever runs for it."""
        with self._lock:
            self._cancelled = True
            if self._process is None or self._process.poll() is not None:
                return
            self._signal(signal.SIGTERM)
            if self._killer is None:
                self._killer = threading.Timer(_GRACE, self._kill)
                self._killer.daemon = True
                self._killer.start()

    def close(self) -> None:
        """End it, and wait until it has ended."""
        self.cancel()
        self._thread.join()

    def _was_stopped(self) -> bool:
        return self._cancelled

    def _kill(self) -> None:
        with self._lock:
            self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        if self._process is not None and self._process.poll() is None:
            # The thread that waits for it may have seen its end, and not told it yet.
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    def _run(self) -> None:
        with tempfile.TemporaryFile() as words:
            try:
                with self._lock:
                    if self._cancelled:
                        self._tell({"kind": "ended", "cancelled": True, "words": ""})
                        return
                    self._process = process = subprocess.Popen(
                        self._command,
                        stdin=subprocess.PIPE,
                        stdout=subprocess.PIPE,
                        stderr=words,
                        start_new_session=True,  # the keys are the terminal app's
                    )
            except OSError as error:
                said = f"no child can be started: {error.strerror}"
                self._tell({"kind": "ended", "cancelled": False, "words": said})
                return
            assert process.stdout is not None
            done = False
            for line in process.stdout:
                told = json.loads(line)
                done = done or told["kind"] == "done"
                self._tell(told)
            process.wait()
            with self._lock:
                if self._killer is not None:
                    self._killer.cancel()
            process.stdout.close()
            if process.stdin is not None:
                try:
                    process.stdin.close()
                except BrokenPipeError:
                    pass  # an answer that came too late
            words.seek(0)
            last = words.read().decode("utf-8", "replace").strip().splitlines()[-_LAST_WORDS:]
            said = "" if done else " · ".join(last) or f"it ended with {process.returncode}"
            self._tell(
                {"kind": "ended", "cancelled": self._was_stopped() and not done, "words": said}
            )
