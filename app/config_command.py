"""``casparian config``: every setting, its value, and where that comes from."""

from __future__ import annotations

from typing import Any

import click

from casparian.core.settings import home, resolve

from .json_command import JsonCommand, json_option


@click.command("config", cls=JsonCommand)
@json_option()
def command(as_json: bool) -> None:
    """Show every setting, its value, and where it was found.

    Options of a command win, then CASPARIAN_* in the environment, then casparian.toml in this
    folder or the nearest above it, then casparian.toml in CASPARIAN_HOME, then the default.

    \b
    Example of a casparian.toml:
      quarantine_threshold = 0.05
      max_quarantine_rows = 1000
    """
    values = resolve()
    if as_json:
        from .run_display import print_json

        settings: dict[str, Any] = {
            key: {"value": found.value, "source": found.source} for key, found in values.items()
        }
        print_json({"home": str(home()), "settings": settings})
        return
    width = max(map(len, values))
    for key, found in values.items():
        click.echo(f"{key:<{width}}  {found.value}  ", nl=False)
        click.secho(f"({found.source})", dim=True)
        click.secho(f"{'':<{width}}  {found.setting.meaning}; ${found.setting.variable}", dim=True)
    click.echo(f"{'home':<{width}}  {home()}")
