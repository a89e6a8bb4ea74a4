"""What ``casparian doctor`` looks at on this machine, whatever the parser."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import socket
import sys
import tempfile
import zoneinfo
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from casparian.core.errors import CasparianError
from casparian.core.programs import ask, uv_program
from casparian.core.settings import home, resolve
from casparian.core.version import VERSION

from .check import Check, size

if TYPE_CHECKING:
    from .check import Status

_OLDEST_PYARROW: Final = 20
_CODECS: Final = ("snappy", "zstd", "gzip", "lz4")
_ANSWER: Final = 5.0
"""Seconds that uv has to say its version."""
_LITTLE_SPACE: Final = 1 << 30
_NO_SPACE: Final = 64 << 20
_FEW_FILES: Final = 256
_NARROW: Final = 60
_ZONE: Final = "Europe/Berlin"


def check_casparian() -> Check:
    """Which casparian this is, and how it is installed."""
    import json
    from importlib import metadata

    where = Path(__file__).resolve().parents[2]
    try:
        distribution = metadata.distribution("casparian")
    except metadata.PackageNotFoundError:
        return Check("casparian", "ok", f"{VERSION} from {where}, not installed as a package")
    told = json.loads(distribution.read_text("direct_url.json") or "{}")
    how = "editable, " if told.get("dir_info", {}).get("editable") else ""
    if distribution.version != VERSION:
        return Check(
            "casparian",
            "warning",
            f"{VERSION} ({how}{where}), installed as {distribution.version}",
            "install it again: the metadata of another version is left",
        )
    return Check("casparian", "ok", f"{VERSION} ({how}{where})")


def check_python() -> Check:
    """The Python that runs casparian itself."""
    version = sys.version.split()[0]
    return Check("python", "ok", f"{version} at {sys.executable}")


def check_pyarrow() -> Check:
    """The host's Arrow: whether it can be imported, is new enough, and writes what is asked."""
    try:
        import pyarrow as pa
    except Exception as error:  # noqa: BLE001 - a broken native library raises what it likes
        return Check(
            "pyarrow",
            "problem",
            f"it can't be imported: {error}",
            f"uv pip install --python {sys.executable} --reinstall pyarrow",
        )
    version = str(pa.__version__)
    if int(version.partition(".")[0]) < _OLDEST_PYARROW:
        return Check(
            "pyarrow",
            "problem",
            f"{version} is too old",
            f"uv pip install --python {sys.executable} 'pyarrow>={_OLDEST_PYARROW}'",
        )
    missing = [codec for codec in _CODECS if not pa.Codec.is_available(codec)]
    if missing:
        return Check(
            "pyarrow",
            "warning",
            f"{version}, built without {', '.join(missing)}",
            "install a wheel of pyarrow, or name another compression",
        )
    return Check("pyarrow", "ok", f"{version} with {', '.join(_CODECS)}")


def check_uv() -> Check:
    """The uv that makes locks and environments."""
    again = f"{sys.executable} -m pip install --force-reinstall uv"
    try:
        program = uv_program()
    except FileNotFoundError as error:
        return Check("uv", "problem", f"it is not there: {error}", again)
    answer = ask([program, "--version"], within=_ANSWER)
    if answer.code != 0:
        return Check("uv", "problem", f"{program}: {answer.first_line}", again)
    return Check("uv", "ok", f"{answer.out.split()[1]} at {program}")


def check_home() -> Check:
    """``CASPARIAN_HOME``, which is made only when something is kept in it."""
    folder = home()
    if not folder.exists():
        above = next(p for p in folder.absolute().parents if p.exists())
        if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
            return Check(
                "home",
                "problem",
                f"{folder} is not there, and can't be made in {above}",
                "name a folder of yours: export CASPARIAN_HOME=…",
            )
        return Check("home", *_space(above, f"{folder}, made when it is needed"))
    if not folder.is_dir() or not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        what = "can't be written to" if folder.is_dir() else "is no folder"
        return Check(
            "home",
            "problem",
            f"{folder} {what}",
            f"chmod u+rwx {folder}, or export CASPARIAN_HOME=…",
        )
    return Check("home", *_space(folder, str(folder)))


