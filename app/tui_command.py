"""``casparian tui``: the terminal app."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from casparian.core.errors import CasparianError

from .cli import EXIT_FAILED, EXIT_USAGE, show_error
from .db_command import store_option

if TYPE_CHECKING:
    from .tui.app import CasparianApp
    from .tui.prod.store_host import StoreHost


@click.command("tui")
@click.argument("parser", required=False, type=click.Path(path_type=Path))
@click.option(
    "--samples",
    multiple=True,
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="A file to try the parser on, or a folder of them; may be given several times. "
    "Without it: those of the last time, else what lies in the parser's folder `samples`.",
)
@click.option(
    "--python",
    type=click.Path(path_type=Path),
    help="The interpreter, as for casparian run.",
)
@click.option(
    "--cold", is_flag=True, help="Start Python anew for each run: slower; keep nothing loaded."
)
@click.option("--prod", is_flag=True, help="Begin in the Prod pane: the queue.")
@store_option()
@click.option(
    "--read-only",
    is_flag=True,
    help="Change nothing of the queue, and register nothing.",
)
@click.option(
    "--web",
    is_flag=True,
    help="Serve it to browsers of this machine, to look at the queue: it prints the address.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="N",
    help="Of --web. Without it: one that is free.",
)
@click.option(
    "--allow-actions",
    is_flag=True,
    help="Let whoever has the address of --web do all that can be done here, with the Dev pane.",
)
def command(
    parser: Path | None,
    samples: tuple[Path, ...],
    python: Path | None,
    cold: bool,
    prod: bool,
    store: str | None,
    read_only: bool,
    web: bool,
    port: int | None,
    allow_actions: bool,
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
      casparian tui --web
    """
    if not web and (port is not None or allow_actions):
        raise click.UsageError("--port and --allow-actions go with --web")
    if web and not allow_actions and (parser or samples or python or cold):
        raise click.UsageError(
            "--web only looks at the queue: a parser is worked on with --allow-actions"
        )
    if web:
        given = {
            "parser": None if parser is None else str(parser),
            "samples": [str(path) for path in samples],
            "python": None if python is None else str(python),
            "store": store,
            "cold": cold,
            "prod": prod,
            "read_only": read_only,
            "may_act": allow_actions,
        }
        return _serve(given, port or 0)
    from .tui.starting import nothing_collected

    with nothing_collected():
        try:
            app = app_for(parser, samples, python, store, cold=cold, prod=prod, read_only=read_only)
        except CasparianError as error:
            show_error(error)
            return EXIT_USAGE
        if not is_terminal():
            click.echo("error: the terminal app needs a terminal\n  try: casparian run", err=True)
            return EXIT_FAILED
        app.run()
    return app.return_code or 0


def is_terminal() -> bool:
    """Whether there is a terminal to draw on, and to hear keys from."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def _serve(given: dict[str, Any], port: int) -> int:
    from importlib.util import find_spec

    from casparian.core.settings import resolve

    if find_spec("textual_serve") is None or find_spec("aiohttp") is None:
        lacks = CasparianError(
            "--web needs textual-serve, which is not installed",
            hint="install casparian[web], such as by: uv tool install 'casparian[web]'",
        )
        show_error(lacks)
        return EXIT_USAGE
    from .tui.web.server import serve

    def ready(url: str) -> None:
        click.echo(f"{url}\n")
        acts = "can do all that you can" if given["may_act"] else "can look at the queue"
        click.echo(f"whoever has this address, on this machine, {acts}; Ctrl-C ends it")

    try:
        given["store"] = str(resolve({"store": given["store"]})["store"].value)
        if given["may_act"]:
            _check(given)
        serve(given, port=port, ready=ready)
    except CasparianError as error:
        show_error(error)
        return EXIT_USAGE
    except OSError as error:
        click.echo(f"error: port {port} can't be had: {error.strerror}", err=True)
        return EXIT_FAILED
    return 0


def _check(given: dict[str, Any]) -> None:
    """Raise what is wrong with a command line, before a browser is told."""
    from .tui.web.child import made

    made(given)


def app_for(
    parser: Path | None,
    samples: tuple[Path, ...],
    python: Path | None,
    store: str | None,
    *,
    cold: bool,
    prod: bool,
    read_only: bool,
) -> CasparianApp:
    """Return the app for what the command line says; what that names wrongly is told at once."""
    from casparian.core.dev_session.given import Samples, given_parser, given_samples, own_samples
    from casparian.core.dev_session.remembered import recall, remember
    from casparian.core.dev_session.request import SessionRequest
    from casparian.core.settings import home, resolve

    settings = resolve({"store": store})
    known = recall()
    chosen = known.parser if parser is None else given_parser(parser)
    given = given_samples(samples)
    taken = given
    if chosen is not None and not samples:
        last = tuple(path for path in known.samples_of(chosen) if path.exists())
        taken = Samples(last) if last else own_samples(chosen)
    if python is not None and chosen is not None:
        from casparian.core.interpreter import choose_python

        choose_python(chosen, python)  # if it isn't there
    notices = [known.notice] if known.notice else []
    notices += [f"{folder} holds too many files: the first are taken" for folder in taken.too_many]
    if chosen is not None and (parser is not None or given.paths):
        try:
            # What lies in its own folder is found anew each time: files may have come.
            remember(chosen, given.paths or known.samples_of(chosen))
        except OSError as error:
            notices.append(f"what is worked on can't be remembered: {error}")
    request = SessionRequest(
        parser=chosen,
        samples=taken.paths,
        python=python,
        is_cold=cold,
        quarantine_threshold=settings["quarantine_threshold"].value,
        max_quarantine_rows=settings["max_quarantine_rows"].value,
    )
    url = str(settings["store"].value)

    def queue() -> StoreHost:
        from .tui.prod.store_host import StoreHost

        return StoreHost(url, home(), read_only=read_only)

    from .tui.app import CasparianApp
    from .tui.dev.session_host import SessionHost
    from .tui.keymap import own_keys
    from .tui.sizes import Sizes

    return CasparianApp(
        SessionHost(request, url, read_only=read_only),
        queue,
        first="prod" if prod else "dev",
        keys=own_keys(home()),
        notices=notices,
        sizes=Sizes(home()),
    )
