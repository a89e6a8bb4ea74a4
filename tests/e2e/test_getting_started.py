"""docs/getting-started.md: its commands, in their order, print what the page shows."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

from .conftest import CASPARIAN, Workplace, plain

PAGE = Path(__file__).parents[2] / "docs/getting-started.md"
BLOCK = re.compile(
    r"(?:^<!-- (?P<what>file|made): (?P<name>\S+) -->\n)?^```\w+\n(?P<body>.*?)^```$", re.M | re.S
)
PYTHON_NAME = re.compile(r"^# file: (\S+)\n")


def holds(shown: list[str], printed: str) -> bool:
    """Whether the lines are printed in their order; an ellipsis stands for anything."""
    parts = [re.escape(line).replace("…", ".*") for line in shown]
    return re.search("^" + "\n(?:.*\n)*?".join(parts) + "$", printed, re.M) is not None


def test_the_page_shows_what_happens(workplace: Workplace) -> None:
    text = PAGE.read_text("utf-8")
    commands = 0
    for block in BLOCK.finditer(text):
        body = block["body"]
        named = PYTHON_NAME.match(body)
        if block["what"] == "made":
            assert workplace.folder.joinpath(block["name"]).read_text() == body
        elif block["what"] == "file" or named:
            workplace.write(block["name"] or named[1], body)
        elif body.startswith("$ "):
            first, *shown = body.splitlines()
            done = subprocess.run(
                [str(CASPARIAN), *shlex.split(first)[2:]],
                cwd=workplace.folder,
                env=workplace.env(COLUMNS="80"),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=120,
            )
            assert done.returncode == 0, done.stderr
            printed = plain(done.stdout)
            shown = [line for line in shown if line.strip() not in ("", "…")]
            assert holds(shown, printed), printed
            commands += 1
    assert commands == 5
    parser = (workplace.folder / "count_parser.py").read_text()
    assert parser.startswith((workplace.folder / "count.py").read_text())
    block = re.search(r"^    class Parser:\n(?:(?:    .*)?\n)+", text, re.M)
    assert block is not None
    assert parser.endswith(re.sub("^    ", "", block[0], flags=re.M).strip() + "\n")
