"""Running programs that only tell something, and may not answer; where uv is."""

from __future__ import annotations

import contextlib
import os
import subprocess
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .processes import MARK, Guardian, kill_group
from .uninterrupted import uninterrupted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_DYING = 1.0
"""Seconds for what a killed program still had to say."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a program said. ``code`` is None if it did not end in its time, or could not begin."""

    code: int | None
    out: str
    error: str

    @property
    def last_line(self) -> str:
        """The last line of what went wrong."""
        return next((x.strip() for x in self.error.splitlines()[::-1] if x.strip()), "no answer")

    @property
    def first_line(self) -> str:
        """The first line of what went wrong."""
        return next((line for line in self.error.splitlines() if line.strip()), "no word of why")


def ask(words: Sequence[str | Path], *, within: float, folder: Path | None = None) -> Answer:
    """Run a program that only tells something; with all its children it is killed when late.

    It is killed as well when this process is interrupted, or dies.

    Args:
        words: the program and its arguments.
        within: its time, in seconds.
        folder: its working directory.
    """
    process: subprocess.Popen[str] | None = None
    guardian: Guardian | None = None
    mark = uuid.uuid4().hex
    try:
        with uninterrupted():
            # The guardian comes first: it finds by its mark what it could not be told of.
            guardian = Guardian(None, mark)
            process = subprocess.Popen(
                list(map(str, words)),
                cwd=folder,
                env={**os.environ, MARK: mark},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
                process_group=0,
            )
            guardian.watch(process.pid)
        out, told = process.communicate(timeout=within)
    except BaseException as error:
        if process is None:
            if not isinstance(error, OSError):
                raise
            return Answer(None, "", f"it can't be started: {error.strerror}")
        kill_group(process.pid)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=_DYING)  # what left the group may hold the pipes
        if not isinstance(error, subprocess.TimeoutExpired):
            raise
        return Answer(None, "", f"no answer within {within:g} s")
    finally:
        if process is not None:
            with process:
                pass  # its pipes are closed, whoever else holds them
        if guardian is not None:
            guardian.dismiss()
    return Answer(process.returncode, out, told)


def uv_program() -> str:
    """Where uv is.

    Raises:
        FileNotFoundError: it isn't there.
    """
    try:
        import uv
    except ImportError as error:
        raise FileNotFoundError(str(error)) from error
    found: str = uv.find_uv_bin()
    return found
