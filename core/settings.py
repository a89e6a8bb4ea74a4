"""Settings, and where each value comes from.

The command line wins, then ``CASPARIAN_*`` in the environment, then ``casparian.toml`` in the
project (the current folder, or the nearest folder above that has one), then the one in
``CASPARIAN_HOME``, then the default.
"""

from __future__ import annotations

import difflib
import math
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .errors import CasparianError
from .processors import processors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

FILE: Final = "casparian.toml"


class SettingError(CasparianError):
    """A setting can't be read: the message says which, and where it stands."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its key in ``casparian.toml``, its default, and what it means.

    ``read`` takes text (from the environment) or a TOML value, and raises ValueError with what is
    expected.
    """

    key: str
    default: object
    read: Callable[[object], object]
    meaning: str
    at_home: str = ""
    """Its default is this name in CASPARIAN_HOME, if there is one here."""

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return f"CASPARIAN_{self.key.upper()}"

    @property
    def option(self) -> str:
        """Its option on the command line."""
        return f"--{self.key.replace('_', '-')}"


@dataclass(frozen=True, slots=True)
class Value:
    """A setting's value, and where it was found."""

    setting: Setting
    value: Any
    source: str


def _share(given: object) -> float:
    number = _number(given, "a share from 0 to 1, such as 0.05")
    if not 0 <= number <= 1:
        raise ValueError("a share from 0 to 1; 5 % is 0.05")
    return number


def _count(given: object) -> int:
    number = _number(given, "a whole number, 0 or more")
    if number < 0 or number != int(number):
        raise ValueError("a whole number, 0 or more")
    return int(number)


def _text(given: object) -> str:
    if not isinstance(given, str) or not given:
        raise ValueError("a text")
    return given


def _seconds(given: object) -> float:
    number = _number(given, "seconds, 0 or more")
    if number < 0:
        raise ValueError("seconds, 0 or more")
    return number


def _some_seconds(given: object) -> float:
    number = _seconds(given)
    if number == 0:
        raise ValueError("seconds, more than 0")
    return number


def _slots(given: object) -> int:
    number = _count(given)
    if number == 0:
        raise ValueError("a whole number, 1 or more")
    return number


def _flag(given: object) -> bool:
    if isinstance(given, bool):
        return given
    text = str(given).lower()
    if text in ("1", "true", "yes", "on"):
        return True
    if text in ("0", "false", "no", "off"):
        return False
    raise ValueError("true or false")


_UNITS: Final = {"": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}


def _bytes(given: object) -> int:
    expected = "bytes, such as 4GB or 500MB; 0: no limit"
    if isinstance(given, int) and not isinstance(given, bool) and given >= 0:
        return given
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?([kmgt]?b)?", str(given).lower())
    if found is None:
        raise ValueError(expected)
    return int(float(found[1]) * _UNITS[found[2] if found[2] not in (None, "b") else ""])


def _memory(given: object) -> int:
    size = _bytes(given)
    if 0 < size < 10**9:
        raise ValueError(
            "at least 1GB, for Arrow and numpy don't even start with less; 0: no limit"
        )
    return size


def _open_files(given: object) -> int:
    count = _count(given)
    if 0 < count < 64:
        raise ValueError("at least 64, for Python and its libraries open files, too; 0: no limit")
    return count


def _file_size(given: object) -> int:
    size = _bytes(given)
    if 0 < size < 10**6:
        raise ValueError("at least 1MB, for the parser itself is unpacked under it; 0: no limit")
    return size


def _bundle(given: object) -> int:
    size = _bytes(given)
    if not 0 < size <= 512 * 2**20:
        raise ValueError("bytes, such as 100MB, at most 512MiB")
    return size


def _names(given: object) -> tuple[str, ...]:
    names = given.replace(",", " ").split() if isinstance(given, str) else given
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise ValueError("names, such as 'TZ LC_ALL'")
    return tuple(names)


def _number(given: object, expected: str) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        raise ValueError(expected)
    try:
        number = float(given)
    except ValueError:
        raise ValueError(expected) from None
    if not math.isfinite(number):
        raise ValueError(expected)
    return number


