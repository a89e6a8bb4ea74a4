"""Reads a parser's ``outputs`` into a Contract, with errors that say where."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from casparian.core.contract.errors import ContractError, did_you_mean
from casparian.core.contract.formats import compile_formats
from casparian.core.contract.grammar import read_duration, read_time, read_timestamp
from casparian.core.contract.model import (
    DEFAULT_FALSE,
    DEFAULT_TRUE,
    Column,
    Contract,
    OutputContract,
)
from casparian.core.contract.options import COMPARABLE, OPTIONS
from casparian.core.contract.type_text import is_type_name, parse_type

_OUTPUT_NAME: Final = re.compile("[a-z][a-z0-9_]{0,62}")
_OUTPUT_OPTIONS: Final = frozenset({"columns", "extra_columns", "key"})
_COLUMN_KEYS: Final = frozenset({"type"}) | OPTIONS.keys()


def parse_outputs(outputs: object, *, parser_name: str, where: str = "outputs") -> Contract:
    """Read ``outputs`` in any of its forms: flat columns, named outputs, or the full form.

    ``parser_name`` names the output of the flat form; ``where`` begins every message.
    Raises ContractError.
    """
    if not isinstance(outputs, Mapping):
        raise ContractError(f"{where}: expected a dict, not {type(outputs).__name__}")
    if not outputs:
        raise ContractError(f"{where}: it is empty", hint="name at least one column and its type")
    if isinstance(outputs.get("columns"), Mapping) and set(outputs) <= _OUTPUT_OPTIONS:
        return Contract((_output(parser_name, outputs, where=where),))
    _refuse_misspelt(outputs, where)
    columns = [name for name, value in outputs.items() if _is_column(value)]
    if not columns:
        return Contract(
            tuple(_output(n, v, where=f"{where}.{n}") for n, v in outputs.items()),
        )
    if len(columns) < len(outputs):
        other = next(name for name in outputs if name not in columns)
        raise ContractError(
            f"{where}: {columns[0]!r} is a column, but {other!r} is not",
            hint=_suggestion(outputs[other]) or 'write {"OUTPUT": {"columns": {…}}} for each',
        )
    if all(_could_be_output(value) for value in outputs.values()):
        raise ContractError(
            f"{where}: {columns[0]!r} may be a column, or an output with a column named 'type'",
            hint=f'say which: {{"{parser_name}": {{"columns": {{…}}}}}}',
        )
    return Contract((_output(parser_name, {"columns": outputs}, where=where, flat=True),))


def _refuse_misspelt(outputs: Mapping[object, object], where: str) -> None:
    """Refuse a key beside ``columns`` that is nearly one of its options."""
    columns = outputs.get("columns")
    if not isinstance(columns, Mapping) or _is_column(columns):
        return
    for key, value in outputs.items():
        near = did_you_mean(str(key), _OUTPUT_OPTIONS)
        if key not in _OUTPUT_OPTIONS and not isinstance(value, Mapping) and near:
            raise ContractError(f"{where}: unknown key {key!r}", hint=near)


def _is_column(value: object) -> bool:
    if isinstance(value, str):
        return True
    return (
        isinstance(value, Mapping)
        and is_type_name(value.get("type"))
        and _COLUMN_KEYS.issuperset(value)
    )


def _could_be_output(value: object) -> bool:
    return isinstance(value, Mapping) and all(
        is_type_name(v) or (isinstance(v, Mapping) and _is_column(v)) for v in value.values()
    )


def _suggestion(value: object) -> str:
    if isinstance(value, Mapping) and "type" in value:
        unknown = [str(key) for key in value if key not in _COLUMN_KEYS]
        if unknown:
            return f"unknown option {unknown[0]!r}: {did_you_mean(unknown[0], _COLUMN_KEYS)}"
        return f"unknown type {value['type']!r}"
    return ""


def _output(name: object, value: object, *, where: str, flat: bool = False) -> OutputContract:
    if not isinstance(name, str) or not _OUTPUT_NAME.fullmatch(name):
        raise ContractError(
            f"{where}: {name!r} can't name an output",
            hint="a lower-case letter, then letters a-z, digits and _, 63 characters at most",
        )
    if name == "columns":
        raise ContractError(f"{where}: an output can't be named 'columns'")
    if not isinstance(value, Mapping):
        raise ContractError(f"{where}: expected a dict of columns, not {type(value).__name__}")
    extra: object = "fail"
    columns: object = value
    key: object = None
    inner = value.get("columns")
    if isinstance(inner, Mapping):
        if not flat and _is_column(inner) and _could_be_output(inner):
            raise ContractError(
                f"{where}: 'columns' may be a column here, or the list of columns",
                hint='say which: {"columns": {"columns": …}} or {"columns": {"type": …}}'
                if len(value) > 1
                else "rename the column, or give its type as a plain string",
            )
        for key in value:
            if key not in _OUTPUT_OPTIONS:
                raise ContractError(
                    f"{where}: unknown key {key!r}", hint=did_you_mean(str(key), _OUTPUT_OPTIONS)
                )
        columns, extra = inner, value.get("extra_columns", "fail")
        key = value.get("key")
        where = where if flat else f"{where}.columns"
    outer = where.removesuffix(".columns")
    if extra not in ("fail", "drop"):
        raise ContractError(
            f"{outer}.extra_columns: expected 'fail' or 'drop', not {extra!r}",
            hint=did_you_mean(str(extra), ("fail", "drop")),
        )
    if not isinstance(columns, Mapping) or not columns:
        raise ContractError(f"{where}: it has no columns")
    parsed = tuple(parse_column(n, v, where=f"{where}.{n}") for n, v in columns.items())
    return OutputContract(name, parsed, extra, _key(key, parsed, where=f"{outer}.key"))


def _key(value: object, columns: tuple[Column, ...], *, where: str) -> tuple[str, ...]:
    """Read the columns that identify a row."""
    if value is None:
        return ()
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not names:
        raise ContractError(
            f"{where}: expected a list of columns, not {value!r}", hint='key = ["order_id", "line"]'
        )
    by_name = {column.name: column for column in columns}
    for name in names:
        if name not in by_name:
            raise ContractError(
                f"{where}: there is no column {name!r}", hint=did_you_mean(str(name), by_name)
            )
        if by_name[name].type.family not in COMPARABLE:
            raise ContractError(
                f"{where}: {name!r} is {by_name[name].type.with_article}, which can't be in a key"
            )
    if len(set(names)) < len(names):
        raise ContractError(f"{where}: a column is listed twice")
    return tuple(names)


def parse_column(name: object, value: object, *, where: str) -> Column:
    """Read one column: a type as text, or a dict of its type and options. Raises ContractError."""
    if not isinstance(name, str) or not name.strip():
        raise ContractError(f"{where}: a column's name is a string that isn't empty: {name!r}")
    if name.startswith("_cf_"):
        raise ContractError(f"{where}: names beginning with '_cf_' belong to casparian")
    if isinstance(value, str):
        return Column(name, parse_type(value, where=where))
    if not isinstance(value, Mapping):
        raise ContractError(f"{where}: expected a type or a dict, not {value!r}")
    if "type" not in value:
        raise ContractError(
            f"{where}: it has no type", hint=did_you_mean_key(value, "type") or 'add "type": …'
        )
    type_ = parse_type(value["type"], where=where)
    options: dict[str, Any] = {}
    for key, given in value.items():
        if key == "type":
            continue
        option = OPTIONS.get(key)
        if option is None:
            raise ContractError(
                f"{where}: unknown option {key!r}", hint=did_you_mean(str(key), _COLUMN_KEYS)
            )
        if type_.family not in option.families:
            raise ContractError(f"{where}: {key!r} makes no sense for {type_.with_article}")
        options[key] = option.read(given, type_, f"{where}.{key}")
    column = Column(name, type_, **options)
    _check_together(column, where=where)
    return column


def did_you_mean_key(value: Mapping[Any, Any], wanted: str) -> str:
    """Return a suggestion if one of the keys is nearly ``wanted``."""
    return next((f"did you mean {wanted!r}?" for k in value if did_you_mean(str(k), [wanted])), "")


def _check_together(column: Column, *, where: str) -> None:
    """Check what no option can know alone."""
    low, high = column.min, column.max
    if low is not None and high is not None:
        read = {"timestamp": read_timestamp, "time": read_time, "duration": read_duration}.get(
            column.type.family
        )
        if read is not None:
            low, high = read(str(low), column.type), read(str(high), column.type)
        if low > high:  # type: ignore[operator]
            raise ContractError(f"{where}: min ({column.min}) is above max ({column.max})")
    short, long = column.min_length, column.max_length
    if short is not None and long is not None and short > long:
        raise ContractError(f"{where}: min_length ({short}) is above max_length ({long})")
    point = column.decimal_point or "."
    if column.type.family != "int" and column.thousands == point:
        raise ContractError(
            f"{where}: {point!r} can't part both thousands and decimals",
            hint='with thousands = ".", set decimal_point = ","',
        )
    if column.ambiguous != "reject" and column.assume_tz is None:
        raise ContractError(f"{where}: 'ambiguous' makes no sense without assume_tz")
    if column.formats:
        compile_formats(
            column.formats,
            family=column.type.family,
            zoned=column.type.tz is not None,
            offset_needed=column.assume_tz is None,
            where=f"{where}.formats",
        )
    if column.type.family == "bool":
        meanings = [
            *(column.true_tokens or DEFAULT_TRUE),
            *(column.false_tokens or DEFAULT_FALSE),
            *column.null_tokens,
        ]
        twice = next((token for token in meanings if meanings.count(token) > 1), None)
        if twice is not None:
            raise ContractError(f"{where}: the token {twice!r} has two meanings")
