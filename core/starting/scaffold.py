"""From a level 1 script to a level 2 parser: its text stays as it is, a class is added to it.

Nothing is executed. The bytes that were there stay, so comments, line ends, tabs and the encoding
do as well; the function stays a function, so whatever else calls it still can.
"""

from __future__ import annotations

import ast
import re
import sys
import warnings
from dataclasses import dataclass
from typing import Final

from casparian.core.errors import CasparianError

from .level import HANDLER_METHODS, has_method
from .module_names import ModuleNames
from .source_text import SourceText

FIRST_VERSION: Final = "0.1.0"
_NAME: Final = re.compile("[a-z][a-z0-9_]{0,62}")


class ScaffoldError(CasparianError):
    """A file that no class can be added to; the message says why, and in which line."""


@dataclass(frozen=True, slots=True)
class Scaffold:
    """A level 2 parser: its text, the name that it got, and what of the script it calls."""

    source: bytes
    name: str
    calls: str


def parser_name(stem: str) -> str:
    """Return the name that a file's stem gives a parser, as the guest names it at level 1."""
    name = re.sub("[^a-z0-9_]+", "_", stem.lower()).strip("_")
    return (name if name[:1].isalpha() else f"p_{name}")[:63]


def scaffold(source: bytes, *, stem: str, where: str) -> Scaffold:
    """Add a class ``Parser`` to the source of a level 1 parser.

    Args:
        source: the file's bytes.
        stem: the file's name without its ending; the parser is named after it, or after ``TOPIC``.
        where: begins every message.

    Raises:
        ScaffoldError: it is no Python, is a class already, or has nothing that could be called.
    """
    tree = _tree(source, where)
    names = ModuleNames(tree)
    _refuse_parser_class(names, where)
    call = _call(names, where)
    path = "str(ctx.input_path)" if "str" not in names else 'f"{ctx.input_path}"'
    result = f"{call}({path})"
    with_sink = names.may_be_text("SINK")
    if with_sink:
        _refuse_named_outputs(tree, where)
        result = f"casparian_types.Output(self.name, {result}, sink=SINK)"
    topic = names.text_of("TOPIC")
    has_topic = names.may_be_text("TOPIC")
    name = parser_name(stem)
    # Unnamed rows go to the output TOPIC; in a class, to the one named as the parser is.
    named_by_topic = has_topic and (topic is None or _NAME.fullmatch(topic) is not None)
    value = "TOPIC" if named_by_topic else f'"{name}"'
    lines = [
        "class Parser:",
        f"\tname = {value}",
        f'\tversion = "{FIRST_VERSION}"',
        f"\ttopics = [{'TOPIC' if has_topic else value}]",
        "",
        "\tdef parse(self, ctx):",
        f"\t\treturn {result}",
    ]
    text = SourceText(source)
    class_at = text.before_main_guard(tree)
    inserted = {class_at: text.block(lines, class_at, tree)}
    if with_sink and names.imports.get("casparian_types") != "casparian_types":
        text.add_import("import casparian_types", tree, inserted, class_at)
    shown = topic if named_by_topic and topic is not None else name
    return Scaffold(text.with_inserted(inserted), shown, call)


def _tree(source: bytes, where: str) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except SyntaxError as error:
        place = f"{where}, line {error.lineno}" if error.lineno else f"{where}: it is no Python"
        version = ".".join(map(str, sys.version_info[:2]))
        text = (error.text or "").strip()
        shown = f"\n    {text}" if text else ""
        raise ScaffoldError(
            f"{place}: {error.msg}{shown}",
            hint=f"it is read as Python {version}, which runs casparian",
        ) from error
    except ValueError as error:  # null bytes
        raise ScaffoldError(f"{where}: it is no Python source: {error}") from error
    except (RecursionError, MemoryError) as error:
        raise ScaffoldError(f"{where}: it is nested too deeply to be read") from error


