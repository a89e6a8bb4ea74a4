"""The guest's only entry point: runs one parser over one input and sends what it yields.

Run as a script by the parser's own Python. It must say something sensible under any Python that
can read it, so the checks at the top use no syntax younger than Python 3.6.
"""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    import socket
    import types
    from typing import Callable, NoReturn

_FOLDER = os.path.dirname(os.path.abspath(__file__))
_PACKAGE = "_casparian_shim"
_OLDEST = (3, 10)


def _adopt_modules() -> None:
    """Load the shim's modules under a private name, and leave ``sys.path`` as a script finds it.

    Only ``casparian_types`` is exposed. A child that multiprocessing spawns runs this file too, as
    ``__mp_main__``, and so finds ``casparian_types`` as well.
    """
    import importlib
    import types

    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or os.curdir) != _FOLDER]
    package = types.ModuleType(_PACKAGE)
    package.__path__ = [_FOLDER]
    sys.modules[_PACKAGE] = package
    sys.modules["casparian_types"] = importlib.import_module(_PACKAGE + ".casparian_types")


def _follow_parent() -> None:
    """Read the parser's modules as the process that spawned this one does."""
    fresh_source = _module("fresh_source")
    folder = os.environ.get(fresh_source.FOLDER_VARIABLE)
    if folder is not None:
        fresh_source.read_fresh(folder)


def _end_with_host(parent: int) -> None:
    """Die when the host dies (Linux); elsewhere the end of the socket says so."""
    if not parent or not sys.platform.startswith("linux"):
        return
    import ctypes
    import signal

    pr_set_pdeathsig = 1
    ctypes.CDLL(None, use_errno=True).prctl(pr_set_pdeathsig, signal.SIGKILL, 0, 0, 0)
    if os.getppid() == parent:
        return
    try:
        os.kill(parent, 0)  # another program, a wrapper of this Python, stands between
    except ProcessLookupError:
        os._exit(1)  # it died before the signal was asked for
    except PermissionError:
        pass


def _options() -> "argparse.Namespace":
    import argparse

    class Parser(argparse.ArgumentParser):
        def error(self, message: str) -> "NoReturn":
            self.print_usage(sys.stderr)
            self.exit(1, "bridge_shim: %s\n" % message)

    parser = Parser(prog="bridge_shim", description=__doc__.split("\n")[0])
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--warm-fd", type=int, metavar="N", help="load ahead, and fork for each run asked for there"
    )
    source.add_argument("--parser-path", metavar="FILE", help="the parser's file (dev)")
    source.add_argument(
        "--parser-archive",
        metavar="ZIP",
        help="the parser's bundle (prod): base64, @FILE, or - for standard input",
    )
    parser.add_argument(
        "--entrypoint", default="parser.py", help="the file in the bundle (default: %(default)s)"
    )
    parser.add_argument("--work-folder", metavar="DIR", help="where to unpack it")
    parser.add_argument("--input-path", metavar="FILE", help="the file to parse")
    parser.add_argument("--job-id", default="dev", help="names the run (default: %(default)s)")
    channel = parser.add_mutually_exclusive_group()
    channel.add_argument(
        "--socket-fd", type=int, metavar="N", help="an inherited, connected socket"
    )
    channel.add_argument("--socket-path", metavar="PATH", help="a Unix socket to connect to")
    parser.add_argument("--parent-pid", type=int, default=0, help="end when this process has")
    parser.add_argument("--load-only", action="store_true", help="say hello, and end")
    parser.add_argument("--terminal", action="store_true", help="stdio is the person's terminal")
    parser.add_argument(
        "--limit", action="append", default=[], metavar="NAME=N", help="of a resource: AS, CPU, …"
    )
    parser.add_argument("--first-rows", type=int, metavar="N", help="stop the parser after them")
    parser.add_argument("--interrupt-fd", type=int, metavar="N", help="where Ctrl-C is told")
    parser.set_defaults(socket=None)
    options = parser.parse_args()
    if options.warm_fd is not None:
        return options
    if options.input_path is None:
        parser.error("the following arguments are required: --input-path")
    if options.socket_fd is None and options.socket_path is None:
        parser.error("one of the arguments --socket-fd --socket-path is required")
    if options.parser_archive is not None and (
        os.path.isabs(options.entrypoint) or ".." in options.entrypoint.split("/")
    ):
        parser.error("--entrypoint must be a file inside the archive")
    return options


def _limit_resources(limits: "list[str]") -> None:
    """Set hard limits, which neither the parser nor its children can raise (root can)."""
    import resource

    for limit in limits:
        name, _, value = limit.partition("=")
        kind = getattr(resource, "RLIMIT_" + name)
        soft, hard = int(value), resource.getrlimit(kind)[1]
        if hard != resource.RLIM_INFINITY:
            soft = min(soft, hard)
        # The processor's time ends with a signal that tells why; the hard limit only kills.
        resource.setrlimit(kind, (soft, soft + 5 if name == "CPU" else soft))


