"""Which Python runs a parser: the order of choice, and what is said about it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from casparian.core.interpreter import InterpreterError, choose_python


def _venv(folder: Path) -> Path:
    python = folder / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    return python


@pytest.fixture
def parser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    path = tmp_path / "project" / "deep" / "parser.py"
    path.parent.mkdir(parents=True)
    path.write_text("def parse(path): ...\n")
    return path


def test_an_explicit_python_wins(
    parser: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = _venv(tmp_path / "mine")
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "other"))
    _venv(tmp_path / "other")
    assert choose_python(parser, mine).path == mine
    assert choose_python(parser, tmp_path / "mine").path == mine
    assert choose_python(parser, mine).reason == "--python"


def test_an_explicit_python_that_is_not_there_is_an_error(parser: Path) -> None:
    with pytest.raises(InterpreterError, match="/nowhere"):
        choose_python(parser, Path("/nowhere/python"))


def test_virtual_env_comes_before_the_nearest_venv(
    parser: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    near = _venv(tmp_path / "project" / ".venv")
    assert choose_python(parser).path == near
    assert "nearest .venv" in choose_python(parser).reason
    nearer = _venv(parser.parent / ".venv")
    assert choose_python(parser).path == nearer
    active = _venv(tmp_path / "active")
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "active"))
    chosen = choose_python(parser)
    assert (chosen.path, chosen.reason) == (active, "$VIRTUAL_ENV")


def test_what_is_not_usable_is_passed_over_and_said(
    parser: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "gone"))
    (parser.parent / ".venv").mkdir()
    near = _venv(tmp_path / "project" / ".venv")
    chosen = choose_python(parser)
    assert chosen.path == near
    assert len(chosen.passed_over) == 2
    assert "gone" in chosen.passed_over[0]
    assert str(parser.parent / ".venv") in chosen.passed_over[1]


def test_without_any_it_is_the_python_that_runs_casparian(parser: Path) -> None:
    # No folder above a temporary one has a .venv on a sane machine; say so if one has.
    chosen = choose_python(parser)
    assert chosen.path == Path(sys.executable), chosen.reason


@pytest.mark.parametrize(
    ("header", "is_script"),
    [
        ("# /// script\n# dependencies = []\n# ///\n", True),
        ("# /// scripts\n# dependencies = []\n# ///\n", False),
        ("x = '# /// script'\n", False),
    ],
)
def test_inline_script_metadata_gets_an_environment_from_uv(
    parser: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, header: str, is_script: bool
) -> None:
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_PYTHON", sys.executable)
    monkeypatch.setenv("UV_OFFLINE", "1")
    parser.write_text(header + "def parse(path): ...\n")
    chosen = choose_python(parser)
    assert chosen.is_script is is_script
    assert (chosen.path == Path(sys.executable)) is not is_script
    assert chosen.path.exists()


def test_metadata_that_uv_refuses_is_an_error_with_uvs_own_words(
    parser: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")
    parser.write_text("# /// script\n# dependencies = ['no such name!']\n# ///\n")
    with pytest.raises(InterpreterError, match="exit code") as raised:
        choose_python(parser)
    assert "no such name!" in raised.value.message
