"""Makes the pictures of the README and the docs from what the real program shows.

.venv/bin/python docs/images/make.py
"""

import asyncio
import html
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text
from textual.pilot import Pilot

from casparian.app.tui.app import CasparianApp
from casparian.app.tui.dev.session_host import SessionHost
from casparian.app.tui.prod.jobs_table import JobsTable
from casparian.app.tui.prod.store_host import StoreHost
from casparian.core.dev_session.request import SessionRequest
from casparian.core.stores.jobs import JobFilter
from casparian.core.stores.store import open_store

ROOT = Path(__file__).resolve().parents[2]
COMMAND = "casparian run demo/parsers/sales demo/data/sales_2024_02.csv"
WIDTH = 110
#: Paths of the machine on which the pictures are made, and what is shown in their place.
SHOWN = {str(ROOT): "~/casparian"}
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
    for path, shown in SHOWN.items():
        text = text.replace(path, shown)
    inside = html.escape(text.strip()).replace("\xa0", "&#160;")
    place = f'x="{float(x) + left * width:g}" y="{y}" textLength="{len(text.strip()) * width:g}"'
    return f'<text class="{style}" {place} {rest}>{inside}</text>' if inside else ""


def main() -> None:
    """Write run.svg beside this file."""
    console = Console(record=True, width=WIDTH, file=StringIO(), force_terminal=True)
    console.print(Text.assemble(("$ ", "dim"), (COMMAND, "bold")))
    console.print(Text.from_ansi(output().rstrip()), overflow="fold")
    write("run.svg", console.export_svg(title="casparian", theme=THEME))
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(app_pictures(Path(folder)))


async def app_pictures(folder: Path) -> None:
    """Write dev.svg and prod.svg: the two panes of the terminal app, on the demo."""
    demo, home = folder / "demo", folder / ".casparian_flow"
    SHOWN[str(folder)] = "~"
    shutil.copytree(ROOT / "demo", demo, ignore=shutil.ignore_patterns("__pycache__"))
    os.environ["CASPARIAN_HOME"] = str(home)
    os.chdir(folder)
    for parser in ("sales", "events_parser.py", "fix_parser.py", "mcdata_parser.py"):
        casparian("parser", "register", demo / "parsers" / parser, "--python", sys.executable)
    store = home / "casparian.db"
    samples = tuple(sorted((demo / "data").glob("sales_*.csv")))
    session = SessionHost(SessionRequest(demo / "parsers/sales/parser.py", samples), str(store))
    app = CasparianApp(session, lambda: StoreHost(str(store), home))
    async with app.run_test(size=(124, 36)) as pilot:
        await until(pilot, lambda: app.screen.state.result is not None)
        await pilot.press("R")
        await until(pilot, lambda: len(app.screen.state.newest) == len(samples))
        await pilot.press("down")
        await until(pilot, lambda: app.screen.state.result.report.quarantine_total > 0)
        await pilot.press("2")
        await until(pilot, lambda: app.screen.tabs.quarantine.row is not None)
        write("dev.svg", app.export_screenshot(title="casparian tui"))
        with worker_at_work(demo / "data", store):
            await pilot.press("f2")
            await until(pilot, lambda: app.screen.query_one(JobsTable).job is not None)
            await until(pilot, lambda: is_in_the_middle(store))
            for _ in range(30):
                await pilot.press("down")
                await until(pilot, lambda: True)
                if app.screen.query_one(JobsTable).job.status == "failed":
                    break
            else:
                raise RuntimeError("no job has failed")
            # The pane looks once a second, and counts what was before it bit by bit.
            await until(pilot, lambda: is_in_the_middle(store), then=2.5)
            write("prod.svg", app.export_screenshot(title="casparian tui"))


def casparian(*words: object) -> None:
    """Run a command that must succeed."""
    command = [sys.executable, "-m", "casparian.app", *map(str, words)]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)


@contextmanager
def worker_at_work(data: Path, store: Path) -> Iterator[None]:
    """A queue of the demo's files, months of other years and two large ones, and who does them."""
    month = (data / "sales_2024_01.csv").read_text()
    header, *rows = month.splitlines(keepends=True)
    for number in range(18):
        when = f"{2022 + number // 12}-{number % 12 + 1:02d}"
        name = f"sales_{when.replace('-', '_')}.csv"
        (data / name).write_text(month.replace("2024-01", when))
    for year in (2020, 2021):
        many = "".join(rows).replace("2024", str(year)) * 600_000
        (data / f"sales_{year}_all.csv").write_text(header + many)
    casparian("enqueue", "mcdata", *sorted(data.glob("mcdata_*.log")))
    casparian("enqueue", "fix", *sorted(data.glob("fix_*.log")))
    casparian("enqueue", "events", *sorted(data.glob("events*.jsonl")))
    for names in ("sales_2022_*", "sales_2024_*", "sales_202[01]_all*", "sales_2023_*"):
        casparian("enqueue", "sales", *sorted(data.glob(names)))
    command = [sys.executable, "-m", "casparian.app", "worker", "--python", sys.executable]
    quiet = ["--concurrency", "2", "--quiet", "--store", str(store)]
    with subprocess.Popen([*command, *quiet], stderr=subprocess.DEVNULL) as worker:
        try:
            yield
        finally:
            for number in (signal.SIGTERM, signal.SIGTERM):  # the second is final
                worker.send_signal(number)


def is_in_the_middle(store: Path) -> bool:
    """Whether the large files are what is being done."""
    with open_store(store, read_only=True) as opened:
        found = opened.jobs.list(JobFilter(statuses=("running",))).jobs
    return len(found) == 2 and all(job.input_path.endswith("_all.csv") for job in found)


async def until(pilot: Pilot[None], condition: Callable[[], bool], then: float = 0.3) -> None:
    """Wait for what another thread or process does, then for it to be painted."""
    async with asyncio.timeout(60):
        while not condition():
            await pilot.pause(0.05)
    await pilot.pause(then)


def write(name: str, svg: str) -> None:
    """Write a picture beside this file. It brings no font along and asks no other host for one."""
    svg = re.sub(r"@font-face\s*\{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = svg.replace("Fira Code, monospace", FONTS)
    svg = TEXT.sub(tight, svg)
    target = Path(__file__).with_name(name)
    target.write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n", "utf-8")


if __name__ == "__main__":
    main()
