"""A fork of a warm guest, as a guest's process: its parent, and nobody else, can wait for it."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any, Final

from casparian.core.processes import await_group, is_readable, keep, kill_group, no_longer_keep

if TYPE_CHECKING:
    from collections.abc import Callable

    from casparian.shim.control import Channel

#: To reap what has ended takes no time; a warm guest that needs longer is ill (seconds).
_REAP_S: Final = 10.0


class Fork:
    """See :class:`casparian.core.guest.GuestProcess`.

    Args:
        pid: its process id.
        parent: the way to the warm guest.
        kill_parent: ends the warm guest.
        again: the way to itself, if it may serve several runs.
    """

    def __init__(
        self, pid: int, parent: Channel, kill_parent: Callable[[], None], again: Channel | None
    ) -> None:
        self._pid = pid
        self._parent = parent
        self._kill_parent = kill_parent
        self._again = again
        self.is_idle = False
        """Whether it has ended a run well, and waits for another."""
        self._descriptor: int | None = None
        try:
            self._descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            pass  # the warm guest was killed, and the fork with it

    @property
    def pid(self) -> int:
        """Process id, and process group id."""
        return self._pid

    def go_on(self, request: dict[str, Any], descriptors: list[int]) -> Fork:
        """Have it do another run. Raises ConnectionError if it has ended."""
        assert self._again is not None
        self._leave_idleness()
        self._again.send(request, descriptors)
        return self

    @property
    def tells_of_exit(self) -> tuple[int, ...]:
        """See :class:`GuestProcess`."""
        if self._descriptor is None:
            return ()
        return (self._descriptor, *(() if self._again is None else (self._again.fileno(),)))

    def exited(self) -> bool:
        """Whether its run has ended."""
        if not self.is_idle and self._again is not None:
            self.is_idle = self._again.hears_idle()
        return self.is_idle or self._has_ended()

    def end(self) -> int:
        """Let it wait for another run, if it has said that it does; else kill what is left."""
        if self.is_idle and not self._has_ended():
            keep(self._pid)
            return 0
        return self.discard()

    def discard(self) -> int:
        """Kill what is left of it, whatever it does; returns its exit code."""
        self._leave_idleness()
        kill_group(self._pid)
        if self._descriptor is not None:
            try:
                signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)
            except ProcessLookupError:
                pass  # it was reaped, after the warm guest's end
            is_readable(self._descriptor, None)
            os.close(self._descriptor)
            self._descriptor = None
        if self._again is not None:
            self._again.close()
        code = self._reap()
        await_group(self._pid)
        return code

    def _leave_idleness(self) -> None:
        self.is_idle = False
        no_longer_keep(self._pid)

    def _has_ended(self) -> bool:
        return self._descriptor is None or is_readable(self._descriptor)

    def _reap(self) -> int:
        try:
            self._parent.send({"do": "reap", "pid": self._pid})
            answer = self._parent.receive(_REAP_S)
        except ConnectionError:
            answer = None
        except TimeoutError:
            self._kill_parent()  # somebody has stopped it: no run may wait for that
            answer = None
        if answer is not None:
            code: int = answer["code"]
            return code
        # The warm guest has gone, and left its child to this process, if to any known one.
        try:
            _, status = os.waitpid(self._pid, 0)
        except ChildProcessError:
            return -signal.SIGKILL
        return os.waitstatus_to_exitcode(status)