def check_settings() -> Check:
    """Whether all settings can be read."""
    try:
        values = resolve()
    except CasparianError as error:
        return Check("settings", "problem", error.message, error.hint or "mend the file")
    given = [f"{key} from {v.source}" for key, v in values.items() if v.source != "default"]
    return Check("settings", "ok", "; ".join(given) or "all at their defaults")


def check_temporary() -> Check:
    """The folder for temporary files."""
    try:
        folder = Path(tempfile.gettempdir())
        with tempfile.TemporaryFile() as file:
            file.write(b"x")
            file.flush()
    except OSError as error:
        full = error.errno == errno.ENOSPC
        return Check(
            "temporary",
            "problem",
            f"no temporary file can be written: {error}",
            "make room there" if full else "export TMPDIR=… to a folder that can be written to",
        )
    given = os.environ.get("TMPDIR")
    if given and Path(given).absolute() != folder.absolute():
        return Check(
            "temporary",
            "warning",
            f"TMPDIR={given} can't be used; {folder} is",
            "make that folder, or unset TMPDIR",
        )
    return Check("temporary", *_space(folder, str(folder)))


def _space(folder: Path, what: str) -> tuple[Status, str, str]:
    free = shutil.disk_usage(folder).free
    found = f"{what}; {size(free)} free"
    if free < _NO_SPACE:
        return "problem", found, "make room on that disk"
    return (
        ("warning", found, "make room on that disk") if free < _LITTLE_SPACE else ("ok", found, "")
    )


def check_terminal() -> Check:
    """What reports are shown on."""
    encoding = (getattr(sys.stdout, "encoding", None) or "none").lower()
    kind = os.environ.get("TERM", "")
    if not sys.stdout.isatty():
        found = f"stdout is no terminal; {encoding}"
    else:
        columns, lines = shutil.get_terminal_size()
        colour = "no colour" if os.environ.get("NO_COLOR") or kind == "dumb" else "colour"
        found = f"{columns} x {lines}, TERM={kind or 'unset'}, {colour}, {encoding}"
        if columns < _NARROW:
            return Check("terminal", "warning", found, f"make it {_NARROW} columns wide or more")
        if not kind:
            return Check("terminal", "warning", found, "export TERM=xterm-256color")
    if encoding.replace("-", "") != "utf8":
        return Check("terminal", "warning", found, "export LC_ALL=C.UTF-8, or PYTHONUTF8=1")
    return Check("terminal", "ok", found)


def check_time_zones() -> Check:
    """The time zone data, which Arrow and Python read each for itself."""
    mend = "install the system's tzdata package, e.g. apt-get install tzdata"
    try:
        zoneinfo.ZoneInfo(_ZONE)
    except (zoneinfo.ZoneInfoNotFoundError, OSError) as error:
        return Check("time_zones", "problem", f"Python finds none: {error}", mend)
    try:
        import pyarrow as pa
        import pyarrow.compute as pc

        pc.assume_timezone(pa.scalar(datetime(2024, 1, 1)), _ZONE)  # noqa: DTZ001 - made zoned here
    except Exception as error:  # noqa: BLE001 - whatever Arrow raises, it is told
        return Check("time_zones", "problem", f"Arrow finds none: {error}", mend)
    return Check("time_zones", "ok", "read by Python and by Arrow")


def check_files() -> Check:
    """How many files may be open at once."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= _FEW_FILES:
        shown = "without limit" if soft == resource.RLIM_INFINITY else f"{soft:,}"
        return Check("open_files", "ok", shown)
    return Check("open_files", "warning", f"{soft:,} at most", f"ulimit -n {min(hard, 4096)}")


def check_sockets() -> Check:
    """Whether host and guest could be connected at all."""
    try:
        ours, theirs = socket.socketpair()
    except OSError as error:
        return Check(
            "sockets",
            "problem",
            f"no pair of AF_UNIX sockets: {error}",
            "allow AF_UNIX sockets where this runs (a sandbox, a seccomp profile)",
        )
    with ours, theirs:
        ours.sendall(b"x")
        theirs.recv(1)
    return Check("sockets", "ok", "AF_UNIX pairs work")
