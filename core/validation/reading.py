"""Reads texts as a column's type: picks the kernel of the type's grammar."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from casparian.core.contract.model import DEFAULT_FALSE, DEFAULT_TRUE
from casparian.core.validation import clock, dates, durations, numbers, spelled, times
from casparian.core.validation.kernel import Converted, accepted, masked, only
from casparian.core.validation.nested import nested_from_text
from casparian.core.validation.oracle_texts import TRIMMED

if TYPE_CHECKING:
    from casparian.core.contract.model import Column


def from_text(texts: pa.Array, column: Column) -> Converted:
    """Read texts by the grammar of the column's type and the relaxations that it allows."""
    if column.trim:
        texts = pc.utf8_trim(texts, characters=TRIMMED)
    if column.null_tokens:
        tokens = pa.array(column.null_tokens, pa.string())
        texts = only(texts, pc.invert(pc.is_in(texts, value_set=tokens)))
    type_ = column.type
    match type_.family:
        case "string":
            return accepted(texts)
        case "bool":
            return _tokens(texts, column)
        case "int":
            return numbers.int_from_text(numbers.respelled(texts, column), type_)
        case "float":
            return numbers.float_from_text(texts, column)
        case "decimal":
            return numbers.decimal_from_text(numbers.respelled(texts, column), type_)
        case "duration":
            return durations.duration_from_text(texts, type_)
        case "enum":
            return spelled.enum_from_text(texts, type_)
        case "uuid":
            return spelled.uuid_from_text(texts)
        case "binary":
            return spelled.binary_from_text(texts)
        case "json":
            return spelled.json_from_text(texts)
        case "list" | "struct":
            return nested_from_text(texts, column)
    if column.formats:
        return times.formatted(texts, column)
    if type_.family == "date":
        return dates.date_from_text(texts, midnight_ok=column.midnight_ok)
    if type_.family == "time":
        return clock.time_from_text(texts, type_)
    return times.timestamp_from_text(texts, column)


def _tokens(texts: pa.Array, column: Column) -> Converted:
    true = pa.array(column.true_tokens or DEFAULT_TRUE, pa.string())
    false = pa.array(column.false_tokens or DEFAULT_FALSE, pa.string())
    is_true = pc.is_in(texts, value_set=true)
    known = pc.or_(is_true, pc.is_in(texts, value_set=false))
    return masked(pc.or_(known, texts.is_null()), pc.if_else(texts.is_valid(), is_true, None))
