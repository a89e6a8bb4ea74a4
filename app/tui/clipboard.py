"""Copying through whatever lies between the app and the terminal: ssh, tmux, GNU screen.

The terminal itself takes a copy by OSC 52, also over ssh. What stands between may keep it back:

- tmux takes it only with ``set-clipboard on``, lets it through wrapped only with
  ``allow-passthrough on`` (before 3.3: always), and hands on what is loaded into a buffer of its
  own with ``set-clipboard external``, its default. So it is given all three ways.
- screen lets short pieces through, each wrapped.

To get the same text twice does no harm.
"""

from __future__ import annotations

import base64
import shutil
import subprocess
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What terminals take by OSC 52 (bytes of text, before base64).
MOST_BYTES: Final = 75_000
#: Characters that screen passes on at a time.
_PIECE: Final = 76
#: How long tmux may take (seconds).
_PATIENCE: Final = 5.0


def capped(text: str) -> str:
    """Return as much of a text as terminals take, without half a character."""
    encoded = text.encode("utf-8", "surrogatepass")
    return text if len(encoded) <= MOST_BYTES else encoded[:MOST_BYTES].decode("utf-8", "ignore")


def sequences(text: str, environment: Mapping[str, str]) -> str:
    """Return what is to be written to the terminal for a text to be copied."""
    encoded = base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")
    plain = f"\x1b]52;c;{encoded}\a"
    kind = environment.get("TERM", "")
    if "TMUX" in environment or kind.startswith("tmux"):
        return plain + f"\x1bPtmux;{plain.replace(chr(27), chr(27) * 2)}\x1b\\"
    if "STY" in environment or kind.startswith("screen"):
        pieces = [encoded[at : at + _PIECE] for at in range(0, len(encoded), _PIECE)]
        wrapped = "\x1b\\\x1bP".join(pieces)
        return plain + f"\x1bP\x1b]52;c;{wrapped}\a\x1b\\"
    return plain


def tell_tmux(text: str, environment: Mapping[str, str]) -> None:
    """Have the tmux around us take a text and hand it on; if there is none, nothing is done.

    It may take a moment: for threads. A tmux that doesn't know how leaves it to `sequences`.
    """
    program = shutil.which("tmux", path=environment.get("PATH"))
    if "TMUX" not in environment or program is None:
        return
    try:
        subprocess.run(
            [program, "load-buffer", "-w", "-"],
            input=text.encode("utf-8", "replace"),
            env=dict(environment),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return  # it is one of three ways, and what was copied is said anyhow