def _refuse_parser_class(names: ModuleNames, where: str) -> None:
    if "Parser" not in names:
        return
    line = names.line("Parser")
    node = names.only("Parser")
    if isinstance(node, ast.ClassDef):
        if has_method(node, names, "parse"):
            raise ScaffoldError(
                f"{where}, line {line}: it has a class Parser already (level 2)",
                hint="run it as it is: casparian run",
            )
        raise ScaffoldError(
            f"{where}, line {line}: class Parser has no method parse",
            hint="write `def parse(self, ctx):` into it, or rename the class",
        )
    raise ScaffoldError(
        f"{where}, line {line}: the name Parser is taken",
        hint="give what it stands for another name (`import … as …`); the class is called Parser",
    )


def _call(names: ModuleNames, where: str) -> str:
    """What level 1 calls: a ``Handler`` comes before a function, as in the guest."""
    handler = names.last("Handler")
    if isinstance(handler, ast.ClassDef):
        method = next((m for m in HANDLER_METHODS if has_method(handler, names, m)), None)
        if method is not None:
            return f"Handler().{method}"
        if handler.bases:
            raise ScaffoldError(
                f"{where}, line {handler.lineno}: what class Handler inherits can't be seen here",
                hint="write its method parse(self, path) out, or rename the class",
            )
    if "parse" not in names:
        if names.star_import is not None:
            raise ScaffoldError(
                f"{where}: it defines no parse; line {names.star_import} may import one",
                hint="import it by its name: `from … import parse`",
            )
        nearest = names.similar("parse")
        raise ScaffoldError(
            f"{where}: it has no function parse(path)",
            hint=f"did you mean {nearest[0]!r} in line {nearest[1]}? Rename it to parse"
            if nearest
            else "write `def parse(path): ...` that returns or yields rows",
        )
    node = names.only("parse")
    if isinstance(node, ast.AsyncFunctionDef):
        raise ScaffoldError(
            f"{where}, line {node.lineno}: parse is async; it must be a plain function",
            hint="write `def parse`, and `asyncio.run(...)` inside it",
        )
    if isinstance(node, ast.ClassDef):
        raise ScaffoldError(f"{where}, line {node.lineno}: parse is a class; it must be a function")
    if isinstance(node, ast.FunctionDef) and not node.decorator_list:
        _check_parameters(node, where)
    return "parse"


def _check_parameters(node: ast.FunctionDef, where: str) -> None:
    """A decorator may give a function other parameters; without one, these are all."""
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    needed = positional[: len(positional) - len(arguments.defaults)]
    by_name = [
        argument.arg
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        if default is None
    ]
    if (positional or arguments.vararg) and len(needed) <= 1 and not by_name:
        return
    if not positional and not arguments.vararg:
        what = "takes nothing that the path could be given to"
    else:
        more = [argument.arg for argument in needed[1:]] + by_name
        what = f"needs more than the path: {', '.join(more)}"
    raise ScaffoldError(
        f"{where}, line {node.lineno}: parse {what}",
        hint="write `def parse(path)`; further parameters must have defaults",
    )


def _refuse_named_outputs(tree: ast.Module, where: str) -> None:
    """``SINK`` holds for outputs that the function names itself; one ``Output`` around it can't."""
    for node in ast.walk(tree):
        named = (
            isinstance(node, ast.ImportFrom)
            and node.module == "casparian_types"
            and any(alias.name in ("Output", "*") for alias in node.names)
        )
        attribute = (
            isinstance(node, ast.Attribute)
            and node.attr == "Output"
            and isinstance(node.value, ast.Name)
            and node.value.id == "casparian_types"
        )
        given = node.value if isinstance(node, ast.Return | ast.Yield) else None
        if named or attribute or isinstance(given, ast.Dict | ast.DictComp):
            assert isinstance(node, ast.stmt | ast.expr)
            raise ScaffoldError(
                f"{where}, line {node.lineno}: it names outputs itself, and has a SINK for all",
                hint="write Output(name, frame, sink=SINK) for each of them, and rename SINK",
            )
