"""Why a job failed, as a class: what happens next, and who is to blame.

Classes come from the kind of an error, the type of an exception or a number of the system, never
from the words of a message.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from casparian.core.errors import SpillError
from casparian.core.sinks.errors import SinkError
from casparian.core.worker.memory import OomRisk
from casparian.core.worker.messages import JobFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from casparian.core.errors import CasparianError
    from casparian.core.events import GuestError

Retry = Literal["never", "later", "crash", "waits"]

_LESS_MEMORY: Final = "read the file in parts, or give parsers more: $CASPARIAN_MEMORY_LIMIT"
_MORE_SPACE: Final = (
    "free some space, where temporary files are, too; see $CASPARIAN_FILE_SIZE_LIMIT"
)
_MORE_PROCESSOR_TIME: Final = (
    "it has used all the processor time that it may have: allow more with $CASPARIAN_CPU_LIMIT"
)
_CLASS_OF_CAUSE: Final = {
    "memory": "memory_limit",
    "disk_full": "disk_full",
    "bundle_corrupt": "bundle_corrupt",
}
MORE_TIME: Final = "allow more with --job-timeout, or $CASPARIAN_JOB_TIMEOUT"
"""What to try when a job's time was up."""
#: Characters of a traceback that the store keeps.
_LONGEST_TEXT: Final = 8_000


@dataclass(frozen=True, slots=True)
class FailureClass:
    """What a class of failures leads to; ``retry`` says whether the job runs again.

    What ``waits`` is no failure of the job: the worker gives it back and leaves its parser alone
    for a while.

    ``blames_parser`` counts for the circuit breaker.
    """

    retry: Retry
    blames_parser: bool
    meaning: str


CLASSES: Final[dict[str, FailureClass]] = {
    "parser_error": FailureClass("never", True, "the parser raised an exception"),
    "transient_error": FailureClass(
        "later", False, "the parser says that trying again may help, or a connection failed"
    ),
    "contract_violation": FailureClass("never", True, "an output breaks its contract as a whole"),
    "protocol_error": FailureClass("never", True, "the guest sent what has no meaning"),
    "crash": FailureClass("crash", True, "the guest was killed by a signal, or ended too early"),
    "timeout": FailureClass("later", True, "the job took longer than it may"),
    "memory_limit": FailureClass("later", False, "there was not enough memory"),
    "disk_full": FailureClass("later", False, "a disk is full, or a quota or file-size limit met"),
    "sink_error": FailureClass("never", False, "the output root, or a file in it, is not usable"),
    "environment_error": FailureClass(
        "waits", False, "the parser's Python, or its bundle unpacked, can't be had"
    ),
    "network_error": FailureClass("waits", False, "uv could not reach a package index"),
    "output_missing": FailureClass("waits", False, "the output root is not there, or empty"),
    "log_unwritable": FailureClass("waits", False, "the job's log can't be written"),
    "bundle_corrupt": FailureClass("never", False, "the bundle is not what its hash says"),
    "input_missing": FailureClass("never", False, "the input can't be read"),
    "input_changed": FailureClass("later", False, "the input changed while it was read"),
    "input_replaced": FailureClass("never", False, "the input is not what was queued"),
    "superseded": FailureClass(
        "never", False, "a job that was queued later has published for the same input"
    ),
    "runner_died": FailureClass("crash", False, "the process that ran the job was killed"),
    "internal_error": FailureClass("never", False, "a fault of casparian itself"),
}
"""Every class of failure; ``cancelled``, ``poison`` and ``staging_lost`` are the store's own."""


def failed(
    error_class: str,
    message: str,
    *,
    hint: str = "",
    details: Mapping[str, Any] | None = None,
) -> JobFailed:
    """Return a failure of a class, with what follows from it."""
    found = CLASSES[error_class]
    if error_class == "disk_full":
        hint = hint or _MORE_SPACE
    return JobFailed(
        error_class,
        message,
        hint,
        permanent=found.retry == "never",
        crashed=found.retry == "crash",
        blames_parser=found.blames_parser,
        waits=found.retry == "waits",
        may_pass=error_class in ("network_error", "output_missing"),
        details=details or {},
    )


def failure_of(
    error: GuestError, *, broken: CasparianError | None, exit_code: int | None
) -> JobFailed:
    """Return the failure that a run's error is.

    Args:
        error: what the run ended with.
        broken: what went wrong on this side of the wire, if that is the reason.
        exit_code: the guest's; negative for a signal.
    """
    details = {
        "type": error.type,
        "phase": error.phase,
        "exit_code": exit_code,
        "error_type": error.error_type or None,
        "traceback": [dict(frame) for frame in error.traceback],
        "text": error.text[-_LONGEST_TEXT:],
    }
    return failed(
        _class_of(error, broken, exit_code),
        _sentence(error),
        hint=_hint_of(error, exit_code),
        details=details,
    )


def _hint_of(error: GuestError, exit_code: int | None) -> str:
    if error.kind == "crash" and exit_code == -signal.SIGXCPU:
        return _MORE_PROCESSOR_TIME
    return error.hint or (_LESS_MEMORY if error.cause == "memory" else "")


def _sentence(error: GuestError) -> str:
    """Say what a parser's exception was as Python does: ``'total'`` alone says nothing."""
    if error.kind != "parser" or error.message.startswith(error.type):
        return error.message
    return f"{error.type}: {error.message}"


def _class_of(error: GuestError, broken: CasparianError | None, exit_code: int | None) -> str:
    if isinstance(broken, SinkError):
        return "disk_full" if broken.retryable else "sink_error"
    if isinstance(broken, OomRisk):
        return "memory_limit"
    if isinstance(broken, SpillError):
        return "disk_full"
    if error.kind == "crash":
        return "timeout" if exit_code == -signal.SIGXCPU else "crash"
    if error.kind in ("timeout", "startup_timeout"):
        return "timeout"
    if error.kind == "contract":
        return "contract_violation"
    if error.kind == "environment":
        return "environment_error"
    if error.kind == "protocol":
        return "protocol_error" if broken is None else "internal_error"
    if error.cause:
        return _CLASS_OF_CAUSE[error.cause]
    return "transient_error" if error.retryable else "parser_error"
