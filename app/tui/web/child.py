"""The app in a process of its own, drawn into a page by `server`; it ends with that.

Its one argument is JSON: ``store`` and ``parent_pid``; with ``may_act`` also what the command line
of ``casparian tui`` said, else it only looks at the queue.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from casparian.core.processes import end_with_parent

if TYPE_CHECKING:
    from casparian.app.tui.app import CasparianApp


def main(words: str) -> int:
    """Run it."""
    given = json.loads(words)
    end_with_parent(given["parent_pid"])
    app = made(given)
    for name in ("TEXTUAL_DRIVER", "TEXTUAL_FPS", "TEXTUAL_COLOR_SYSTEM"):
        os.environ.pop(name, None)  # read by now, and nothing for what this app starts
    app.run()
    return app.return_code or 0


def made(given: dict[str, Any]) -> CasparianApp:
    """Return the app."""
    if given["may_act"]:
        from casparian.app.tui_command import app_for

        return app_for(
            None if given["parser"] is None else Path(given["parser"]),
            tuple(map(Path, given["samples"])),
            None if given["python"] is None else Path(given["python"]),
            given["store"],
            cold=given["cold"],
            prod=given["prod"],
            read_only=given["read_only"],
        )
    from casparian.app.tui.app import CasparianApp
    from casparian.app.tui.dev.session_host import SessionHost
    from casparian.app.tui.keymap import own_keys
    from casparian.app.tui.prod.store_host import StoreHost
    from casparian.core.dev_session.request import SessionRequest
    from casparian.core.settings import home

    store = given["store"]
    return CasparianApp(
        SessionHost(SessionRequest(), store),  # never gone to
        lambda: StoreHost(store, home(), read_only=True),
        first="prod",
        keys=own_keys(home()),
        only_looks=True,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
