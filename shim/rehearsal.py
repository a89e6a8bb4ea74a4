"""What every run does, done a few times in a warm guest, so that its forks find it done.

The first times, Python fits the code it runs to the types it meets, and libraries fill their
tables. Each of these writes is to memory that a fork shares, and so has to copy first: a quarter of
what a run of a small file costs. So a parser of ours is taken through all that a run goes through,
to a socket that nobody reads.
"""

from __future__ import annotations

import os
import socket

from . import guest, loader, preload, wire

#: Python 3.11 looks at what it runs after eight times, younger ones earlier.
_TIMES = 12
_PARSER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "rehearsed.py")


def rehearse(folders: list[str]) -> None:
    """Take the rehearsed parser through its runs, if a fork shows that nothing stays of them.

    Args:
        folders: those in which nothing is to be changed.

    Raises:
        UnfitError: something stayed of it in this process all the same, which is spent then.
    """
    if preload.in_fork(lambda: _play(1, folders)):
        _play(_TIMES, folders)


def _play(times: int, folders: list[str]) -> None:
    with preload.unchanged(folders):
        for _ in range(times):
            with loader.undone():
                _run()


def _run() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        run = guest.GuestRun(
            wire.FrameWriter(ours),
            parser_file=_PARSER,
            input_path=_PARSER,
            job_id="rehearsal",
            on_terminal=False,
        )
        if run.run() != guest.EXIT_SUCCESS:
            raise preload.UnfitError("", "a run with it failed")