def _connect(options: "argparse.Namespace") -> "socket.socket":
    import socket

    given: "socket.socket | None" = options.socket
    if given is not None:
        return given
    if options.socket_fd is not None:
        os.set_inheritable(options.socket_fd, False)
        return socket.socket(fileno=options.socket_fd)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(options.socket_path)
    return connection


def _read_archive(source: str, folder: str) -> str:
    """Put the archive into ``folder`` as a file; returns its path."""
    if source.startswith("@"):
        return source[1:]
    import base64
    import shutil

    path = os.path.join(folder, "bundle.zip")
    with open(path, "wb") as file:
        if source == "-":
            shutil.copyfileobj(sys.stdin.buffer, file)
        else:
            try:
                file.write(base64.b64decode(source, validate=True))
            except ValueError as error:
                raise SystemExit(
                    "bridge_shim: --parser-archive is not base64: %s" % error
                ) from error
    return path


def _refuse_old_python(options: "argparse.Namespace") -> int:
    import struct

    text = "Python %d.%d is too old: a parser needs Python %d.%d or newer (%s)" % (
        sys.version_info[0],
        sys.version_info[1],
        _OLDEST[0],
        _OLDEST[1],
        sys.executable,
    )
    data = text.encode("utf-8", "backslashreplace")
    _connect(options).sendall(struct.pack(">II", 0xFFFFFFFF, len(data)) + data)
    return 1


def _module(name: str) -> "types.ModuleType":
    """One of the shim's modules."""
    known = sys.modules.get(_PACKAGE + "." + name)  # looked at first: each run asks for some
    if known is not None:
        return known
    import importlib

    return importlib.import_module(_PACKAGE + "." + name)


def _run(options: "argparse.Namespace", archive_folder: str) -> "tuple[int, Callable[[], None]]":
    """Run one parser; returns the exit code, and what passes on the last of its words."""
    wire, guest = _module("wire"), _module("guest")
    writer = wire.FrameWriter(_connect(options))
    if options.interrupt_fd is not None:
        terminal = _module("terminal")
        os.set_inheritable(options.interrupt_fd, False)
        terminal.report_interrupts(options.interrupt_fd)
    drain = guest.prepare_stdio(writer, on_terminal=options.terminal)
    parser_file = options.parser_path
    if options.parser_archive is not None:
        loader, failures = _module("loader"), _module("failures")
        folder = os.path.join(archive_folder, "bundle")
        try:
            with loader.unpacking():
                archive = _read_archive(options.parser_archive, archive_folder)
            loader.extract(archive, folder)
        except failures.GuestFailure as error:
            writer.metadata("error", **failures.describe(error, phase="load"))
            writer.error(str(error))
            return 1, drain
        parser_file = os.path.join(folder, *options.entrypoint.split("/"))
    # A parser may be run as a script would be: its own argv, and no trace of the shim's options.
    sys.argv[:] = [parser_file, options.input_path]
    run = guest.GuestRun(
        writer,
        parser_file=os.path.abspath(parser_file),
        input_path=os.path.abspath(options.input_path),
        job_id=options.job_id,
        on_terminal=options.terminal,
        first_rows=options.first_rows,
    )
    code: int = run.load_only() if options.load_only else run.run()
    drain()
    return code, drain


def _run_cold(options: "argparse.Namespace", archive_folder: str) -> int:
    code, drain = _run(options, archive_folder)
    _module("guest").end_soon(code, drain)
    return code


def _run_warm(control: int) -> None:
    """Be a warm guest; in each of its children, run what that was forked for."""
    child = _module("warm").serve(control)
    while True:
        child.begin()
        _limit_resources(child.options.limit)
        code, drain = _run(child.options, "")
        if not child.goes_on(code):
            break
    _module("guest").end_soon(code, drain)
    child.end(code)


def main() -> int:
    """Run one parser, or be what runs are forked from; returns the exit code."""
    options = _options()
    if sys.version_info < _OLDEST:
        return _refuse_old_python(options)
    _end_with_host(options.parent_pid)
    _limit_resources(options.limit)
    _adopt_modules()
    if options.warm_fd is not None:
        _run_warm(options.warm_fd)
    if options.parser_archive is None or options.work_folder is not None:
        return _run_cold(options, options.work_folder or "")
    import tempfile

    # The modules' files stay while the run lasts, and go with it.
    with tempfile.TemporaryDirectory(prefix="casparian-") as folder:
        return _run_cold(options, folder)


if __name__ == "__main__":
    sys.exit(main())
elif __name__ == "__mp_main__":
    _adopt_modules()
    _follow_parent()
