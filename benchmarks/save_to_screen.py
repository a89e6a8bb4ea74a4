"""Save to screen: the parser is saved, and the new table is on the terminal; cold, and a script.

Three programs, each on a pseudo-terminal of its own, work on the same file of 1,000 rows with
pandas: `casparian tui`, the same with `--cold`, and a file watcher that reruns a plain script. A
save changes one visible cell; measured is the time from there until that cell's new text comes out
of the terminal. They take turns, so that all of them have the same machine.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pexpect
import pyte

from benchmarks.paired import report

_BIN: Final = Path(sys.executable).parent
_SIZE: Final = (40, 120)
_TIMES: Final = 40
_OTHERS: Final = 15
_WITHIN: Final = 60.0
_PARSER: Final = """\
import pandas as pd

def parse(path):
    frame = pd.read_csv(path)
    frame.insert(0, "mark", "{mark}")
    return frame
"""
_SCRIPT: Final = """\
import pandas as pd

frame = pd.read_csv("input.csv")
frame.insert(0, "mark", "{mark}")
print(frame)
"""


class _Terminal:
    """A program that shows what became of a file, and the file."""

    def __init__(self, words: list[str], file: Path, source: str, env: dict[str, str]) -> None:
        self._file, self._source, self._number = file, source, 0
        self._write("start")
        self._child = pexpect.spawn(
            words[0], words[1:], cwd=str(file.parent), env=env, dimensions=_SIZE, timeout=_WITHIN
        )
        self._screen = pyte.Screen(_SIZE[1], _SIZE[0])
        self._stream = pyte.ByteStream(self._screen)
        self._until("start")
        self._quiet()

    def save(self) -> float:
        """Save a change; returns milliseconds until it was seen."""
        self._number += 1
        # Other letters at each place: a terminal is sent no more than what is not there already.
        mark = "".join(chr(ord("a") + (self._number * 7 + place) % 26) for place in range(6))
        began = time.perf_counter()
        self._write(mark)
        seen = self._until(mark)
        self._quiet()
        return 1000 * (seen - began)

    def close(self) -> None:
        self._child.close(force=True)

    def _write(self, mark: str) -> None:
        new = self._file.with_suffix(".new")
        new.write_text(self._source.replace("{mark}", mark))
        new.replace(self._file)  # as most editors do

    def _until(self, text: str) -> float:
        """When the text came; that it is on the screen then is made sure of."""
        came, deadline = b"", time.monotonic() + _WITHIN
        while time.monotonic() < deadline:
            try:
                part = self._child.read_nonblocking(1 << 16, timeout=0.2)
            except pexpect.TIMEOUT:
                continue
            now = time.perf_counter()
            came += part
            if text.encode() in came:
                self._stream.feed(came)
                if any(text in line for line in self._screen.display):
                    return now
                sys.exit(f"{text!r} came, and is not on the screen")
        self._stream.feed(came)
        sys.exit(f"{text!r} is not there:\n" + "\n".join(self._screen.display))

    def _quiet(self) -> None:
        """Wait until it has nothing more to say."""
        while True:
            try:
                self._stream.feed(self._child.read_nonblocking(1 << 16, timeout=0.7))
            except pexpect.TIMEOUT:
                return


def main() -> None:
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        root = Path(name)
        env = {**os.environ, "TERM": "xterm-256color", "CASPARIAN_HOME": str(root / "home")}
        rows = "".join(f"{i},name {i},{i * 0.25},2024-01-{i % 28 + 1:02d}\n" for i in range(1000))
        tui = [str(_BIN / "casparian"), "tui", "parser.py", "--samples", "input.csv"]
        tui += ["--python", sys.executable]
        watcher = [str(_BIN / "watchfiles"), f"{sys.executable} script.py", "."]
        terminals = {}
        for key, words, file, source in (
            ("warm", tui, "parser.py", _PARSER),
            ("cold", [*tui, "--cold"], "parser.py", _PARSER),
            ("script", watcher, "script.py", _SCRIPT),
        ):
            folder = root / key
            folder.mkdir()
            (folder / "input.csv").write_text("id,name,amount,day\n" + rows)
            terminals[key] = _Terminal(words, folder / file, source, env)
            stack.callback(terminals[key].close)
        taken: dict[str, list[float]] = {key: [] for key in terminals}
        for key in terminals:
            terminals[key].save()  # what was seen to be imported is loaded after it
        for number in range(_TIMES):
            for key, terminal in terminals.items():
                if key == "warm" or number < _OTHERS:
                    taken[key].append(terminal.save())
    warm, cold, script = (statistics.median(taken[key]) for key in ("warm", "cold", "script"))
    print(f"  warm {warm:.0f} ms, --cold {cold:.0f} ms, script and watcher {script:.0f} ms")
    worst = sorted(taken["warm"])[int(0.9 * _TIMES)]
    report(f"save to screen, ms (nine of ten below {worst:.0f})", warm, "at most 100")
    report("cold / warm", cold / warm, "at least 5")
    report("script and watcher / warm", script / warm, "at least 5")


if __name__ == "__main__":
    main()
