"""``casparian run``: a parser over files, stateless (dev mode)."""

from __future__ import annotations

import math
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from casparian.core.dev_runner import RunRequest, run_parser
from casparian.core.errors import CasparianError
from casparian.core.foreground import is_interactive
from casparian.core.inputs import input_files, parser_file
from casparian.core.interpreter import choose_python
from casparian.core.logs import Callback, Terminal
from casparian.core.processes import become_subreaper
from casparian.core.settings import resolve

from .cli import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_USAGE, show_error

if TYPE_CHECKING:
    from types import FrameType
    from typing import NoReturn

    from casparian.core.run_report import RunReport

    from .run_display import Display

EXIT_COMPLETED = 0


def _finite(_: click.Context, __: click.Parameter, value: float | None) -> float | None:
    if value is not None and not math.isfinite(value):
        raise click.BadParameter("give a number of seconds")
    return value


@click.command("run")
@click.argument("parser", type=click.Path(path_type=Path), metavar="PARSER")
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT…")
@click.option(
    "--sink",
    metavar="URI",
    help="Where rows go: parquet://DIR (default ./output), csv://DIR, jsonl://DIR, sqlite://FILE.",
)
@click.option("--whatif", is_flag=True, help="Show what would be written where; write nothing.")
@click.option(
    "--python",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="The Python that runs the parser. Default: $VIRTUAL_ENV, the nearest .venv upward from "
    "the parser, its PEP 723 metadata, then the one that runs casparian.",
)
@click.option(
    "--contract",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="A contract.toml that is used in place of the parser's own contract.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    metavar="N",
    help="Stop after the first N rows. They are written under a name of their own, so a full "
    "output is never replaced by a part of one.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, and nothing else.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    callback=_finite,
    metavar="S",
    help="End a run that takes longer (seconds). breakpoint() is passed over then.",
)
@click.option(
    "--quarantine-threshold",
    metavar="SHARE",
    help="Fail an output if a larger share of its rows is bad (0 to 1; default 0.5).",
)
@click.option(
    "--max-quarantine-rows",
    metavar="N",
    help="Fail an output if more of its rows are bad (default 10000).",
)
def command(
    parser: Path,
    inputs: tuple[str, ...],
    sink: str | None,
    whatif: bool,
    python: Path | None,
    contract: Path | None,
    limit: int | None,
    as_json: bool,
    timeout: float | None,
    quarantine_threshold: str | None,
    max_quarantine_rows: str | None,
) -> int:
    """Run PARSER over each INPUT and write the rows it yields.

    PARSER is a Python file, or a folder with parser.py. INPUT is a file, a folder (the files in
    it) or a quoted glob. No database is opened, and the parser runs in your own Python: on a
    terminal, breakpoint() stops in pdb.

    Good rows go to the sink; rows that break the contract go to quarantine, with every reason.

    \b
    Examples:
      casparian run my_parser.py my_file.csv
      casparian run sales/ 'exports/*.csv' --sink csv://tables
      casparian run my_parser.py my_file.csv --whatif

    \b
    Exit codes: 0 completed, with or without quarantine; 1 failed; 2 usage; 130 interrupted.
    """
    try:
        file = parser_file(parser)
        files = input_files(inputs)
        settings = resolve(
            {
                "quarantine_threshold": quarantine_threshold,
                "max_quarantine_rows": max_quarantine_rows,
            }
        )
        interpreter = choose_python(file, python)
        if sink is not None:
            from casparian.core.sinks.uri import parse_sink

            parse_sink(sink, default_dir=Path("output"))  # a typo is told before anything runs
    except CasparianError as error:
        show_error(error)
        if as_json:
            _print_json(_refused(parser, error))
        return EXIT_USAGE
    # With --timeout the guest is captured: on a terminal the person's clock is the only one.
    interactive = not as_json and timeout is None and is_interactive()
    if not as_json:
        for passed in interpreter.passed_over:
            click.secho(f"passed over: {passed}", fg="yellow", err=True)
        click.secho(f"Python: {interpreter.path} ({interpreter.reason})", dim=True, err=True)
    become_subreaper()
    signal.signal(signal.SIGTERM, _terminated)
    signal.signal(signal.SIGHUP, _terminated)
    display: Display | None = None
    reports: list[RunReport] = []

    def shown() -> Display:
        # Made when the first guest is on its way: what it is drawn with takes time to import.
        nonlocal display
        if display is None:
            from .run_display import Display

            display = Display(inputs=len(files), as_json=as_json, interactive=interactive)
        return display

    for path in files:
        request = RunRequest(
            parser=file,
            input_path=path,
            python=interpreter,
            sink=sink,
            output_dir=Path("output").absolute(),
            contract=contract,
            whatif=whatif,
            limit=limit,
            timeout=timeout,
            quarantine_threshold=settings["quarantine_threshold"].value,
            max_quarantine_rows=settings["max_quarantine_rows"].value,
            logs=Terminal() if interactive else Callback(lambda line: shown().log(line)),
            terminal=interactive,
        )
        try:
            report = run_parser(request, lambda event: shown().event(event))
        except (KeyboardInterrupt, CasparianError) as stopped:
            shown().close()
            if isinstance(stopped, CasparianError):
                show_error(stopped)
                last, code = _refused(file, stopped), EXIT_FAILED
            else:
                click.echo("interrupted; nothing of this input was written", err=True)
                last = {**_no_run(file), "status": "interrupted", "error": None}
                code = EXIT_INTERRUPTED
            # What came before is done and written: it is told of as well.
            runs = [*(report.as_json() for report in reports), {**last, "input": str(path)}]
            if as_json:
                _print_json(runs[0] if len(files) == 1 else {"runs": runs})
            elif reports:
                shown().all_finished(reports)
            return code
        reports.append(report)
        shown().finished(report)
        if report.status == "interrupted":
            break
    shown().close()
    shown().all_finished(reports)
    statuses = {report.status for report in reports}
    if "interrupted" in statuses:
        return EXIT_INTERRUPTED
    return EXIT_FAILED if "failed" in statuses else EXIT_COMPLETED


def _refused(parser: Path, error: CasparianError) -> dict[str, Any]:
    """The JSON object of a run that never began: what it was given is not usable."""
    told: dict[str, Any] = {"kind": "usage", "type": type(error).__name__, "error_type": None}
    told |= {"message": error.message, "phase": "start", "retryable": False}
    return {**_no_run(parser), "error": {**told, "hint": error.hint, "traceback": []}}


def _no_run(parser: Path) -> dict[str, Any]:
    return {
        "status": "failed",
        "parser": {"name": parser.stem, "version": None, "path": str(parser)},
        "outputs": [],
        "quarantine": [],
        "quarantine_total": 0,
        "logs": [],
        "timings_ms": {},
    }


def _print_json(whole: dict[str, Any]) -> None:
    from .run_display import print_json

    print_json(whole)


def _terminated(number: int, _: FrameType | None) -> NoReturn:
    """End as by Ctrl-C: nothing half-written stays, and the guest ends."""
    raise SystemExit(128 + number)
