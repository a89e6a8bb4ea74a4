"""``casparian tui``: the terminal app."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .cli import EXIT_FAILED
from .db_command import store_option

if TYPE_CHECKING:
    from .tui.prod.store_host import StoreHost


@click.command("tui")
@click.argument("parser", required=False, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--samples",
    multiple=True,
    metavar="PATH",
    type=click.Path(exists=True, path_type=Path),
    help="A file to try the parser on, or a folder of them; may be given several times.",
)
@click.option(
    "--python",
    type=click.Path(exists=True, path_type=Path),
    help="The interpreter, as for casparian run.",
)
@click.option("--prod", is_flag=True, help="Begin in the Prod pane: the queue.")
@store_option()
@click.option("--read-only", is_flag=True, help="Look at the queue, and change nothing of it.")
def command(
    parser: Path | None,
    samples: tuple[Path, ...],
    python: Path | None,
    prod: bool,
    store: str | None,
    read_only: bool,
) -> int:
    """Work on a parser, with its result beside the editor; and watch the queue.

    In the Dev pane every save runs the parser again, and shows the rows, the quarantined ones with
    their reasons, the log, the error and what changed. Nothing is written where `casparian run`
    writes. Without PARSER the last one is taken up again; o chooses another. F2 is the Prod pane:
    the jobs of the queue as they go on. ? shows every key.

    \b
    Examples:
      casparian tui demo/parsers/sales --samples demo/data/sales_2024_02.csv
      casparian tui --prod
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        click.echo("error: the terminal app needs a terminal\n  try: casparian run", err=True)
        return EXIT_FAILED
    from casparian.core.dev_session.remembered import recall, remember
    from casparian.core.dev_session.request import SessionRequest
    from casparian.core.inputs import parser_file
    from casparian.core.settings import home, resolve

    from .tui.app import CasparianApp
    from .tui.dev.session_host import SessionHost
    from .tui.keymap import own_keys

    settings = resolve({"store": store})
    keys = own_keys(home())
    known = recall()
    chosen = known.parser if parser is None else parser_file(parser).absolute()
    files = [file for given in samples for file in _files(given)]
    if not files and chosen is not None:
        files = [path for path in known.samples_of(chosen) if path.exists()]
    if chosen is not None and files:
        remember(chosen, tuple(files))
    request = SessionRequest(
        parser=chosen,
        samples=tuple(files),
        python=python,
        quarantine_threshold=settings["quarantine_threshold"].value,
        max_quarantine_rows=settings["max_quarantine_rows"].value,
    )
    store = str(settings["store"].value)

    def queue() -> StoreHost:
        from .tui.prod.store_host import StoreHost

        return StoreHost(store, home(), read_only=read_only)

    session = SessionHost(request, store)
    app = CasparianApp(session, queue, first="prod" if prod else "dev", keys=keys)
    app.run()
    return app.return_code or 0


def _files(given: Path) -> list[Path]:
    """Return a file, or the files directly in a folder that aren't hidden, absolute."""
    if given.is_dir():
        inside = sorted(path for path in given.iterdir() if path.is_file())
        return [path.absolute() for path in inside if not path.name.startswith(".")]
    return [given.absolute()]
