"""A parser that does what its input says, run by forks of one warm guest."""

from __future__ import annotations

import textwrap
from contextlib import closing
from pathlib import Path

import pytest

from casparian.core.bridge import BridgeConfig, execute_bridge
from casparian.core.events import Batch, Log
from casparian.core.guest import GuestSpec
from casparian.core.logs import Callback
from casparian.core.warm import ImportsInFile, WarmGuests, in_folder

from ...guest_python import GUEST_PYTHON

DOES = """
import pyarrow
{imports}

def parse(path):
    found = []
    with open(path) as file:
        exec(compile(file.read(), path, "exec"), {{**globals(), "found": found}})
    return [{{"found": str(one)}} for one in found]
"""


class Told:
    """What became of one run."""

    def __init__(self, events: list, is_warm: bool) -> None:
        self.result = events[-1].result
        self.error = self.result.error
        self.is_warm = is_warm
        self.found = [
            row["found"]
            for event in events
            if isinstance(event, Batch)
            for row in event.table.to_pylist()
        ]
        self.lines = [event.message for event in events if isinstance(event, Log)]


class Bench:
    """A folder with a parser, and warm guests for it."""

    def __init__(
        self, folder: Path, imports: str = "", *, python: Path = GUEST_PYTHON, **options
    ) -> None:
        self.folder, self.python = folder, python
        self.parser = folder / "parser.py"
        self.parser.write_text(DOES.format(imports=imports))
        self.warm = self.guests(**options)

    def guests(self, **options) -> WarmGuests:
        options.setdefault("patience", 60)
        return WarmGuests(ImportsInFile(lambda spec: in_folder(self.folder, spec)), **options)

    def start(self, spec: GuestSpec):
        guest = self.warm.start(spec)
        self.was_warm = guest.is_warm
        return guest

    def run(self, code: str, **options) -> Told:
        path = self.folder / "input"
        path.write_text(textwrap.dedent(code))
        fields = GuestSpec.__dataclass_fields__
        given = {key: options.pop(key) for key in list(options) if key in fields}
        given.setdefault("parser_path", None if "archive" in given else self.parser)
        given.setdefault("python", self.python)
        spec = GuestSpec(input_path=path, **given)
        config = BridgeConfig(spec, Callback(lambda _: None), source=self, **options)
        with closing(execute_bridge(config)) as events:
            return Told(list(events), self.was_warm)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One for many tests: nothing that a run does is seen by another."""
    bench = Bench(tmp_path_factory.mktemp("warm"))
    yield bench
    bench.warm.close()


@pytest.fixture
def make_bench(tmp_path):
    """One of a test's own."""
    made = []

    def make(imports: str = "", **options) -> Bench:
        made.append(Bench(tmp_path, imports, **options))
        return made[-1]

    yield make
    for bench in made:
        bench.warm.close()
