"""What a parser that only turns a file into rows has no use for, by name, and what it can do."""

from __future__ import annotations

import difflib
from typing import Final

from casparian.core.errors import CasparianError

_NET: Final = "reaches the network"
_STARTS: Final = "starts other programs"
_FORKS: Final = "makes processes of its own"
_RUNS: Final = "runs code that is made at run time"
_LOADS: Final = "runs code that the data it reads may hold"
_IMPORTS: Final = "imports a module whose name is made at run time"
_NATIVE: Final = "calls native code"
_WAYS: Final = ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")

MODULES: Final[dict[str, str]] = {
    **dict.fromkeys(("socket", "socketserver", "ssl", "urllib.request", "http.client"), _NET),
    **dict.fromkeys(("http.server", "ftplib", "smtplib", "poplib", "imaplib", "nntplib"), _NET),
    **dict.fromkeys(("telnetlib", "xmlrpc", "webbrowser", "wsgiref", "asyncore"), _NET),
    **dict.fromkeys(("requests", "httpx", "aiohttp", "urllib3", "websockets", "pycurl"), _NET),
    **dict.fromkeys(("paramiko", "boto3", "botocore", "grpc", "zmq"), _NET),
    **dict.fromkeys(("subprocess", "pty", "pexpect", "asyncio.subprocess"), _STARTS),
    **dict.fromkeys(("multiprocessing", "concurrent.futures.process"), _FORKS),
    **dict.fromkeys(("ctypes", "cffi"), _NATIVE),
    "posix": "is os by another name",
    "runpy": _RUNS,
}
"""Modules of which nothing is harmless."""

FUNCTIONS: Final[dict[str, str]] = {
    **dict.fromkeys(("os.system", "os.popen", "os.startfile"), _STARTS),
    **dict.fromkeys((f"os.exec{kind}" for kind in _WAYS), _STARTS),
    **dict.fromkeys((f"os.spawn{kind}" for kind in _WAYS), _STARTS),
    **dict.fromkeys(("os.posix_spawn", "os.posix_spawnp"), _STARTS),
    **dict.fromkeys(("os.fork", "os.forkpty"), _FORKS),
    **dict.fromkeys(("os.kill", "os.killpg"), "ends other processes"),
    **dict.fromkeys(("asyncio.create_subprocess_exec", "asyncio.create_subprocess_shell"), _STARTS),
    **dict.fromkeys(("asyncio.open_connection", "asyncio.start_server"), _NET),
    "concurrent.futures.ProcessPoolExecutor": _FORKS,
    **dict.fromkeys(("builtins.eval", "builtins.exec", "builtins.compile"), _RUNS),
    **dict.fromkeys(("types.CodeType", "types.FunctionType"), _RUNS),
    **dict.fromkeys(("builtins.__import__", "importlib.import_module"), _IMPORTS),
    **dict.fromkeys(("pickle.load", "pickle.loads", "pickle.Unpickler", "shelve.open"), _LOADS),
    **dict.fromkeys(("marshal.load", "marshal.loads", "dill.load", "dill.loads"), _LOADS),
    **dict.fromkeys(("cloudpickle.load", "cloudpickle.loads", "joblib.load"), _LOADS),
    **dict.fromkeys(("pandas.read_pickle", "yaml.unsafe_load"), _LOADS),
}
"""Functions of modules that are harmless otherwise."""

GETATTR: Final = "getattr"
ROOTS: Final = frozenset({"os", "builtins", "importlib", "asyncio"})
"""Of these, ``getattr`` with a name that isn't a literal may give anything."""
UNREADABLE: Final = "unreadable"


def shown(name: str) -> str:
    """Return a function's name as people write it."""
    return name.removeprefix("builtins.")


class UnknownNameError(CasparianError):
    """``--allow`` names nothing that the gatekeeper looks for."""


def check_allowed(names: tuple[str, ...]) -> None:
    """See that each name is one that is looked for, or begins some. Raises UnknownNameError."""
    known = {*MODULES, *(shown(name) for name in FUNCTIONS), GETATTR, UNREADABLE}
    known |= {name.partition(".")[0] for name in known}
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            meant = f"did you mean {near[0]}? " if near else ""
            raise UnknownNameError(
                f"--allow {name}: the gatekeeper looks for nothing of that name",
                hint=f"{meant}name what it reports, such as subprocess or os.system",
            )


def is_allowed(name: str, allowed: tuple[str, ...]) -> bool:
    """Say whether what was found is one of these names, or part of one."""
    return any(name == one or name.startswith(f"{one}.") for one in allowed)
