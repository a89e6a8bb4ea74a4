"""What a run is told to have loaded, and what ends with it."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING

import pytest

from casparian.shim import loaded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A parser's folder with siblings ``cf_one`` and ``cf_two``; what is loaded here was ahead."""
    for name in ("cf_one", "cf_two"):
        (tmp_path / f"{name}.py").write_text("LEFT = 1")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(loaded, "_ahead", {})
    sys.modules.pop("this", None)
    loaded.note_loaded()
    yield tmp_path
    for name in ("cf_one", "cf_two", "this"):
        sys.modules.pop(name, None)


def test_a_later_run_tells_what_it_loads_beside_what_was_there(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = str(folder / "parser.py")
    importlib.import_module("cf_one")
    for _ in range(2):
        assert loaded.report(parser) == {"files": ["cf_one.py"], "installed": []}
    importlib.import_module("this")  # of the standard library
    assert loaded.report(parser) == {"files": ["cf_one.py"], "installed": ["this"]}
    # One that goes and another that comes are as many as before.
    del sys.modules["cf_one"]
    importlib.import_module("cf_two")
    assert loaded.report(parser) == {"files": ["cf_two.py"], "installed": ["this"]}
    sys.modules["cf_two"].__file__ = str(folder / "cf_one.py")
    sys.modules["cf_two"] = importlib.import_module("cf_one")
    assert loaded.report(parser)["files"] == ["cf_one.py"]
    assert loaded.report("/elsewhere/parser.py")["files"] == []
    assert "Zen" in capsys.readouterr().out


def test_what_modules_of_the_parser_hold_is_let_go_of_and_of_no_others(folder: Path) -> None:
    one = importlib.import_module("cf_one")
    loaded.report(str(folder / "parser.py"))
    loaded.forget(str(folder))
    assert "cf_one" not in sys.modules
    assert not hasattr(one, "LEFT")
    assert hasattr(sys, "modules")
