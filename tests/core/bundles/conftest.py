"""Parser folders to be bundled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

Maker = Callable[..., Path]

PARSER = {
    "parser.py": "class Parser: ...\n",
    "pyproject.toml": '[project]\nname = "p"\nversion = "1"\n',
    "uv.lock": "version = 1\n",
}


@pytest.fixture
def make(tmp_path: Path) -> Maker:
    """Make a folder of these files, given by their names, besides those that every parser has."""

    def make(files: Mapping[str, str | bytes] | None = None, *, name: str = "sales") -> Path:
        folder = tmp_path / name
        for path, content in {**PARSER, **(files or {})}.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode() if isinstance(content, str) else content)
        return folder

    return make
