"""Which modules a parser's Python has, asked of itself without importing them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from casparian.core.programs import ask
from casparian.core.registry.errors import RegistrationError

if TYPE_CHECKING:
    from pathlib import Path

_ANSWER: Final = 30.0
"""Seconds that the interpreter has to tell."""

# Of a namespace package each part is looked for; what a regular package has in it, only it knows.
_PROBE: Final = """
import json, sys
from importlib import machinery, util

def is_there(name):
    parts = name.split(".")
    try:
        spec = util.find_spec(parts[0])
    except (ImportError, ValueError):
        return parts[0] in sys.modules
    for count in range(2, len(parts) + 1):
        if spec is None or spec.origin is not None or spec.submodule_search_locations is None:
            break
        places = list(spec.submodule_search_locations)
        spec = machinery.PathFinder.find_spec(".".join(parts[:count]), places)
    return spec is not None

print("PROBE" + json.dumps([name for name in sys.argv[1:] if not is_there(name)]))
"""


def not_in(python: Path, names: set[str]) -> set[str]:
    """Return those modules that neither this Python's library nor its packages have.

    Raises:
        RegistrationError: it doesn't answer.
    """
    if not names:
        return set()
    answer = ask([python, "-I", "-c", _PROBE, *sorted(names)], within=_ANSWER)
    try:
        return set(json.loads(answer.out.rpartition("PROBE")[2]))
    except ValueError as error:
        raise RegistrationError(
            f"{python} does not work: {answer.last_line}",
            hint="build the environment again: casparian env prune, then register",
        ) from error
