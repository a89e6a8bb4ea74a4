"""A parser's environment: found in a millisecond, or built by uv, once for all processes."""

from __future__ import annotations

import hashlib
import os
import re
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from casparian.core.environments.cache import EnvironmentCache, KnownProject
from casparian.core.environments.environment import (
    PYTHON,
    BrokenError,
    Environment,
    Marker,
    package_names,
    write_marker,
)
from casparian.core.environments.errors import EnvironmentFailedError, disk_failed, uv_failed
from casparian.core.environments.project import base_python, demands, read_project
from casparian.core.environments.pythons import Python, PythonError, about, try_out
from casparian.core.environments.uv import call_uv, shown, uv_environment
from casparian.core.programs import uv_program
from casparian.core.settings import home as default_home

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from casparian.core.environments.project import Demands, Project
    from casparian.core.programs import Answer

_SYNC: Final = ("sync", "--frozen", "--no-install-project", "--no-dev")
_EXPORT: Final = ("export", "--frozen", "--no-emit-project", "--no-dev")
_PYARROW: Final = re.compile(r"^pyarrow\s*(?:\[|===?|@)", re.M)
_FIND: Final = ("python", "find", "--system", "--no-config", "--no-python-downloads")


def prepare_environment(
    project: Path,
    *,
    parser: str,
    home: Path | None = None,
    offline: bool = False,
    on_line: Callable[[str], None] | None = None,
    check_lock: bool = False,
) -> Environment:
    """Return the environment that a project's lock describes; build it if it isn't there.

    Nothing is written into ``project``. If other processes build the same one, they are waited for.

    Args:
        project: a folder with ``pyproject.toml`` and ``uv.lock``.
        parser: what the parser is called in errors.
        home: where environments are kept; by default ``CASPARIAN_HOME``.
        offline: whether only what is in uv's cache may be used.
        on_line: is told what is being done, and what uv says.
        check_lock: whether ``uv.lock`` must be what ``uv lock`` would make of ``pyproject.toml``.
            Without a network or with another index that may not be known, so it is for the one
            time that a parser is registered.

    Raises:
        EnvironmentFailedError: there is no such environment, with the reason.
    """
    cache = EnvironmentCache(home or default_home())
    preparation = _Preparation(
        cache, project.absolute(), parser, offline, on_line or (lambda _: None)
    )
    try:
        return preparation.run(check_lock=check_lock)
    except OSError as error:
        raise disk_failed(error, parser=parser, folder=cache.root) from error


@contextmanager
def held_environment(
    project: Path,
    *,
    parser: str,
    home: Path | None = None,
    offline: bool = False,
    on_line: Callable[[str], None] | None = None,
) -> Iterator[Environment]:
    """Do what `prepare_environment` does, and keep the environment from being pruned meanwhile.

    For those whose guests run in it. What is held is let go with the process, however it ends.
    """
    cache = EnvironmentCache(home or default_home())
    while True:
        found = prepare_environment(
            project, parser=parser, home=home, offline=offline, on_line=on_line
        )
        with cache.using(found.key):
            if found.python.exists():  # or else it was pruned a moment ago
                yield found
                return


