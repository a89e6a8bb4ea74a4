"""A program on a real pseudo-terminal, with the screen that a person would see."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pexpect
import pyte


class Screen:
    """Runs a program in a terminal of so many lines and columns. Use as a context manager."""

    def __init__(
        self,
        command: Sequence[object],
        *,
        cwd: Path,
        env: Mapping[str, str],
        size: tuple[int, int] = (40, 120),
    ) -> None:
        program, *words = map(str, command)
        self.child = pexpect.spawn(
            program, words, cwd=str(cwd), env=dict(env), dimensions=size, timeout=60
        )
        self._screen = pyte.Screen(size[1], size[0])
        self._stream = pyte.ByteStream(self._screen)
        self.raw = b""

    def __enter__(self) -> Screen:
        return self

    def __exit__(self, *_: object) -> None:
        self.child.close(force=True)

    @property
    def lines(self) -> list[str]:
        """What is on the screen now."""
        return [line.rstrip() for line in self._screen.display]

    def press(self, keys: str) -> None:
        self.child.send(keys)

    def until(self, *words: str, gone: Sequence[str] = (), within: float = 60) -> None:
        """Wait until all words are on the screen at once, and none of those that are to go."""

        def is_there() -> bool:
            text = "\n".join(self.lines)
            return all(w in text for w in words) and not any(w in text for w in gone)

        self._wait(is_there, within, f"{words} (without {gone})")

    def until_ended(self, within: float = 30) -> int:
        """Wait for the program's end; returns its exit code."""
        self._wait(lambda: self.child.flag_eof, within, "the end")
        self.child.wait()
        code = self.child.exitstatus
        assert code is not None, f"ended by signal {self.child.signalstatus}"
        return code

    def _wait(self, is_there: Callable[[], bool], within: float, what: str) -> None:
        deadline = time.monotonic() + within
        # A part that was read may end in the middle of a painting: what is there only then, or
        # gone, doesn't count. So it must be there still after the next part, if there is one.
        was_there = False
        while True:
            now_there = is_there()
            if was_there and now_there:
                return
            was_there = now_there
            assert time.monotonic() < deadline, f"{what}: not there\n" + "\n".join(self.lines)
            try:
                part = self.child.read_nonblocking(65536, timeout=0.1)
            except pexpect.TIMEOUT:
                continue
            except pexpect.EOF:
                assert is_there(), f"{what}: it ended\n" + "\n".join(self.lines)
                return
            self.raw += part
            self._stream.feed(part)
