"""What end-to-end tests need: a folder of one's own, the real command, a real pseudo-terminal."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pexpect
import pytest

from .. import warm_commands
from ..guest_python import GUEST_ENVIRONMENT

CASPARIAN = Path(sys.executable).parent / "casparian"
#: Without an environment that is active, a parser runs in the Python that casparian has.
NONE_ACTIVE = {"VIRTUAL_ENV": ""}
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass
class Workplace:
    """A fresh folder with a parser and an input, and the command run in it."""

    folder: Path

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def env(self, **more: str) -> dict[str, str]:
        env = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONBREAKPOINT")}
        env["VIRTUAL_ENV"] = str(GUEST_ENVIRONMENT)
        return {**env, "COLUMNS": "120", "TERM": "xterm", "PYTHONUNBUFFERED": "", **more}

    def casparian(self, *arguments: object, **env: str) -> subprocess.CompletedProcess[str]:
        return warm_commands.run([*map(str, arguments)], cwd=self.folder, env=self.env(**env))

    def run(self, *arguments: object, **env: str) -> subprocess.CompletedProcess[str]:
        return self.casparian("run", *arguments, **env)

    def json(self, *arguments: object, code: int = 0, **env: str) -> dict[str, Any]:
        done = self.run(*arguments, "--json", **env)
        assert done.returncode == code, done.stderr + done.stdout
        report: dict[str, Any] = json.loads(done.stdout)
        return report

    def terminal(self, *arguments: object, **env: str) -> pexpect.spawn[str]:
        return pexpect.spawn(
            str(CASPARIAN),
            ["run", *map(str, arguments)],
            cwd=str(self.folder),
            env=self.env(**env),
            encoding="utf-8",
            timeout=30,
            dimensions=(40, 120),
        )

    def files(self) -> list[str]:
        """Every file there is, seen from the folder, byte code aside."""
        return sorted(
            str(p.relative_to(self.folder))
            for p in self.folder.rglob("*")
            if p.is_file() and "__pycache__" not in p.parts
        )


def plain(text: str) -> str:
    """A terminal's text without colours and carriage returns."""
    return _ANSI.sub("", text).replace("\r", "")


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    place = Workplace(tmp_path)
    place.write("people.csv", "name,age\nAda,36\nAlan,41\nGrace,Unknown\n")
    return place
