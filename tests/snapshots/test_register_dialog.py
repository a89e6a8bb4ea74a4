"""How the dialog for registering a parser looks, from the question to the end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from casparian.app.tui.register import screen as register_screen
from casparian.app.tui.register.screen import RegisterScreen

from ..app.tui.prod_pane import GivenViews
from .looks import ALL, NARROW

STEPS = ("bundle", "code", "environment", "imports", "load", "samples", "contract", "store")
CHANGES = [
    {
        "verdict": "breaking",
        "place": "sales.total",
        "output": "sales",
        "column": "total",
        "sentence": "its type is text now",
    },
    {
        "verdict": "compatible",
        "place": "sales.note",
        "output": "sales",
        "column": "note",
        "sentence": "it is new, and nullable",
    },
]
REGISTERED: dict[str, Any] = {
    "kind": "registered",
    "name": "sales",
    "version": "1.1.0",
    "status": "registered",
    "replaced": False,
    "source_hash": "5" * 64,
    "files": ["parser.py", "uv.lock"],
    "samples": [{"input": "/data/sales_2024_01.csv", "rows": 1_234}],
    "contract_hash": "c" * 64,
    "warnings": [],
    "changes": CHANGES,
    "previous": "1.0.0",
    "findings": [{"path": "parser.py", "line": 7, "name": "socket.create_connection"}],
    "left_out": ["notes.md"],
}
UV = (
    "Using CPython 3.11.7",
    "  × No solution found when resolving dependencies:",
    "  ╰─▶ Because pandas==9.9 was not found in the package registry and your project depends on "
    "pandas==9.9, we can conclude that your project's requirements are unsatisfiable.",
)
REFUSED = {
    "kind": "refused",
    "label": "sales",
    "type": "EnvironmentBuildError",
    "message": "uv sync --frozen ended with 1 in /home/ada/parsers/sales\n" + "\n".join(UV[1:]),
    "hint": "uv lock --upgrade-package pandas, and look at requires-python",
    "traceback": "",
}
ENDED = {"kind": "ended", "cancelled": False, "words": ""}


def steps(upto: str) -> list[dict[str, Any]]:
    """The steps up to one of them, which is under way."""
    told: list[dict[str, Any]] = [{"kind": "parser", "label": "parsers/sales"}]
    return [*told, *({"kind": "step", "step": one} for one in STEPS[: STEPS.index(upto) + 1])]


def words(*lines: str) -> list[dict[str, Any]]:
    return [{"kind": "line", "text": line} for line in lines]


class Run:
    """A registration that does nothing by itself."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def start(self) -> None:
        pass

    close = start


@pytest.fixture
def dialog_looks_as(prod_looks_as, monkeypatch: pytest.MonkeyPatch):
    """Whether the dialog looks as in its pictures, once it was told of a registration."""
    monkeypatch.setattr(register_screen, "RegisterRun", Run)

    def compare(*told: dict[str, Any], looks=None) -> bool:
        async def fed(pilot, _host: GivenViews) -> None:
            screen = RegisterScreen("casparian.db", Path("parsers/sales"))
            pilot.app.push_screen(screen)
            await pilot.pause()
            if told:
                await pilot.press("enter")
            for one in told:
                screen._hear(one)

        return prod_looks_as(fed) if looks is None else prod_looks_as(fed, looks)

    return compare


def test_which_parser(dialog_looks_as) -> None:
    assert dialog_looks_as()


def test_under_way(dialog_looks_as) -> None:
    assert dialog_looks_as(*steps("environment"), *words("Resolved 12 packages in 3 ms"))


def test_it_asks_before_it_breaks_a_contract(dialog_looks_as) -> None:
    asks = {"kind": "confirm", "name": "sales", "version": "1.0.0", "changes": CHANGES}
    told = (*steps("contract"), *words("Resolved 12 packages in 3 ms"), asks)
    assert dialog_looks_as(*told, looks=ALL)


def test_it_is_registered(dialog_looks_as) -> None:
    told = (*steps("store"), *words("reading sales_2024_01.csv"), REGISTERED, ENDED)
    assert dialog_looks_as(*told, looks=ALL)


def test_it_is_there_already_unchanged(dialog_looks_as) -> None:
    same = {**REGISTERED, "status": "unchanged", "changes": [], "findings": [], "left_out": []}
    assert dialog_looks_as(*steps("bundle"), same, ENDED, looks=NARROW)


def test_it_failed_with_uvs_own_words(dialog_looks_as) -> None:
    assert dialog_looks_as(*steps("environment"), *words(*UV), REFUSED, ENDED, looks=ALL)


def test_its_version_has_other_content(dialog_looks_as) -> None:
    other = {
        "kind": "refused",
        "label": "sales",
        "type": "ParserExistsError",
        "traceback": "",
        "message": "sales 1.0.0 is registered already, with other content",
        "hint": "give it another version, or replace it",
    }
    assert dialog_looks_as(*steps("load"), other, ENDED)


def test_it_does_not_load(dialog_looks_as) -> None:
    frames = [
        f'  File "/home/ada/parsers/sales/module_{n}.py", line {n}, in load' for n in range(9)
    ]
    refused = {
        "kind": "refused",
        "label": "sales",
        "type": "ParserError",
        "hint": "",
        "message": "it can't be loaded: ModuleNotFoundError: No module named '[bold]prices'",
        "traceback": "\n".join(["Traceback (most recent call last):", *frames]),
    }
    assert dialog_looks_as(*steps("load"), refused, ENDED)


def test_it_was_stopped(dialog_looks_as) -> None:
    stopped = {**ENDED, "cancelled": True}
    assert dialog_looks_as(*steps("samples"), stopped, looks=NARROW)
