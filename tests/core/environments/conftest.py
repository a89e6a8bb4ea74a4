"""A project and its home, and a uv that is listened to."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from casparian.core.environments import build
from casparian.core.programs import uv_program

from ...tiny_projects import Place, make_place


@pytest.fixture(scope="session")
def uv_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that knows this machine's Pythons after the first test."""
    return tmp_path_factory.mktemp("uv-cache")


@pytest.fixture
def place(tmp_path: Path, uv_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("UV_CACHE_DIR", str(uv_cache))
    return make_place(tmp_path)


@pytest.fixture
def uv_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What uv is called for from now on: the first word of each call, in order."""
    log = tmp_path / "calls"
    log.touch()
    monkeypatch.setattr(build, "uv_program", lambda: wrapper(tmp_path, f'echo "$1" >> {log}'))
    return lambda: log.read_text().split()


def wrapper(folder: Path, before: str, after: str = "") -> str:
    """A program that does something before it is uv, or after."""
    path = folder / "uv-in-between"
    uv = shlex.quote(uv_program())
    path.write_text(f'#!/bin/sh\n{before}\n{uv} "$@" || exit\n{after}\n')
    path.chmod(0o755)
    return str(path)
