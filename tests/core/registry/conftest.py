"""Parsers to be registered, without uv: the Python of the tests stands for their environments."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from casparian.core.contract_diff import ContractDiff
from casparian.core.registry import (
    Conditions,
    Known,
    Registrar,
    Registration,
    Rules,
    Surroundings,
    find_candidates,
)
from casparian.core.worker.guest_world import guest_environment

from ...guest_python import GUEST_PYTHON

LOCK = 'version = 1\n[[package]]\nname = "pyarrow"\nversion = "20.0.0"\n'
PROJECT = '[project]\nname = "sales"\nversion = "{version}"\n'
SOURCE = """
class Parser:
    name = "{name}"
    version = "{version}"
    topics = ["{name}", "all"]
    outputs = {outputs}

    def parse(self, ctx):
        yield [{{"a": line}} for line in ctx.input_path.read_text().splitlines()]
"""
Files = Mapping[str, str]


def source(version: str = "1.0.0", *, name: str = "sales", outputs: str = '{"a": "int64"}') -> str:
    return SOURCE.format(version=version, name=name, outputs=outputs)


@dataclass
class Registry:
    """A registry over a store of its own, and what it asked and said."""

    folder: Path
    url: Path
    accept: bool = False
    asked: list[ContractDiff] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def write(self, files: Files, *, folder: str = "sales", version: str = "1.0.0") -> Path:
        """Write a parser's folder: these files, and those that every parser has."""
        place = self.folder / folder
        every = {"uv.lock": LOCK, "pyproject.toml": PROJECT.format(version=version), **files}
        for name, text in every.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_text(textwrap.dedent(text))
        return place

    def register(self, path: Path, *, python: Path | None = None, **rules: Any) -> Registration:
        """Register the one parser of a path."""
        [candidate] = find_candidates(path).parsers
        with Known(str(self.url)) as known:
            return self.registrar(known, python=python, **rules).register(candidate)

    def registrar(self, known: Known, *, python: Path | None = None, **rules: Any) -> Registrar:
        def confirm(_: str, __: str, changes: ContractDiff) -> bool:
            self.asked.append(changes)
            return self.accept

        def python_of(_: Path, __: str) -> Path:
            return python or GUEST_PYTHON

        conditions = Conditions(guest_environment(os.environ, ()), {})
        around = Surroundings(python_of, conditions, confirm, self.said.append)
        return Registrar(known, Rules(**rules), around)

    def known(self) -> Known:
        return Known(str(self.url))


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path, tmp_path / "casparian.db")
