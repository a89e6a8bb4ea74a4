"""What a typed column (of Parquet, or of a parser's frames) is in a contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa

from casparian.core.contract.errors import ContractError
from casparian.core.contract.toml_text import value_toml
from casparian.core.contract.type_text import parse_type

if TYPE_CHECKING:
    from casparian.core.contract.types import ColumnType

MOST_DIGITS: Final = 38


def type_of(type_: pa.DataType) -> ColumnType | None:
    """Return the contract type that holds every value of an Arrow type; None if there is none.

    What lies in a list or struct may be null, because Arrow doesn't tell.
    """
    text = _text_of(type_)
    if text is None:
        return None
    try:
        return parse_type(text, where="inference")
    except ContractError:  # a zone that is not known here, a field's name that comes twice
        return None


def wider(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    """Return the type that holds the values of both exactly; None if there is none.

    Numbers of different kinds have none: their cells decide.
    """
    try:
        schema = pa.unify_schemas(
            [pa.schema([("x", one)]), pa.schema([("x", other)])], promote_options="permissive"
        )
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return None
    wide = schema.field(0).type
    integers = pa.types.is_integer(one) and pa.types.is_integer(other)
    same = type(wide) is type(one) is type(other) or (integers and pa.types.is_integer(wide))
    zones = {getattr(type_, "tz", None) for type_ in (one, other, wide)}
    return wide if same and len(zones) == 1 else None


def _text_of(type_: pa.DataType) -> str | None:
    if pa.types.is_dictionary(type_):
        return _text_of(type_.value_type)
    if isinstance(type_, pa.BaseExtensionType):
        return "uuid" if type_.extension_name == "arrow.uuid" else _text_of(type_.storage_type)
    for is_it, name in _PLAIN:
        if is_it(type_):
            return name
    if pa.types.is_integer(type_):
        return str(type_)
    if pa.types.is_decimal(type_):
        fits = type_.precision <= MOST_DIGITS and 0 <= type_.scale <= type_.precision
        return f"decimal({type_.precision},{type_.scale})" if fits else None
    if pa.types.is_timestamp(type_):
        return f"timestamp({type_.unit}, {type_.tz})" if type_.tz else f"timestamp({type_.unit})"
    if pa.types.is_time(type_):
        return f"time({type_.unit})"
    if pa.types.is_duration(type_):
        return f"duration({type_.unit})"
    if pa.types.is_struct(type_):
        fields = [(field.name, _text_of(field.type)) for field in type_]
        if not fields or any(inner is None for _, inner in fields):
            return None
        return f"struct{{{', '.join(f'{value_toml(name)}: {text}?' for name, text in fields)}}}"
    if any(is_list(type_) for is_list in _LISTS):
        inner = _text_of(type_.value_type)
        return None if inner is None else f"list<{inner}?>"
    return None


_LISTS: Final = (
    pa.types.is_list,
    pa.types.is_large_list,
    pa.types.is_fixed_size_list,
    pa.types.is_list_view,
    pa.types.is_large_list_view,
)

_PLAIN: Final = (
    (pa.types.is_boolean, "bool"),
    (pa.types.is_float16, "float32"),
    (pa.types.is_float32, "float32"),
    (pa.types.is_float64, "float64"),
    (pa.types.is_date, "date"),
    (pa.types.is_null, "string"),
    (pa.types.is_string, "string"),
    (pa.types.is_large_string, "string"),
    (pa.types.is_string_view, "string"),
    (pa.types.is_binary, "binary"),
    (pa.types.is_large_binary, "binary"),
    (pa.types.is_binary_view, "binary"),
    (pa.types.is_fixed_size_binary, "binary"),
)
