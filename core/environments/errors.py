"""Why a parser has no environment, in uv's own words, and what to try."""

from __future__ import annotations

import errno
import re
from typing import TYPE_CHECKING, Final

from casparian.core.errors import CasparianError

if TYPE_CHECKING:
    from pathlib import Path

_NOT_IN_CACHE: Final = re.compile(r"network (?:connectivity )?(?:is|was) disabled|offline", re.I)
_NETWORK: Final = re.compile(
    r"error sending request|dns error|failed to lookup address|error trying to connect"
    r"|connection (?:refused|reset|closed|aborted)|network is unreachable|timed? ?out"
    r"|request failed after \d+ retr|HTTP status server error|\b429 Too Many Requests",
    re.I,
)
_CERTIFICATE: Final = re.compile(r"certificate|UnknownIssuer", re.I)
_DISK_FULL: Final = re.compile(rf"No space left on device|os error {errno.ENOSPC}\b|quota exceeded")

_HINTS: Final = (
    (
        re.compile(
            r"failed to parse.*(?:uv\.lock|lockfile)|lockfile.*(?:unsupported|version)", re.I
        ),
        "make the lock again: take uv.lock away, then uv lock",
    ),
    (
        re.compile(r"needs to be updated", re.I),
        "pyproject.toml asks for something else than uv.lock has: uv lock",
    ),
    (
        re.compile(r"hash mismatch", re.I),
        "the index has another file than the one that was locked: uv lock, and register again",
    ),
    (
        re.compile(r"no interpreter found|no download found", re.I),
        "install a Python that requires-python in pyproject.toml accepts (uv python install …), "
        "or let it accept another one, then uv lock",
    ),
    (
        re.compile(r"wheel for the current platform|no wheels? with a matching", re.I),
        "uv.lock has no build of that package for this machine: choose another version of it, "
        "then uv lock",
    ),
    (
        re.compile(r"failed to build|build backend", re.I),
        "that package is built from its source, and its build says why it fails; a version that "
        "has a wheel for this machine needs no build",
    ),
)


class EnvironmentFailedError(CasparianError):
    """A parser's environment can't be had.

    Attributes:
        parser: whose it is, as the caller calls it.
        command: what was called, for a person to call it again; empty if nothing was.
        folder: where it was called, or what it was about.
        exit_code: of the command; None if there was none.
        uv_said: uv's own words, at most the last 8,000 characters of them.
        transient: whether it is the network's fault, so that another try may help.
        disk_full: whether there was no room for it.
    """

    def __init__(
        self,
        message: str,
        *,
        parser: str,
        folder: Path,
        hint: str = "",
        command: str = "",
        exit_code: int | None = None,
        uv_said: str = "",
        transient: bool = False,
        disk_full: bool = False,
    ) -> None:
        super().__init__(message, hint=hint)
        self.parser = parser
        self.folder = folder
        self.command = command
        self.exit_code = exit_code
        self.uv_said = uv_said
        self.transient = transient
        self.disk_full = disk_full


def uv_failed(
    what: str,
    *,
    parser: str,
    folder: Path,
    command: str,
    exit_code: int | None,
    said: str,
    offline: bool,
) -> EnvironmentFailedError:
    """Return the error that a failed call of uv is; ``what`` says what is not done now."""
    not_in_cache = offline and _NOT_IN_CACHE.search(said) is not None
    certificate = _CERTIFICATE.search(said) is not None
    network = not not_in_cache and _NETWORK.search(said) is not None
    disk_full = _DISK_FULL.search(said) is not None
    if not_in_cache:
        what += " offline"
        hint = (
            "offline, only what uv has in its cache can be installed: build it once with a "
            "network and without --offline (casparian env build …)"
        )
    elif disk_full:
        hint = "make room on the disk of CASPARIAN_HOME, or of uv's cache: casparian env prune"
    elif network and certificate:
        hint = "this machine doesn't trust the index's certificate: see uv's SSL_CERT_FILE"
    elif network:
        hint = (
            "see to the network, or to the index that uv is told to use; what is in uv's cache "
            "can be had with --offline"
        )
    else:
        found = (hint for pattern, hint in _HINTS if pattern.search(said))
        hint = next(found, f"call it yourself there: {command}; if it needs another lock: uv lock")
    ended = "can't be started" if exit_code is None else _ended(exit_code)
    words = "\n".join(f"    {line}" for line in said.splitlines()) or "    (nothing)"
    return EnvironmentFailedError(
        f"{parser}: {what}\n  `{command}` in {folder} {ended}; uv says:\n{words}",
        parser=parser,
        folder=folder,
        hint=hint,
        command=command,
        exit_code=exit_code,
        uv_said=said,
        transient=network and not certificate and not disk_full,
        disk_full=disk_full,
    )


def disk_failed(error: OSError, *, parser: str, folder: Path) -> EnvironmentFailedError:
    """Return the error that a place which can't be read or written is."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return EnvironmentFailedError(
        f"{parser}: its environment can't be kept: {error.filename or folder}: {error.strerror}",
        parser=parser,
        folder=folder,
        hint="make room there: casparian env prune"
        if full
        else "make the folder writable, or let CASPARIAN_HOME be another",
        disk_full=full,
    )


def _ended(code: int) -> str:
    return f"ended with exit code {code}" if code >= 0 else f"was ended by signal {-code}"
