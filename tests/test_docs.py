"""The documentation holds: its examples run, its commands exist, its links lead somewhere.

What is run: each ``$ casparian …`` of a ``console`` block, in a folder that holds the files which
the same page shows before it. A file is a block under ``<!-- file: NAME -->``, or a Python block
with a line ``# file: NAME``; a block under ``<!-- made: NAME -->`` is what a command before it has
written. The lines below a command are printed by it, in their order, on a terminal of 80 columns,
``…`` standing for anything. Below ``casparian run`` they are sentences of the report instead, but
for the pages for beginners.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, get_args

import click
import pytest

from casparian.app.cli import COMMANDS, casparian
from casparian.core.contract import parse_outputs
from casparian.core.contract.error_types import ErrorType, OutputErrorType
from casparian.core.validation import OutputValidator
from casparian.shim.frames import normalise

from . import warm_commands
from .guest_python import GUEST_ENVIRONMENT

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])
LITERAL = ("README.md", "getting-started.md")
"""Pages that show what a terminal shows, not what the report holds."""
DESCRIBED_IN = {
    "run": "run.md",
    "config": "quarantine.md",
    "contract": "contracts.md",
    "db": "store.md",
    "tui": "tui.md",
    "env": "environments.md",
    "parser": "registering.md",
    **dict.fromkeys(("worker", "start", "process"), "worker.md"),
    **dict.fromkeys(("enqueue", "process-job", "jobs", "job", "quarantine", "stats"), "queue.md"),
    **dict.fromkeys(("new", "scaffold", "doctor"), "getting-started.md"),
}

BLOCK = re.compile(
    r"(?:^<!-- (?P<what>file|made): (?P<name>\S+) -->\n)?"
    r"^```(?P<kind>\w*)\n(?P<body>.*?)^```$",
    re.M | re.S,
)
PYTHON_NAME = re.compile(r"^# file: (\S+)\n", re.M)
HEADLINE = re.compile(r"✓ ([\d,]+) rows? processed")
OUTPUT = re.compile(r"  (\w+)  ([\d,]+) rows?(?:, ([\d,]+) quarantined)?(?:  → .*)?")
LINK = re.compile(r"\]\(([^)\s]+)\)|<img[^>]* src=\"([^\"]+)\"")


class Shown(NamedTuple):
    """A command of a page, and the lines it shows below it."""

    words: list[str]
    claims: list[str]


def title(page: Path) -> str:
    return page.name


def commands_of(body: str) -> list[Shown]:
    found: list[Shown] = []
    for line in body.splitlines():
        if line.startswith("$ "):
            assert line.startswith("$ casparian "), line
            found.append(Shown(shlex.split(line)[2:], []))
        elif line.strip() not in ("", "…"):
            found[-1].claims.append(line)
    return found


def call(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    unwanted = re.compile("VIRTUAL_ENV|FORCE_COLOR|CASPARIAN_.*")
    environment = {k: v for k, v in os.environ.items() if not unwanted.fullmatch(k)}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    environment["VIRTUAL_ENV"] = str(GUEST_ENVIRONMENT)
    environment["COLUMNS"] = "80"
    environment["CASPARIAN_HOME"] = str(folder / "no-home")
    return warm_commands.run(words, cwd=folder, env=environment, timeout=110)


def report_of(words: list[str], folder: Path) -> tuple[dict[str, Any], int]:
    done = call([*words, "--json"], folder)
    assert done.stdout, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report, done.returncode


def texts(value: Any) -> list[str]:
    """All texts in a report."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [text for item in value for text in texts(item)] if isinstance(value, list) else []


def number(text: str | None) -> int:
    return int((text or "0").replace(",", ""))


def check(claims: list[str], report: dict[str, Any], code: int) -> list[str]:
    """Hold status and counts against the report; returns the other lines."""
    failed = any(line.startswith("✗") for line in claims)
    assert report["status"].startswith("failed" if failed else "completed"), report["error"]
    assert code == (1 if failed else 0)
    claimed, others = {}, []
    for line in claims:
        if headline := HEADLINE.match(line):
            outputs = report["outputs"]
            assert sum(o["rows"] + o["rows_quarantined"] for o in outputs) == number(headline[1])
        elif output := OUTPUT.fullmatch(line):
            claimed[output[1]] = (number(output[2]), number(output[3]))
        elif not line.startswith("✗"):
            others.append(line)
    if claimed:
        assert claimed == {o["name"]: (o["rows"], o["rows_quarantined"]) for o in report["outputs"]}
    return others


def check_sentences(lines: list[str], report: dict[str, Any]) -> None:
    for line in lines:
        wanted = line.strip().removeprefix("try: ")
        assert any(wanted in text for text in texts(report)), f"{line!r} is not in {report}"


def holds(lines: list[str], text: str) -> bool:
    """Whether the lines are there in their order; an ellipsis stands for anything."""
    expression = r"\n(?:.*\n)*?".join(re.escape(line).replace("…", ".*") for line in lines)
    return re.search(f"^{expression}$", text, re.M) is not None


