"""What a parser declares, asked of the parser itself without running it."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .contract.files import (
    find_contract_file,
    has_no_names,
    load_contract_file,
    resolve_contract,
)
from .errors import CasparianError
from .inputs import parser_file

if TYPE_CHECKING:
    from .contract.model import Contract
    from .events import Hello
    from .guest import GuestSpec
    from .interpreter import Interpreter

_LOADING = 60.0
"""Seconds that a parser has to load."""


class ParserUnusable(CasparianError):
    """The parser can't be loaded; ``traceback`` is what Python said, or empty."""

    def __init__(self, message: str, *, hint: str = "", traceback: str = "") -> None:
        super().__init__(message, hint=hint)
        self.traceback = traceback


@dataclass(frozen=True, slots=True)
class Declared:
    """A contract, where it was found, and the parser that it is of (None: a file by itself).

    ``is_nameless`` says that its only output has no name but the file's.
    """

    contract: Contract | None
    where: str
    hello: Hello | None = None
    is_nameless: bool = False


def declared_by(path: Path, *, python: Path | None = None) -> Declared:
    """Return the contract of a ``.toml`` file, or of a parser (its file or folder).

    Raises:
        ContractError: it is wrong.
        InputError, InterpreterError, ParserUnusable: the parser can't be asked.
    """
    if path.suffix == ".toml":
        return Declared(load_contract_file(path), str(path), is_nameless=has_no_names(path))
    from .interpreter import choose_python

    parser = parser_file(path)
    hello = ask_parser(parser, choose_python(parser, python))
    beside = find_contract_file(parser)
    contract = resolve_contract(hello.outputs, beside, parser_name=hello.parser)
    places = [f"outputs in {path}"] if hello.outputs is not None else []
    places += [str(beside)] if beside is not None else []
    return Declared(contract, " and ".join(places) or "nowhere", hello)


def ask_parser(parser: Path, python: Interpreter) -> Hello:
    """Load a parser in its own Python, and return what it says of itself.

    Raises:
        InterpreterError: the interpreter can't be started.
        ParserUnusable: the parser can't be loaded.
    """
    from .guest import GuestSpec

    spec = GuestSpec(python.path, Path(os.devnull), parser_path=parser, load_only=True)
    return hello_of(spec, shown=str(parser), reason=python.reason)


def hello_of(spec: GuestSpec, *, shown: str, reason: str) -> Hello:
    """Load what a spec names, and return what it says of itself.

    Args:
        spec: only loads.
        shown: the parser, for people.
        reason: why this interpreter.

    Raises:
        InterpreterError: the interpreter can't be started.
        ParserUnusable: the parser can't be loaded.
    """
    from .bridge import BridgeConfig, execute_bridge
    from .events import Ended, Hello
    from .interpreter import InterpreterError
    from .logs import Callback

    config = BridgeConfig(spec, Callback(lambda _: None), startup_timeout=_LOADING)
    try:
        events = execute_bridge(config)
    except OSError as error:
        raise InterpreterError(
            f"{spec.python} ({reason}) can't be started: {error}",
            hint="name another interpreter with --python",
        ) from error
    hello: Hello | None = None
    with closing(events):
        for event in events:
            if isinstance(event, Hello):
                hello = event
            elif isinstance(event, Ended) and event.result.error is not None:
                told = event.result.error
                raise ParserUnusable(
                    f"{shown} can't be loaded: {told.type}: {told.message}",
                    hint=told.hint,
                    traceback=told.text if told.kind == "parser" else "",
                )
    if hello is None:
        raise ParserUnusable(f"{shown} ended without a word")
    return hello
