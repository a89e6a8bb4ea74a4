"""Why a session's run came to nothing for which the parser can do nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casparian.core.events import GuestError

if TYPE_CHECKING:
    from pathlib import Path


def sample_missing(sample: Path) -> GuestError:
    """The sample has gone."""
    return GuestError(
        "environment",
        "SampleMissing",
        f"the sample {sample} is not there any more",
        "start",
        hint="choose another one, or put it back",
    )


def parser_missing(parser: Path) -> GuestError:
    """The parser has gone."""
    return GuestError(
        "environment",
        "ParserMissing",
        f"the parser {parser} is not there any more",
        "load",
        hint="choose another one, such as that of its new name; or put it back",
    )


def no_process(problem: OSError) -> GuestError:
    """The system starts no process."""
    said = f"no process can be started: {problem}"
    return GuestError("environment", "NoProcess", said, "start", True)


def run_lost(said: str, exit_code: int | None) -> GuestError:
    """The process that ran the parser has ended; ``said`` tells how."""
    hint = "please report it, with what is said here"
    if exit_code is not None and exit_code < 0:
        hint = "casparian did not do it: the parser may have, or the system, for want of memory"
    said = f"the process that ran the parser {said}"
    return GuestError("crash", "RunLost", said, "parse", True, hint)