def check_literally(claims: list[str], done: subprocess.CompletedProcess[str]) -> None:
    printed = "\n".join(line.rstrip() for line in (done.stdout + done.stderr).splitlines())
    assert holds(claims, printed), printed
    failed = any(line.startswith(("✗", "error:")) for line in claims)
    assert done.returncode == (1 if failed else 0), printed


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_examples_do_what_the_page_shows(page: Path, tmp_path: Path) -> None:
    for block in BLOCK.finditer(page.read_text("utf-8")):
        body = block["body"]
        named = PYTHON_NAME.search(body) if block["kind"] == "python" else None
        name = block["name"] or (named and named[1])
        if block["what"] == "made":
            made = (tmp_path / block["name"]).read_text("utf-8")
            lines = [line for line in body.splitlines() if line != "…"]
            assert holds(lines, made) if "…" in body else made == body, made
        elif name:
            (tmp_path / name).write_text(body, "utf-8")
            (tmp_path / name).chmod(0o755 if body.startswith("#!") else 0o644)
        if block["kind"] == "console":
            for words, claims in commands_of(body):
                if words[0] == "run" and page.name not in LITERAL:
                    report, code = report_of(words, tmp_path)
                    check_sentences(check(claims, report, code), report)
                else:
                    check_literally(claims, call(words, tmp_path))


def commands(page: Path) -> list[str]:
    """Every command line of casparian on a page: in code, fenced or indented, or within a line."""
    text = page.read_text("utf-8")
    lines = re.findall(r"^(?: {4}|\$ )(casparian .*)$", text, re.M)
    return lines + re.findall(r"`(casparian [^`\n]*)`", text)


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_commands_have_only_options_that_exist(page: Path) -> None:
    for line in commands(page):
        words = shlex.split(line, comments=True)[1:]
        command: click.Command = casparian
        while isinstance(command, click.Group) and words and not words[0].startswith("-"):
            inner = command.get_command(click.Context(command), words.pop(0))
            assert inner is not None, line
            command = inner
        known = {name for parameter in command.params for name in parameter.opts} | {"-h", "--help"}
        options = [word.partition("=")[0] for word in words if re.match("-{1,2}[a-z]", word, re.I)]
        assert known.issuperset(options), line


def test_every_reason_is_described() -> None:
    page = (ROOT / "docs/errors.md").read_text("utf-8")
    block = next(b for b in BLOCK.finditer(page) if "# file: reasons.py" in b["body"])
    module: dict[str, Any] = {}
    exec(block["body"], module)
    parser = module["Parser"]
    [output] = parse_outputs(parser.outputs, parser_name="reasons").outputs
    [frame] = normalise(next(parser().parse(None)), "reasons")
    rejected = OutputValidator(output).validate(frame.table, first_row=0).rejected
    met = {reason.error_type for row in rejected for reason in row.reasons}
    table = page.partition("| error type |")[2].partition("\n\n")[0]
    described = set(re.findall("`([a-z_]+)`", "".join(re.findall(r"^\|([^|]*)", table, re.M))))
    assert described == met == set(get_args(ErrorType))
    table = page.partition("## An output fails")[2].partition("|---|")[2].partition("\n\n")[0]
    assert set(re.findall("^\\| `([a-z_]+)`", table, re.M)) == set(get_args(OutputErrorType))


def below(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    """A command, or all of a group."""
    if not isinstance(command, click.Group):
        yield name, command
        return
    context = click.Context(command)
    for word in command.list_commands(context):
        inner = command.get_command(context, word)
        assert inner is not None
        yield from below(inner, f"{name} {word}")


def test_every_command_and_option_is_described() -> None:
    assert DESCRIBED_IN.keys() == COMMANDS.keys()
    for name, command in below(casparian, "casparian"):
        described = (ROOT / "docs" / DESCRIBED_IN[name.split()[1]]).read_text("utf-8")
        assert name in described
        for parameter in command.params:
            options = [option for option in parameter.opts if option.startswith("-")]
            assert not options or any(f"`{option}" in described for option in options), options


def keys_of(value: Any) -> set[str]:
    if isinstance(value, list):
        return {key for item in value for key in keys_of(item)}
    if not isinstance(value, dict):
        return set()
    return value.keys() | keys_of(list(value.values()))


def test_json_is_described_field_by_field(tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text(
        "def parse(path):\n    print()\n    return [{'a': 1}, {'a': 'x'}]\n"
    )
    (tmp_path / "p.contract.toml").write_text('[columns]\na = "int64"\n')
    report, _ = report_of(["run", "p.py", "p.py"], tmp_path)
    (tmp_path / "p.py").write_text("def parse(path):\n    raise OSError\n")
    failed, _ = report_of(["run", "p.py", "p.py"], tmp_path)
    described = (ROOT / "docs/run.md").read_text("utf-8")
    for key in keys_of([report, failed]):
        assert f"`{key}`" in described, key


def slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_links_lead_somewhere(page: Path) -> None:
    for found in LINK.finditer(page.read_text("utf-8")):
        target = found[1] or found[2]
        if target.startswith(("http://", "https://")):
            continue
        path, _, anchor = target.partition("#")
        place = page.parent / path if path else page
        assert place.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", place.read_text("utf-8"), re.M)
            assert anchor in {slug(heading) for heading in headings}, target


def test_the_modules_that_contributing_names_are_there() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    named = re.findall(r"`((?:app|core|shim|tests|docs|benchmarks)/[\w./]*|\w+\.py)`", page)
    modules = {
        path.name for part in ("app", "core", "shim") for path in (ROOT / part).rglob("*.py")
    }
    for name in named:
        assert (ROOT / name).exists() if "/" in name else name in modules, name


def test_pages_name_nothing_of_this_machine() -> None:
    for page in [*PAGES, *(ROOT / "docs/images").glob("*.svg")]:
        text = page.read_text("utf-8")
        assert str(ROOT) not in text, page
        assert page.suffix != ".svg" or not re.search(r"/(tmp|home|root|work)/", text), page
