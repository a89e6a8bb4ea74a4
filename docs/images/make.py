"""Makes run.svg, the picture of the README, from what the real command prints.

.venv/bin/python docs/images/make.py
"""

import html
import os
import re
import subprocess
import sys
import tempfile
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

ROOT = Path(__file__).resolve().parents[2]
COMMAND = "casparian run demo/parsers/sales demo/data/sales_2024_02.csv"
WIDTH = 110
FONTS = "ui-monospace, SFMono-Regular, Menlo, 'DejaVu Sans Mono', Consolas, monospace"
#: A piece of text as rich writes it: where it begins, how long it is, and itself.
TEXT = re.compile(
    r'<text class="(\S+-r\d+)" x="([\d.]+)" y="([\d.]+)" textLength="([\d.]+)" ([^>]*)>'
    r"(.*?)</text>"
)
HUES = [(240, 113, 120), (140, 200, 120), (229, 192, 100), (110, 165, 240), (198, 140, 230)]
THEME = TerminalTheme(
    (22, 24, 29),
    (214, 217, 224),
    [(60, 64, 73), *HUES, (90, 195, 205), (214, 217, 224)],
    [(110, 115, 126), *HUES, (90, 195, 205), (255, 255, 255)],
)


def output() -> str:
    """What the command prints on a terminal of this width; the checkout is shown in the home."""
    environment = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "NO_COLOR")}
    environment |= {"FORCE_COLOR": "1", "COLUMNS": str(WIDTH), "TERM": "xterm-256color"}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "demo").symlink_to(ROOT / "demo")
        done = subprocess.run(
            [sys.executable, "-m", "casparian.app", *COMMAND.split()[1:]],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=True,
        )
    return done.stdout.replace(str(ROOT), "~/casparian")


def tight(found: re.Match[str]) -> str:
    """Take the spaces off both ends of a text, because some viewers do that without moving it."""
    style, x, y, length, rest, escaped = found.groups()
    text = html.unescape(escaped)
    width = float(length) / len(text)
    left = len(text) - len(text.lstrip())
    inside = html.escape(text.strip()).replace("\xa0", "&#160;")
    place = f'x="{float(x) + left * width:g}" y="{y}" textLength="{len(text.strip()) * width:g}"'
    return f'<text class="{style}" {place} {rest}>{inside}</text>' if inside else ""


def main() -> None:
    """Write run.svg beside this file."""
    console = Console(record=True, width=WIDTH, file=StringIO(), force_terminal=True)
    console.print(Text.assemble(("$ ", "dim"), (COMMAND, "bold")))
    console.print(Text.from_ansi(output().rstrip()), overflow="fold")
    svg = console.export_svg(title="casparian", theme=THEME)
    # The picture brings no font along and asks no other host for one.
    svg = re.sub(r"@font-face\s*\{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = svg.replace("Fira Code, monospace", FONTS)
    svg = TEXT.sub(tight, svg)
    target = Path(__file__).with_name("run.svg")
    target.write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n", "utf-8")


if __name__ == "__main__":
    main()
