"""What the tests of commands share."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from .queued import Queued


@pytest.fixture(autouse=True)
def commands_called_here_adopt_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep pytest's own process from becoming the parent of other tests' orphans."""
    for module in ("core.processes", "app.contract_infer", "app.new_command", "app.run_command"):
        named = importlib.import_module(f"casparian.{module}")
        monkeypatch.setattr(named, "become_subreaper", lambda: None)


@pytest.fixture
def queued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Queued]:
    """The store in the home of a folder of one's own, with the parser ``sales``."""
    monkeypatch.chdir(tmp_path)
    for variable in ("CASPARIAN_STORE", "CASPARIAN_OUTPUT"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("CASPARIAN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "120")
    with Queued(tmp_path / "home" / "casparian.db") as store:
        store.register()
        yield store
