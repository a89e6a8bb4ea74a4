"""Where a guest comes from, and what the bridge holds of it: a process, a socket, two pipes."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from socket import socket as Socket  # noqa: N812 - a field is called socket
from typing import TYPE_CHECKING, Protocol

from .processes import MARK, Guardian, await_group, kill_group, sweep
from .uninterrupted import uninterrupted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: Run by path in the guest's own Python, where casparian need not be installed.
SHIM = Path(__file__).resolve().parent.parent / "shim" / "bridge_shim.py"


@dataclass(frozen=True, slots=True)
class GuestSpec:
    """What a guest is to run.

    Exactly one of ``parser_path`` and ``archive`` is given.
    """

    python: Path
    input_path: Path
    parser_path: Path | None = None
    archive: Path | None = None
    entrypoint: str = "parser.py"
    job_id: str = "dev"
    load_only: bool = False
    """Whether it only loads the parser and says hello."""
    first_rows: int | None = None
    """After so many rows, of all outputs together, the parser is stopped; None: it runs to its
    end."""
    terminal: bool = False
    """Whether the guest gets this process's own stdio, to be used by a person."""
    env: Mapping[str, str] | None = None
    """The guest's environment; this process's own if left out."""
    private: bool = False
    """Whether it gets a working folder, a home and a folder for temporary files of its own, which
    go when it ends. Only with an archive."""
    resource_limits: Mapping[str, int] = field(default_factory=dict)
    """Limits of its resources, named as in ``resource``: ``AS``, ``CPU``, ``NOFILE``, ``FSIZE``."""


class GuestProcess(Protocol):
    """A guest's process, which leads a group; whose child it is, is its own affair."""

    @property
    def pid(self) -> int:
        """Process id, and process group id."""
        ...

    @property
    def tells_of_exit(self) -> tuple[int, ...]:
        """Descriptors one of which can be read once it has ended; none: it is to be asked."""
        ...

    def exited(self) -> bool:
        """Whether it has ended; its id is not given to another before :meth:`end`."""
        ...

    def end(self) -> int:
        """Kill what is left of its group, and let go of its id.

        The group goes first, while the unreaped leader keeps its id from being given to others.

        Returns:
            The exit code; negative: the signal's number.
        """
        ...


class StartedProcess:
    """A process that was started here."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._descriptor: int | None = None
        try:
            self._descriptor = os.pidfd_open(process.pid)
        except (AttributeError, OSError):
            pass  # not Linux, or not allowed in this sandbox: the exit is seen a little later

    @property
    def pid(self) -> int:
        """See :class:`GuestProcess`."""
        return self._process.pid

    @property
    def tells_of_exit(self) -> tuple[int, ...]:
        """See :class:`GuestProcess`."""
        return () if self._descriptor is None else (self._descriptor,)

    def exited(self) -> bool:
        """See :class:`GuestProcess`."""
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self.pid, flags) is not None

    def end(self) -> int:
        """See :class:`GuestProcess`."""
        kill_group(self.pid)
        os.kill(self.pid, signal.SIGKILL)  # it may have left its group
        code = self._process.wait()
        await_group(self.pid)
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
        return code


@dataclass(slots=True)
class Guest:
    """A started guest, which leads a process group of its own."""

    process: GuestProcess
    socket: Socket
    mark: str
    release: Callable[[], None]
    """Called once all its processes have ended."""
    stdout: int | None = None
    """The reading end of the pipe that is its descriptor 1; None on a terminal."""
    stderr: int | None = None
    interrupts: Socket | None = None
    """Tells of each Ctrl-C; only on a terminal."""
    notices: tuple[str, ...] = ()
    """What is to be said of how it was started, in its log."""
    is_warm: bool = False
    """Whether it is the fork of a process that had the heavy imports done."""
    learn: Callable[[tuple[str, ...]], None] = lambda _: None
    """Told of the modules that it imported from its environment."""
    started: float = field(default_factory=time.monotonic)
    """When it was started, by the monotonic clock."""
    _exit_code: int | None = field(default=None)

    @property
    def pid(self) -> int:
        """Process id, and process group id."""
        return self.process.pid

    def exited(self) -> bool:
        """Whether the guest itself has ended; it stays a zombie until :meth:`end`."""
        return self._exit_code is not None or self.process.exited()

    def end(self) -> int:
        """Kill whatever of the guest still runs, and reap it.

        Returns:
            The exit code; negative: the signal's number.
        """
        if self._exit_code is None:
            self._exit_code = self.process.end()
            sweep(self.mark)
            self.release()
        return self._exit_code

    def close(self) -> None:
        """Close this side's descriptors."""
        self.socket.close()
        if self.interrupts is not None:
            self.interrupts.close()
        for fd in (self.stdout, self.stderr):
            if fd is not None:
                os.close(fd)
        self.stdout = self.stderr = None


