"""Loading ahead, in a warm guest, what parsers import from their environment.

Every run is a fork of this process, so nothing may be loaded that a fork can't stand, or that would
show in a run: what starts a thread, writes a line, leaves a file or changes the process is unfit.
"""

from __future__ import annotations

import decimal
import importlib
import locale
import logging
import os
import random
import signal
import sys
import threading
import time
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from . import chance
from .fresh_source import INSTALLED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: A name that the threads which numpy starts inherit.
_NUMPY_THREADS = "cf-numpy"
#: Threads that survive in good order when their process forks, by their names: Arrow's allocators
#: start their own anew, numpy's BLAS ends its own before a fork, polars' only tidies what is spilt.
_HARMLESS = frozenset(("jemalloc_bg_thd", _NUMPY_THREADS, "polars-ooc-clea"))
_PR_SET_NAME = 15
#: A forked child has this long to show that what was loaded works in it (seconds).
_SMOKE_S = 10.0


class UnfitError(Exception):
    """Something can't be loaded ahead: a module (empty: all of it together), and why."""

    def __init__(self, module: str, why: str) -> None:
        super().__init__(why)
        self.module, self.why = module, why


class _Noise(logging.Handler):
    """Notes that something was logged, or warned of, while a module was imported."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.heard = f"it logs when it is imported ({record.name})"

    def drawn(self, by: str) -> None:
        self.heard = f"it draws random bytes when it is imported (in {by})"

    def warned(self, message: Any, *_: Any, **__: Any) -> None:
        self.heard = f"it warns when it is imported ({message})"


def load(names: list[str], own: set[str], folders: list[str]) -> set[str]:
    """Import pyarrow, and then what is named.

    Args:
        names: modules, in the order in which a run imported them.
        own: what can be imported from the parser's folder: each run does so for itself.
        folders: those of which nothing is to be changed.

    Returns:
        The top-level names that a run would find loaded only here.

    Raises:
        UnfitError: something shows in this process. It can't be unloaded, so the process is spent.
    """
    with _listening() as noise:
        before = _state(folders)
        _load_arrow()
        from . import loader  # noqa: F401
        from .lean_arrow import defer_pandas

        _check("", noise, before, folders)
        usual = set(sys.modules)
        if "pandas" in names and "pandas" not in own:
            _load_one("pandas", noise, folders)
        defer_pandas()
        for module in ("frames", "slices", "convert", "pandas_columns", "archive"):
            importlib.import_module(f"{__package__}.{module}")
        importlib.import_module("zipfile")
        brought: dict[str, str] = {}
        for name in names:
            if name not in sys.modules and name.partition(".")[0] not in own:
                before_it = set(sys.modules)
                _load_one(name, noise, folders)
                brought |= dict.fromkeys(set(sys.modules) - before_it, name)
    _refuse_generators(brought)
    _smoke()
    return {name.partition(".")[0] for name in set(sys.modules) - usual}


def _load_arrow() -> None:
    name = _thread_name()
    _name_thread(_NUMPY_THREADS)
    try:
        importlib.import_module("numpy")
    except ImportError:
        pass
    finally:
        _name_thread(name)
    try:
        importlib.import_module("pyarrow.compute")
    except ImportError as error:
        raise UnfitError("", f"{sys.executable} has no usable pyarrow ({error})") from error


def files() -> list[str]:
    """The files of installed packages that this process has loaded; those may be changed."""
    standard = os.path.join(os.path.dirname(os.__file__), "")
    found = {
        file
        for module in list(sys.modules.values())
        if isinstance(file := getattr(module, "__file__", None), str)
        and (not file.startswith(standard) or INSTALLED.intersection(file.split(os.sep)))
    }
    return sorted(found)


def _load_one(name: str, noise: _Noise, folders: list[str]) -> None:
    before = _state(folders)
    try:
        importlib.import_module(name)
    except Exception as error:
        raise UnfitError(name, f"it can't be imported by itself ({error})") from error
    _check(name, noise, before, folders)


@contextmanager
def unchanged(folders: list[str]) -> Iterator[None]:
    """Raises UnfitError if what is done meanwhile shows in this process afterwards."""
    with _listening() as noise:
        before = _state(folders)
        yield
        _check("", noise, before, folders)


def _refuse_generators(brought: dict[str, str]) -> None:
    """Raises UnfitError for a generator of random numbers: each fork would draw the same from it.

    Args:
        brought: for each module that was loaded, the one of those asked for which brought it.
    """
    for generator in chance.generators():
        module = chance.owner(generator)
        why = f"it makes a generator of random numbers when it is imported (in {module})"
        raise UnfitError(brought.get(module or "", ""), why)


def _state(folders: list[str]) -> tuple[Any, ...]:
    """What an import must not change: a run that doesn't import it would see that."""
    # Private ones are a library's own affair: polars tells its allocator in that way.
    env = {name: value for name, value in os.environ.items() if not name.startswith("_")}
    files = [os.listdir(folder) for folder in folders]
    handlers = [signal.getsignal(number) for number in signal.valid_signals()]
    mask = os.umask(0o077)
    os.umask(mask)
    numbers = decimal.getcontext()
    return (
        env,
        os.getcwd(),
        files,
        handlers,
        sys.argv[:],
        sys.path[:],
        mask,
        locale.setlocale(locale.LC_ALL),
        (numbers.prec, numbers.rounding, dict(numbers.traps)),
        random.getstate(),
        _numpy_state(),
        _pandas_options(),
        (sys.excepthook, sys.displayhook, threading.excepthook),
        logging.root.manager.disable,
    )


