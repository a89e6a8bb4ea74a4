"""Jobs and parsers as commands of the palette: ``job: open 17f3``, ``parser: pause sales``."""

from __future__ import annotations

import asyncio
import re
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from textual.screen import ModalScreen

from casparian.app.job_states import shown_state
from casparian.app.tui.palette import Command
from casparian.core.safe_text import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from casparian.app.tui.app import CasparianApp
    from casparian.app.tui.prod.pane import ProdScreen
    from casparian.core.stores.jobs import Job

#: A job's id is made of these; what is typed alone is taken for the beginning of one from so many
#: on, as ``job: open …`` says that it is one.
_NAMED: Final = re.compile(r"(?:(job)\s*:?\s*)?(?:(open)\s+)?([0-9a-f-]+)", re.IGNORECASE)
_LEAST: Final = 3
_SHOWN_ID: Final = 8


def beginning_of_id(query: str) -> str:
    """Return the beginning of a job's id that a query names; empty if it names none."""
    named = _NAMED.fullmatch(query.strip())
    if named is None:
        return ""
    job, verb, beginning = named.groups()
    return beginning.lower() if job or verb or len(beginning) >= _LEAST else ""


async def job_commands(app: CasparianApp, beginning: str) -> list[Command]:
    """Return what opens the jobs whose ids begin so: of those that the store has, if it is open."""
    pane = app.prod_pane()
    if pane is None:
        said = "go to the Prod pane, and look for it there"
        return [Command(f"job: open {beginning}", partial(_open, app, beginning), said)]
    jobs = await asyncio.to_thread(pane.host.jobs_named, beginning)
    if jobs is None:
        said = "the store can't be looked at now; it is opened as soon as it can"
        return [Command(f"job: open {beginning}", partial(_open, app, beginning), said)]
    return [
        Command(_title(job, len(beginning)), partial(_open, app, job.job_id), _help(job))
        for job in jobs
    ]


def _title(job: Job, least: int) -> str:
    return f"job: open {job.job_id[: max(_SHOWN_ID, least)]}"


def _help(job: Job) -> str:
    name = job.input_path.rpartition("/")[2]
    said = f"{shown_state(job.status, marks=True)} · {job.parser} {job.parser_version} · {name}"
    return one_line(said)


async def _open(app: CasparianApp, beginning: str) -> None:
    await app.switch_mode("prod")
    pane = app.prod_pane()
    assert pane is not None
    if isinstance(app.screen, ModalScreen):
        app.notify("answer first what is asked here", severity="warning", timeout=4)
    else:
        pane.open_job(beginning)


def parser_commands(pane: ProdScreen) -> Sequence[Command]:
    """Return what can be done to the parsers of the store: their jobs looked at, paused, resumed.

    As everywhere, what changes the store is not there where it is only looked at.
    """
    view = pane.state.view
    commands: list[Command] = []
    host: Any = pane.host
    for parser in () if view is None else view.parsers:
        name = parser.name
        commands.append(
            Command(
                f"parser: show the jobs of {name}",
                partial(pane.show_those, f"parser:{name}"),
                f"filter parser:{name}",
            )
        )
        if not host.read_only:
            paused = name in view.paused if view is not None else False
            verb = "resume" if paused else "pause"
            commands.append(
                Command(
                    f"parser: {verb} {name}",
                    partial(host.pause_parser, name, not paused),
                    "its jobs run again" if paused else "its jobs wait",
                )
            )
    return commands
