"""One warm guest, seen from its host: started ahead, asked for a fork per run, retired."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from casparian.core.bundles import BundleCorruptError
from casparian.core.guest import SHIM, Guest
from casparian.core.processes import MARK, Guardian, is_readable, keep, kill_group, no_longer_keep
from casparian.core.uninterrupted import uninterrupted
from casparian.core.warm.fork import Fork
from casparian.core.warm.imports import own_names
from casparian.core.warm.run_folders import RunFolders
from casparian.shim.control import Channel

if TYPE_CHECKING:
    from collections.abc import Callable

    from casparian.core.guest import GuestSpec

#: To fork takes milliseconds; a warm guest that takes longer is ill (seconds).
_FORK_S: Final = 10.0


class WarmGuestError(Exception):
    """A warm guest can't be used: it has ended, is stale, or can't load ``module`` ahead."""

    def __init__(self, why: str, *, module: str | None = None) -> None:
        super().__init__(why)
        self.why, self.module = why, module


class WarmGuest:
    """A process that loads ahead, and forks; it ends with its host.

    Args:
        spec: its Python, environment, and whether its runs have folders of their own.
        preload: modules to load ahead.
        watch: installed packages are looked at for changes at most every so many seconds;
            None: they don't change.

    Raises:
        OSError: its Python can't be started.
    """

    def __init__(self, spec: GuestSpec, preload: list[str], *, watch: float | None) -> None:
        self.preload = tuple(preload)
        self.used_at = time.monotonic()
        """When it was last asked for something (monotonic clock)."""
        self._mark = os.urandom(8).hex()
        self._own = sorted(own_names(spec))
        self._ready = False
        self._idle: Fork | None = None
        self._folders: RunFolders | None = None
        env = dict(os.environ if spec.env is None else spec.env)
        place = None
        if spec.archive is not None:
            place = Path(tempfile.gettempdir(), f"casparian-{self._mark}")
        ours, theirs = socket.socketpair()
        guardian: Guardian | None = None
        process: subprocess.Popen[bytes] | None = None
        try:
            # A guardian knows the folder's name before it is there, so that it goes in any case.
            guardian = Guardian(None, self._mark, place)
            if spec.archive is not None and place is not None:
                self._folders = RunFolders(place, spec.archive, private=spec.private)
                env |= self._folders.variables
            command = [str(spec.python), str(SHIM), "--warm-fd", str(theirs.fileno())]
            command += ["--parent-pid", str(os.getpid())]
            with tempfile.TemporaryFile() as words, uninterrupted():
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=words,
                    stderr=words,
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,
                    cwd=None if self._folders is None else self._folders.work,
                    env={**env, MARK: self._mark},
                )
                guardian.watch(process.pid)
        except BaseException:
            ours.close()
            if process is not None:
                kill_group(process.pid)
                process.wait()
            if self._folders is not None:
                self._folders.remove()
            if guardian is not None:
                guardian.dismiss()
            raise
        finally:
            theirs.close()
        self._process, self._guardian = process, guardian
        keep(process.pid)
        self._channel = Channel(ours)
        self._statm: int | None = None
        self._always = _always(spec, self._folders)
        self._say_what_to_load(spec, watch=watch)

    def _say_what_to_load(self, spec: GuestSpec, *, watch: float | None) -> None:
        folders = [] if self._folders is None else [str(path) for path in self._folders.private]
        # Only of a bundle does a run find what was there before it.
        bundle = None if self._folders is None else self._folders.bundle
        load = {
            "preload": self.preload,
            "own": self._own,
            "folders": folders,
            "watch": watch,
            "parser": None if bundle is None else str(bundle / spec.entrypoint),
        }
        try:
            self._channel.send(load)
        except ConnectionError:
            pass  # it has ended: seen when it is asked

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def is_ready(self) -> bool:
        """Whether it has loaded, or ended, so that it answers at once."""
        return self._ready or is_readable(self._channel.fileno())

    def await_ready(self, timeout: float) -> None:
        """Wait until it has loaded. Raises WarmGuestError if it can't, TimeoutError."""
        if self._ready:
            return
        told = self._channel.receive(timeout)
        if told is None:
            code = self._process.wait()
            raise WarmGuestError(f"it ended with code {code} while it loaded", module="")
        if told["is"] == "unfit":
            raise WarmGuestError(told["why"], module=told["module"])
        self._ready = True
        if self._folders is not None:
            self._folders.settle()

    def fork(self, spec: GuestSpec, *, runs: int = 1) -> Guest:
        """Start a guest for one run, or let one that has ended another run of its parser go on.

        Args:
            spec: what to run.
            runs: as many runs one fork may serve.

        Raises WarmGuestError: it is stale, or has ended, and is to be retired.
        """
        self.used_at = time.monotonic()
        if self._idle is not None:
            idle, self._idle = self._idle, None
            try:
                if self._folders is None or self._folders.has_bundle_as_unpacked():
                    return self._ask(spec, idle.go_on)
            except OSError:
                pass  # it died while it waited
            idle.discard()
        if self._folders is not None:
            try:
                self._folders.renew()
            except (OSError, BundleCorruptError) as error:
                raise WarmGuestError(f"its folders can't be made anew: {error}") from error
        return self._ask(spec, lambda request, given: self._fork(request, given, runs))

    def _ask(self, spec: GuestSpec, begin: Callable[[dict[str, Any], list[int]], Fork]) -> Guest:
        ours, theirs = socket.socketpair()
        out, err = os.pipe(), os.pipe()
        try:
            process = begin(self._request(spec), [theirs.fileno(), out[1], err[1]])
        except BaseException:
            ours.close()
            os.close(out[0])
            os.close(err[0])
            raise
        finally:
            theirs.close()
            os.close(out[1])
            os.close(err[1])
        release = partial(self._released, process)
        return Guest(process, ours, self._mark, release, out[0], err[0], is_warm=True)

    def _request(self, spec: GuestSpec) -> dict[str, Any]:
        return {
            **self._always,
            "input_path": str(spec.input_path),
            "job_id": spec.job_id,
            "load_only": spec.load_only,
            "first_rows": spec.first_rows,
            "limit": [f"{name}={value}" for name, value in spec.resource_limits.items()],
            # A bundle stays what it is; in a folder that is worked in, files come and go.
            "own": self._own if spec.archive is not None else sorted(own_names(spec)),
        }

    def _fork(self, request: dict[str, Any], given: list[int], runs: int) -> Fork:
        again = socket.socketpair() if runs > 1 else None
        try:
            if again is not None:
                given = [*given, again[1].fileno()]
            self._channel.send({**request, "runs": runs, "descriptors": len(given)}, given)
            answer = self._channel.receive(_FORK_S)
            if answer is None:
                raise WarmGuestError("it has ended")
            if answer["is"] == "stale":
                raise WarmGuestError(answer["why"])
        except BaseException as error:
            if again is not None:
                again[0].close()
            if isinstance(error, TimeoutError):
                raise WarmGuestError(f"it did not fork within {_FORK_S:g} s") from error
            if isinstance(error, ConnectionError):
                raise WarmGuestError("it has ended") from error
            raise
        finally:
            if again is not None:
                again[1].close()
        way = None if again is None else Channel(again[0])
        return Fork(answer["pid"], self._channel, self._process.kill, way)

    def _released(self, fork: Fork) -> None:
        """A run has ended."""
        if fork.is_idle:
            self._idle = fork
        if self._folders is not None:
            self._folders.empty()

    def memory(self) -> int:
        """Return the bytes of memory that it holds; 0 if it has ended."""
        try:
            if self._statm is None:
                self._statm = os.open(f"/proc/{self.pid}/statm", os.O_RDONLY)
            resident = int(os.pread(self._statm, 256, 0).split()[1])
        except OSError:
            return 0
        return resident * os.sysconf("SC_PAGE_SIZE")

    def retire(self) -> None:
        """End it. No run of it may be under way."""
        if self._idle is not None:
            self._idle.discard()
        kill_group(self.pid)
        self._process.wait()
        no_longer_keep(self.pid)
        self._channel.close()
        if self._statm is not None:
            os.close(self._statm)
        if self._folders is not None:
            self._folders.remove()
        self._guardian.dismiss()


def _always(spec: GuestSpec, folders: RunFolders | None) -> dict[str, Any]:
    """What is asked of a warm guest with each run of its parser."""
    parser, own_folder, work = spec.parser_path, None, None
    if folders is not None:
        parser = folders.bundle / spec.entrypoint
        own_folder, work = folders.bundle, folders.work
    assert parser is not None
    return {
        "do": "run",
        "parser_path": str(parser),
        "own_folder": str(own_folder or parser.parent),
        "folder": None if work is None else str(work),
    }
