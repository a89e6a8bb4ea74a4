"""``casparian parser test``: a registered bundle over files, in its environment; nothing stays."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import click

from .cli import EXIT_FAILED
from .db_command import chosen_store, store_option
from .json_command import JsonCommand, json_option
from .parser_register import chosen_python, drive_guests, offline_option, python_option


@click.command("test", cls=JsonCommand)
@click.argument("parser", metavar="NAME[@VERSION]")
@click.argument("inputs", nargs=-1, required=True, metavar="FILE…")
@python_option()
@offline_option()
@store_option()
@json_option()
def test(
    parser: str,
    inputs: tuple[str, ...],
    python: Path | None,
    offline: bool,
    store: str | None,
    as_json: bool,
) -> int:
    """Run a registered parser over each FILE, as a worker would, and publish nothing.

    The report is that of `casparian run --whatif`: which rows would be written, which would be in
    quarantine, and why.

    \b
    Example:
      casparian parser test sales@1.0.0 exports/*.csv

    \b
    Exit codes: 0 every file would be done; 1 one failed; 2 usage; 130 interrupted.
    """
    from casparian.core.bundles import verify
    from casparian.core.inputs import input_files
    from casparian.core.registry import Known, conditions_of, find_registered, unpacked
    from casparian.core.settings import resolve

    from .run_display import Display

    settings = resolve({"offline": offline or None})
    files = input_files(inputs)
    with Known(chosen_store(store)) as known:
        found = find_registered(known.store, parser)
        assert known.store is not None
        archive = known.store.parsers.archive(found.source_hash) or b""
    verify(archive, found.source_hash)
    drive_guests()
    display = Display(inputs=len(files), as_json=as_json, interactive=False)
    reports = []
    try:
        with ExitStack() as held, unpacked(archive, found.entrypoint) as copy:
            offline = settings["offline"].value
            python_of = chosen_python(python, held, offline=offline, check_lock=False)
            interpreter = python_of(copy.project, f"{found.name} {found.version}")
            for path in files:
                report = copy.run(interpreter, path, conditions_of(settings), display.log)
                # Where it was unpacked means nothing any more.
                reports.append(replace(report, parser_path=Path(found.entrypoint)))
                display.finished(reports[-1])
    finally:
        display.close()
    display.all_finished(reports)
    return EXIT_FAILED if any(report.status == "failed" for report in reports) else 0