class GuestSource(Protocol):
    """Where guests come from: a new interpreter, or a fork of a warm one."""

    def start(self, spec: GuestSpec) -> Guest:
        """Start a guest for one run.

        Raises:
            OSError: its Python can't be started.
        """
        ...


class StartedGuest:
    """A guest that was started ahead, for one run."""

    def __init__(self, guest: Guest) -> None:
        self._guest = guest

    def start(self, spec: GuestSpec) -> Guest:
        """Hand over the guest; see :meth:`GuestSource.start`."""
        return self._guest


class ColdGuests:
    """A new interpreter for every run."""

    def start(self, spec: GuestSpec) -> Guest:
        """See :meth:`GuestSource.start`."""
        ours, theirs = socket.socketpair()
        mark = os.urandom(8).hex()
        arguments = [str(spec.python), str(SHIM), *_source_arguments(spec)]
        arguments += ["--input-path", str(spec.input_path), "--job-id", spec.job_id]
        arguments += ["--socket-fd", str(theirs.fileno()), "--parent-pid", str(os.getpid())]
        if spec.load_only:
            arguments.append("--load-only")
        if spec.first_rows is not None:
            arguments += ["--first-rows", str(spec.first_rows)]
        for name, value in spec.resource_limits.items():
            arguments += ["--limit", f"{name}={value}"]
        env = dict(os.environ if spec.env is None else spec.env)
        cwd = None
        passed = [theirs.fileno()]
        folder = guardian = process = None
        interrupts = interrupts_theirs = None
        pipes: list[tuple[int, int]] = []
        try:
            if spec.archive is not None:
                # Its name is known before it is there, so that it goes whenever this is ended.
                folder = Path(tempfile.gettempdir(), f"casparian-{mark}")
            guardian = Guardian(None, mark, folder)
            if folder is not None:
                folder.mkdir(mode=0o700)
                arguments += ["--work-folder", str(folder)]
                if spec.private:
                    cwd = private_folders(folder, env)
            if spec.terminal:
                interrupts, interrupts_theirs = socket.socketpair()
                arguments += ["--terminal", "--interrupt-fd", str(interrupts_theirs.fileno())]
                passed.append(interrupts_theirs.fileno())
                stdin = stdout = stderr = None
            else:
                pipes = [os.pipe(), os.pipe()]
                stdin, stdout, stderr = subprocess.DEVNULL, pipes[0][1], pipes[1][1]
            with uninterrupted():
                process = subprocess.Popen(
                    arguments,
                    stdin=stdin,
                    stdout=stdout,
                    stderr=stderr,
                    pass_fds=passed,
                    process_group=0,
                    cwd=cwd,
                    env={**env, MARK: mark},
                )
                guardian.watch(process.pid)
        except BaseException:
            for end in (ours, interrupts):
                if end is not None:
                    end.close()
            for read, _ in pipes:
                os.close(read)
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)
            if process is not None:
                kill_group(process.pid)
                process.wait()
            if guardian is not None:
                guardian.dismiss()
            raise
        finally:
            theirs.close()
            if interrupts_theirs is not None:
                interrupts_theirs.close()
            for _, write in pipes:
                os.close(write)
        release = partial(_release, guardian, folder)
        guest = Guest(StartedProcess(process), ours, mark, release, interrupts=interrupts)
        if pipes:
            guest.stdout, guest.stderr = pipes[0][0], pipes[1][0]
        return guest


def _release(guardian: Guardian, folder: Path | None) -> None:
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)
    guardian.dismiss()


def private_folders(folder: Path, env: dict[str, str]) -> Path:
    """Make the folders that a guest has for itself; returns where it is to work."""
    for name, variables in (("work", ()), ("home", ("HOME",)), ("tmp", ("TMPDIR", "TMP", "TEMP"))):
        (folder / name).mkdir(mode=0o700)
        env |= dict.fromkeys(variables, str(folder / name))
    return folder / "work"


def _source_arguments(spec: GuestSpec) -> list[str]:
    if (spec.parser_path is None) == (spec.archive is None):
        raise ValueError("a guest runs either a parser's file or a bundle's archive")
    if spec.parser_path is not None:
        return ["--parser-path", str(spec.parser_path)]
    return ["--parser-archive", f"@{spec.archive}", "--entrypoint", spec.entrypoint]
