"""Parsers that were worked on before, as commands of the palette: ``parser: open …``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from casparian.app.tui.palette import Command
from casparian.app.tui.widgets.plain_text import plain
from casparian.core.dev_session.remembered import recall
from casparian.core.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from casparian.app.tui.dev.host import DevHost


def parser_commands(host: DevHost, current: Path | None) -> Sequence[Command]:
    """Return what opens a parser of before with the samples it had, the last one first."""
    known = recall()
    before = [] if known.parser is None else [(known.parser, known.samples)]
    return [
        Command(
            f"parser: open {plain(_title(parser))}",
            partial(host.choose, parser, samples),
            counted(len(samples), "sample"),
        )
        for parser, samples in (*before, *known.recent)
        if parser != current and parser.exists()
    ]


def _title(parser: Path) -> str:
    here = Path.cwd()
    return str(parser.relative_to(here)) if parser.is_relative_to(here) else str(parser)