class _Preparation:
    """One project on its way to its environment."""

    def __init__(
        self,
        cache: EnvironmentCache,
        folder: Path,
        parser: str,
        offline: bool,
        say: Callable[[str], None],
    ) -> None:
        self._cache = cache
        self._folder = folder
        self._parser = parser
        self._offline = offline
        self._say = say

    def run(self, *, check_lock: bool) -> Environment:
        project = read_project(self._folder, parser=self._parser)
        if check_lock:
            self._check_lock(project)
        key = self._cache.known(project.fingerprint)
        if key is not None and (found := self._find(key)) is not None:
            return found
        asked = demands(project, parser=self._parser)
        python = self._python(asked)
        key = _key(self._requirements(), asked, python)
        found = self._find(key) or self._build(key, python)
        self._cache.remember(KnownProject(project.fingerprint, project.lockfile_hash, key))
        return found

    def _find(self, key: str) -> Environment | None:
        try:
            return self._cache.find(key)
        except BrokenError:
            return None  # who builds it says so

    def _check_lock(self, project: Project) -> None:
        python = self._python(demands(project, parser=self._parser))
        words = ["lock", "--check"]
        answer = self._call([*words, "--python", str(python.path)])
        if answer.code != 0:
            outdated = "needs to be updated" in answer.error
            what = "its uv.lock is out of date" if outdated else "uv can't check its uv.lock"
            raise self._uv_failed(what, words, answer)

    def _requirements(self) -> str:
        """Return what is to be installed, with hashes; refuse what has no pyarrow."""
        words = [*_EXPORT, "--no-header", "--no-annotate"]
        text = self._uv(words, "its uv.lock can't be read").out
        if not _PYARROW.search(text):
            raise self._failed(
                f"{self._folder / 'uv.lock'} has no pyarrow among what the parser needs to run, "
                "and every parser needs it",
                "uv add pyarrow",
            )
        return text

    # --------------------------------------------------------------- which Python

    def _python(self, asked: Demands) -> Python:
        """Choose the Python that runs casparian if the project accepts it, else what uv finds."""
        own = base_python()
        answer = self._call([*_FIND, "--no-managed-python"], {"PATH": str(own.parent)})
        if answer.code != 0:
            answer = self._call([*_FIND])
        if answer.code != 0:
            self._say(f"getting a Python that is {asked.requires_python or 'accepted'}")
            request = [asked.requires_python] if asked.requires_python else []
            what = f"there is no Python that it accepts ({asked.requires_python or 'any'})"
            self._uv(["python", "install", "--no-bin", *request], what)
            answer = self._uv([*_FIND, "--managed-python"], what)
        path = Path(answer.out.strip().splitlines()[-1])
        try:
            return about(path)
        except PythonError as error:
            raise self._failed(
                f"the Python that uv finds for it, {path}, does not work: {error}",
                "mend it, or install another one: uv python install",
            ) from error

    # -------------------------------------------------------------------- building

    def _build(self, key: str, python: Python) -> Environment:
        def wait() -> None:
            self._say("waiting for another process that builds the same environment")

        with self._cache.building(key, wait):
            what = "its environment can't be built"
            try:
                found = self._cache.find(key)
                if found is not None:
                    return found
                self._say(f"building the environment {key} with Python {python.version}")
            except BrokenError as error:
                self._say(f"the environment {key} is broken ({error}): building it again")
                what = f"its environment is broken ({error}), and can't be built again"
            with self._cache.workshop(key) as place:
                self._install(place, python, what)
                write_marker(place, self._marker(key, place, python))
                self._cache.put(place, key)
            return self._just_built(key)

    def _just_built(self, key: str) -> Environment:
        problem = "it is gone"
        try:
            found = self._cache.find(key)
            if found is not None:
                return Environment(found.key, found.folder, found.python, built=True)
        except BrokenError as error:
            problem = str(error)
        raise self._failed(
            f"its environment was built, and is broken at once: {problem}",
            f"see who takes files out of {self._cache.root}",
        )

    def _install(self, place: Path, python: Python, what: str) -> None:
        # Relocatable, for it is built under another name than it will have.
        words = ["venv", "--relocatable", "--no-project", "--python", str(python.path), str(place)]
        self._uv(words, what)
        self._uv(
            [*_SYNC, "--python", str(python.path)],
            what,
            shown_words=list(_SYNC),
            more={"UV_PROJECT_ENVIRONMENT": str(place)},
            on_line=self._say,
        )

    def _marker(self, key: str, place: Path, python: Python) -> Marker:
        """Try an environment out; returns what it is."""
        try:
            interpreter, packages = try_out(place / PYTHON)
        except PythonError as error:
            raise self._failed(
                f"its environment was built, and can't import pyarrow: {error}",
                "see that pyarrow is needed on this platform too (uv add pyarrow), in a version "
                "that works here",
            ) from error
        names = package_names(place / packages)
        return Marker(key, python.version, interpreter, packages, names, time.time())

    # -------------------------------------------------------------------------- uv

    def _uv(
        self,
        words: list[str],
        what: str,
        *,
        shown_words: list[str] | None = None,
        more: Mapping[str, str] | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> Answer:
        """Call uv. Raises EnvironmentFailedError if it fails; ``what`` says what is not, then."""
        answer = self._call(words, more, on_line)
        if answer.code == 0:
            return answer
        raise self._uv_failed(what, shown_words or words, answer)

    def _uv_failed(self, what: str, words: list[str], answer: Answer) -> EnvironmentFailedError:
        return uv_failed(
            what,
            parser=self._parser,
            folder=self._folder,
            command=shown([*words, *self._offline_option]),
            exit_code=answer.code,
            said=answer.error,
            offline=self._offline or "UV_OFFLINE" in os.environ,
        )

    def _call(
        self,
        words: list[str],
        more: Mapping[str, str] | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> Answer:
        try:
            program = uv_program()
        except FileNotFoundError as error:
            raise self._failed(
                f"uv is not there, which builds environments: {error}",
                "install casparian again, or uv beside it: uv is a package like any other",
            ) from error
        environ = uv_environment(os.environ, **(more or {}))
        called = [program, *words, *self._offline_option]
        return call_uv(called, folder=self._folder, environ=environ, on_line=on_line)

    @property
    def _offline_option(self) -> list[str]:
        return ["--offline"] if self._offline else []

    def _failed(self, what: str, hint: str) -> EnvironmentFailedError:
        return EnvironmentFailedError(
            f"{self._parser}: {what}", parser=self._parser, folder=self._folder, hint=hint
        )


def _key(requirements: str, asked: Demands, python: Python) -> str:
    parts = (requirements, asked.installing, python.version, python.platform)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