SETTINGS: Final[dict[str, Setting]] = {
    setting.key: setting
    for setting in (
        Setting(
            "quarantine_threshold",
            0.5,
            _share,
            "an output fails when a larger share of its rows is bad",
        ),
        Setting(
            "max_quarantine_rows",
            10_000,
            _count,
            "an output fails when more of its rows are bad",
        ),
        Setting(
            "store",
            "",
            _text,
            "where prod mode keeps its jobs: a SQLite file, as a path or sqlite:///path",
            at_home="casparian.db",
        ),
        Setting(
            "output",
            "",
            _text,
            "where prod mode publishes: a folder, or sqlite:///path",
            at_home="outputs",
        ),
        # One more than there are processors: at times a job only waits for the disk.
        Setting("concurrency", processors() + 1, _slots, "jobs that a worker runs at once"),
        Setting(
            "heartbeat_interval",
            60.0,
            _some_seconds,
            "seconds between two heartbeats of a worker",
        ),
        Setting(
            "stale_after",
            300.0,
            _some_seconds,
            "seconds without a heartbeat after which a job is taken back",
        ),
        Setting("job_timeout", 3_600.0, _seconds, "seconds that a job may take; 0: no limit"),
        Setting(
            "drain_timeout",
            30.0,
            _seconds,
            "seconds that a worker which is asked to stop waits for its jobs",
        ),
        Setting("offline", False, _flag, "whether environments are built without a network"),
        Setting(
            "lineage",
            True,
            _flag,
            "whether published rows say which job, bundle and row they come from",
        ),
        Setting(
            "memory_limit",
            8 * 10**9,
            _memory,
            "address space of a parser in prod mode, in bytes; 0: no limit",
        ),
        Setting(
            "cpu_limit",
            0.0,
            _seconds,
            "seconds of processor time that a parser may use in prod mode; 0: no limit",
        ),
        Setting(
            "open_files_limit",
            1_024,
            _open_files,
            "files that a parser may hold open in prod mode; 0: no limit",
        ),
        Setting(
            "file_size_limit",
            0,
            _file_size,
            "bytes of the largest file that a parser may write in prod mode; 0: no limit",
        ),
        Setting(
            "warm_guests",
            4,
            _count,
            "parsers that each slot of a worker keeps loaded for their next job; 0: none",
        ),
        Setting(
            "warm_memory_limit",
            10**9,
            _bytes,
            "bytes of memory beyond which a parser's imports are not kept loaded; 0: no limit",
        ),
        Setting(
            "bundle_limit",
            64 * 10**6,
            _bundle,
            "bytes that the files of a registered parser may have together",
        ),
        Setting(
            "pass_env",
            (),
            _names,
            "variables of this environment that parsers may see in prod mode, besides the usual",
        ),
    )
}


def home(environ: Mapping[str, str] | None = None) -> Path:
    """Return ``CASPARIAN_HOME``, by default ``~/.casparian_flow``; it need not exist."""
    given = (os.environ if environ is None else environ).get("CASPARIAN_HOME", "")
    return Path(given) if given else Path.home() / ".casparian_flow"


def resolve(
    given: Mapping[str, object] | None = None,
    *,
    folder: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> dict[str, Value]:
    """Return every setting's value by its key.

    ``given`` holds what the command line said, None for what it didn't. Raises SettingError.
    """
    environ = os.environ if environ is None else environ
    files = [_read(path) for path in _files(folder or Path.cwd(), environ)]
    return {
        key: _resolve(setting, given or {}, environ, files) for key, setting in SETTINGS.items()
    }


def _resolve(
    setting: Setting,
    given: Mapping[str, object],
    environ: Mapping[str, str],
    files: list[tuple[Path, Mapping[str, object]]],
) -> Value:
    places: list[tuple[str, object]] = [(setting.option, given.get(setting.key))]
    places.append((f"${setting.variable}", environ.get(setting.variable) or None))
    places += [(str(path), content.get(setting.key)) for path, content in files]
    for source, found in places:
        if found is None:
            continue
        try:
            return Value(setting, setting.read(found), source)
        except ValueError as expected:
            raise SettingError(
                f"{source}: {setting.key} can't be {found!r}", hint=f"give {expected}"
            ) from expected
    default = str(home(environ) / setting.at_home) if setting.at_home else setting.default
    return Value(setting, default, "default")


def _files(folder: Path, environ: Mapping[str, str]) -> Iterator[Path]:
    project = next((p / FILE for p in (folder, *folder.parents) if (p / FILE).is_file()), None)
    if project is not None:
        yield project
    at_home = home(environ) / FILE
    if at_home != project and at_home.is_file():
        yield at_home


def _read(path: Path) -> tuple[Path, Mapping[str, object]]:
    import tomllib

    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise SettingError(f"{path}: it can't be read: {error}") from error
    for key in content:
        if key not in SETTINGS:
            near = difflib.get_close_matches(key, SETTINGS, n=1)
            meant = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(SETTINGS)}"
            raise SettingError(f"{path}: there is no setting {key!r}", hint=meant)
    return path, content