def _numpy_state() -> Any:
    chance = sys.modules.get("numpy.random")
    return None if chance is None else chance.get_state()[1].tobytes()


def _pandas_options() -> Any:
    config = sys.modules.get("pandas._config.config")
    return None if config is None else repr(getattr(config, "_global_config", None))


_STATE = (
    "the environment variables",
    "the current folder",
    "files",
    "signal handlers",
    "sys.argv",
    "sys.path",
    "the umask",
    "the locale",
    "the decimal context",
    "the state of random numbers",
    "the state of numpy's random numbers",
    "pandas' options",
    "sys.excepthook, or its like,",
    "logging",
)


def _check(name: str, noise: _Noise, before: tuple[Any, ...], folders: list[str]) -> None:
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    if not noise.heard and os.fstat(1).st_size:
        noise.heard = "it prints when it is imported"
    if noise.heard:
        raise UnfitError(name, noise.heard)
    for what, old, new in zip(_STATE, before, _state(folders), strict=True):
        if old is not None and old != new:  # None: what has it was not loaded yet
            raise UnfitError(name, f"it changes {what} when it is imported")
    if threading.active_count() > 1:
        raise UnfitError(name, "it starts a thread when it is imported")
    strange = sorted(set(_threads()) - _HARMLESS)
    if strange:
        raise UnfitError(name, f"it starts a thread when it is imported ({', '.join(strange)})")


def _threads() -> Iterator[str]:
    me = str(threading.get_native_id())
    for task in os.listdir("/proc/self/task"):
        if task == me:
            continue
        try:
            with open(f"/proc/self/task/{task}/comm", encoding="utf-8", errors="replace") as file:
                yield file.read().strip()
        except OSError:
            continue  # it has just ended


def _thread_name() -> str:
    with open("/proc/self/comm", encoding="utf-8", errors="replace") as file:
        return file.read().strip()


def _name_thread(name: str) -> None:
    """Name this thread, and so those that it starts."""
    import ctypes

    ctypes.CDLL(None).prctl(_PR_SET_NAME, name.encode(), 0, 0, 0)


class _listening:  # noqa: N801 - a context manager
    """Hears what modules say while they are imported; nothing of it stays."""

    def __enter__(self) -> _Noise:
        self._noise = _Noise()
        root = logging.getLogger()
        self._before = (warnings.showwarning, root.level)
        root.addHandler(self._noise)
        root.setLevel(logging.INFO)
        warnings.showwarning = self._noise.warned
        self._drawing = chance.Drawing(self._noise.drawn)
        self._drawing.__enter__()
        return self._noise

    def __exit__(self, *_: object) -> None:
        self._drawing.__exit__()
        root = logging.getLogger()
        root.removeHandler(self._noise)
        warnings.showwarning, level = self._before
        root.setLevel(level)


def _smoke() -> None:
    """Fork a child that uses what was loaded. Raises UnfitError if it doesn't get through."""
    if not in_fork(_use):
        raise UnfitError("", "a forked child failed: what was loaded can't stand a fork")


def in_fork(call: Callable[[], object]) -> bool:
    """Call it in a fork of this process; returns whether it got through.

    Raises:
        UnfitError: the fork hung.
    """
    pid = os.fork()
    if not pid:
        code = 1
        try:
            call()
            code = 0
        finally:
            os._exit(code)
    deadline = time.monotonic() + _SMOKE_S
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            break
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            raise UnfitError("", f"a forked child hung for {_SMOKE_S:g} s")
        time.sleep(0.001)  # not a synchronisation: waiting with a limit has no call of its own here
    return not status


def _use() -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    table = pa.table({"a": list(range(1_000)), "b": ["x", "y"] * 500})
    if pc.sum(table["a"]).as_py() != 499_500 or table.combine_chunks().num_rows != 1_000:
        raise ValueError("wrong sum")
    users: dict[str, Callable[[Any], object]] = {
        "numpy": lambda numpy: numpy.dot(numpy.ones((100, 100)), numpy.ones((100, 100))),
        "pandas": lambda _: table.to_pandas().groupby("b").sum(),
        "polars": lambda polars: polars.from_arrow(table).lazy().select("a").collect(),
        "duckdb": lambda duckdb: duckdb.connect().execute("select 1").fetchall(),
    }
    for name, use in users.items():
        if name in sys.modules:
            use(sys.modules[name])
