"""What takes the whole terminal for a while: the editor, the debugger, and commands that ask.

The app steps aside, the command runs in the foreground as from a shell, and the app comes back.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from textual.app import SuspendNotSupported

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Editors that take ``+LINE FILE``; and those that take ``FILE:LINE``, with their option for it.
_PLUS: Final = frozenset({"vi", "vim", "nvim", "nano", "emacs", "emacsclient", "kak", "ed", "joe"})
_COLON: Final = {
    "code": "--goto",
    "codium": "--goto",
    "cursor": "--goto",
    "hx": "",
    "subl": "",
    "zed": "",
    "micro": "",
}
#: Editors with windows of their own, which return at once.
_WINDOWED: Final = frozenset({"code", "codium", "cursor", "subl", "zed"})


def editor_command(editor: str, file: Path, line: int) -> list[str]:
    """Return how an editor opens a file at a line, as far as it is known to be able to."""
    words = shlex.split(editor)
    name = Path(words[0]).name
    if name in _PLUS:
        return [*words, f"+{line}", str(file)]
    if name in _COLON:
        option = [_COLON[name]] if _COLON[name] else []
        return [*words, *option, f"{file}:{line}"]
    return [*words, str(file)]


class Outside:
    """Hands the terminal over, for a node of the app."""

    def __init__(self, node: Any) -> None:
        self._node = node

    def edit(self, file: Path, line: int) -> None:
        """Open the editor: ``$VISUAL``, ``$EDITOR``, or vi."""
        editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
        command = editor_command(editor, file, line)
        if Path(command[0]).name in _WINDOWED:
            self._beside(command)
        else:
            self._foreground(command, wait=False)

    def debug(self, parser: Path, sample: Path, python: Path | None) -> None:
        """Run in the foreground: ``breakpoint()`` stops there. Nothing is written."""
        chosen = [] if python is None else ["--python", str(python)]
        self._casparian("run", str(parser), str(sample), "--whatif", *chosen)

    def _casparian(self, *words: str) -> None:
        self._foreground([sys.executable, "-m", "casparian.app", *words], wait=True)

    def _foreground(self, command: Sequence[str], *, wait: bool) -> None:
        app = self._node.app
        try:
            with app.suspend():
                try:
                    subprocess.run(command, check=False)
                except OSError as error:
                    print(f"{command[0]} can't be started: {error.strerror}")  # noqa: T201
                    wait = True
                except KeyboardInterrupt:
                    pass  # it was meant for the command, which has ended
                if wait:
                    try:
                        input("\nenter goes back to casparian ")
                    except (EOFError, KeyboardInterrupt):
                        pass  # that goes back, too
        except SuspendNotSupported:
            self._node.notify(
                "this terminal can't be handed over; run: " + shlex.join(command),
                severity="warning",
                markup=False,
            )
            return
        app.refresh(layout=True)

    def _beside(self, command: Sequence[str]) -> None:
        try:
            subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            self._node.notify(
                f"{command[0]} can't be started: {error.strerror}",
                severity="error",
                markup=False,
            )
