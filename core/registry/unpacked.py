"""A bundle on the disk for a while, to be loaded and tried."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from casparian.core.bundles import extract
from casparian.core.bundles.kinds import LOCK, PROJECT
from casparian.core.declared import ParserUnusable, hello_of
from casparian.core.dev_runner import RunRequest, run_parser
from casparian.core.guest import GuestSpec
from casparian.core.interpreter import Interpreter
from casparian.core.logs import Callback
from casparian.core.registry.errors import NoRoomError
from casparian.core.temporary_folder import temporary_folder
from casparian.core.worker.guest_world import guest_environment, resource_limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from casparian.core.events import Event, Hello, Log
    from casparian.core.run_report import RunReport
    from casparian.core.settings import Value

#: Where a guest unpacks its bundle; see ``ColdGuests``.
_UNPACKED: Final = re.compile(r"[^\s\"'(]*/casparian-[0-9a-f]{16}/bundle/")


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a bundle is tried under: the same as in prod, as the settings say.

    ``timeout`` is in seconds; ``environment`` is all that the parser sees of this process's.
    """

    environment: Mapping[str, str]
    resource_limits: Mapping[str, int]
    timeout: float | None = None
    quarantine_threshold: float = 0.5
    max_quarantine_rows: int = 10_000


def conditions_of(settings: Mapping[str, Value]) -> Conditions:
    """Return what the settings say about parsers in prod mode."""
    values = {key: setting.value for key, setting in settings.items()}
    return Conditions(
        guest_environment(os.environ, values["pass_env"]),
        resource_limits(values),
        values["job_timeout"] or None,
        values["quarantine_threshold"],
        values["max_quarantine_rows"],
    )


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A bundle's archive as a file, its files in a folder, and its project's two in another."""

    archive: Path
    folder: Path
    project: Path
    entrypoint: str

    @property
    def parser(self) -> Path:
        """The parser's file."""
        return self.folder / self.entrypoint

    def hello(self, python: Path, conditions: Conditions, *, shown: str, source: Path) -> Hello:
        """Load it from its archive, as a worker does.

        Raises InterpreterError, and ParserUnusable, whose words name files of ``source``, the
        folder that the bundle was made of, for it is these that a person can mend.
        """
        spec = self._spec(python, Path(os.devnull), conditions, load_only=True)
        try:
            return hello_of(spec, shown=shown, reason="the parser's environment")
        except ParserUnusable as error:
            raise ParserUnusable(
                in_source(error.message, source),
                hint=in_source(error.hint, source),
                traceback=in_source(error.traceback, source),
            ) from error

    def run(
        self,
        python: Path,
        input_path: Path,
        conditions: Conditions,
        on_log: Callable[[Log], None],
        on_event: Callable[[Event], None] = lambda _: None,
    ) -> RunReport:
        """Run it on a file, and publish nothing. Raises InterpreterError, KeyboardInterrupt."""
        request = RunRequest(
            parser=self.parser,
            input_path=input_path,
            python=Interpreter(python, "the parser's environment"),
            output_dir=Path("output").absolute(),
            whatif=True,
            timeout=conditions.timeout,
            quarantine_threshold=conditions.quarantine_threshold,
            max_quarantine_rows=conditions.max_quarantine_rows,
            logs=Callback(on_log),
            guest=self._spec(python, input_path, conditions),
        )
        return run_parser(request, on_event)

    def _spec(
        self, python: Path, input_path: Path, conditions: Conditions, *, load_only: bool = False
    ) -> GuestSpec:
        return GuestSpec(
            python=python,
            input_path=input_path,
            archive=self.archive,
            entrypoint=self.entrypoint,
            load_only=load_only,
            env=conditions.environment,
            private=True,
            resource_limits=conditions.resource_limits,
        )


def in_source(text: str, source: Path) -> str:
    """Return a text with the files of an unpacked bundle named as those it was made of."""
    return _UNPACKED.sub(lambda _: f"{source}/", text)


@contextmanager
def unpacked(archive: bytes, entrypoint: str) -> Iterator[Unpacked]:
    """Unpack a bundle for as long as the context lasts. Raises BundleCorruptError, NoRoomError."""
    with temporary_folder() as place:
        file, folder, project = place / "bundle.zip", place / "bundle", place / "project"
        try:
            file.write_bytes(archive)
            extract(archive, folder)
            project.mkdir()
            for name in (PROJECT, LOCK):
                (project / name).write_bytes((folder / name).read_bytes())
        except OSError as error:
            raise NoRoomError(
                f"the bundle can't be unpacked in {place.parent}: {error.strerror}",
                hint="free some space there, or name another folder for temporary files: $TMPDIR",
            ) from error
        yield Unpacked(file, folder, project, entrypoint)
