"""Registers parsers for a program that shows it: ``casparian parser register`` that talks in JSON.

A line to stdout for whatever happens; a question is answered by a line on stdin. It ends with who
started it, and SIGTERM has it leave nothing behind.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from casparian.core.errors import CasparianError

from .parser_register import chosen_python, drive_guests
from .registration_view import registration_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from casparian.core.contract_diff import Change, ContractDiff
    from casparian.core.registry import Candidates


class Conversation:
    """Tells whoever started this process what happens, and asks it."""

    def __init__(self) -> None:
        # What is printed by accident is no message, and a guest gets neither end.
        self._said = os.fdopen(os.dup(1), "w", encoding="utf-8")
        self._answers = os.fdopen(os.dup(0), "r", encoding="utf-8")
        os.dup2(2, 1)
        with open(os.devnull, "rb") as nothing:  # noqa: PTH123
            os.dup2(nothing.fileno(), 0)

    def tell(self, kind: str, **values: object) -> None:
        """Tell something."""
        self._said.write(json.dumps({"kind": kind, **values}, default=str) + "\n")
        self._said.flush()

    def confirm(self, name: str, version: str, changes: ContractDiff) -> bool:
        """Ask whether a contract may be broken."""
        told = changes_json(changes.changes)
        self.tell("confirm", name=name, version=version, changes=told)
        return self._answers.readline().strip() == "yes"


def changes_json(changes: Sequence[Change]) -> list[dict[str, str]]:
    """Return what changes in a contract."""
    return [
        {
            "verdict": one.verdict,
            "place": ".".join(filter(None, (one.output, one.column))),
            "sentence": one.sentence,
        }
        for one in changes
    ]


def main() -> None:
    """Run as ``python -m casparian.app.register_child PATH``."""
    options = argparse.ArgumentParser()
    options.add_argument("path", type=Path)
    options.add_argument("--store", required=True)
    options.add_argument("--python", type=Path)
    options.add_argument("--force", action="store_true")
    options.add_argument("--parent-pid", type=int, required=True)
    given = options.parse_args()
    from casparian.core.processes import end_with_parent

    end_with_parent(given.parent_pid)
    talk = Conversation()
    try:
        refused = _register(talk, given)
    except CasparianError as error:
        talk.tell("refused", label=str(given.path), **_error(error))
        refused = 1
    talk.tell("done", refused=refused)
    sys.exit(bool(refused))


def _register(talk: Conversation, given: argparse.Namespace) -> int:
    """Register what the path stands for; returns how many parsers were refused."""
    from casparian.core.registry import (
        Known,
        Registrar,
        Rules,
        Surroundings,
        conditions_of,
        find_candidates,
    )
    from casparian.core.settings import resolve

    settings = resolve({})
    candidates: Candidates = find_candidates(given.path)
    drive_guests()

    def said(line: str) -> None:
        talk.tell("line", text=line)

    refused = 0
    with ExitStack() as held, Known(given.store) as known:
        around = Surroundings(
            chosen_python(
                given.python,
                held,
                offline=settings["offline"].value,
                check_lock=True,
                on_line=said,
            ),
            conditions_of(settings),
            talk.confirm,
            on_step=lambda step: talk.tell("step", step=step),
            on_log=lambda log: said(f"  {log.message}"),
        )
        rules = Rules(force=given.force, bundle_limit=settings["bundle_limit"].value)
        registrar = Registrar(known, rules, around)
        for candidate in candidates.parsers:
            talk.tell("parser", label=candidate.label, several=len(candidates.parsers))
            try:
                registration = registrar.register(candidate)
            except CasparianError as error:
                refused += 1
                talk.tell("refused", label=candidate.label, **_error(error))
                continue
            talk.tell("registered", **registration_json(registration))
    for one in candidates.skipped:
        talk.tell("skipped", path=str(one.path), reason=one.reason)
    return refused


def _error(error: CasparianError) -> dict[str, Any]:
    return {
        "type": type(error).__name__,
        "message": error.message,
        "hint": error.hint,
        "traceback": getattr(error, "traceback", ""),
    }


if __name__ == "__main__":
    main()
