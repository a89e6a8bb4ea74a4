"""A column compared with a value that a person typed: in its own type, without loss."""

from __future__ import annotations

import math
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from casparian.app.tui.widgets.cells import is_text, spelled_array
from casparian.core.sinks.text import plain as plain_array

if TYPE_CHECKING:
    from collections.abc import Callable

    Comparison = Callable[[Any], Any]

_SIGNS: Final = {
    "==": pc.equal,
    ">": pc.greater,
    ">=": pc.greater_equal,
    "<": pc.less,
    "<=": pc.less_equal,
}
_PER_SECOND: Final = {"s": 0, "ms": 3, "us": 6, "ns": 9}
_TRUTHS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def comparison(type_: Any, sign: str, written: str) -> Comparison:
    """Return what compares values of this type; where they are null, its answer is null.

    Raises:
        ValueError: the text is no value of this type, or it has no order.
    """
    kinds = pa.types
    if kinds.is_dictionary(type_):
        return comparison(type_.value_type, sign, written)
    if isinstance(type_, pa.BaseExtensionType):
        return _by_text(sign, written)
    if kinds.is_nested(type_) or kinds.is_null(type_):
        raise ValueError("it can only be searched (~) or asked whether it is null")
    if kinds.is_boolean(type_):
        if written.lower() not in _TRUTHS:
            raise ValueError(f"{written!r} is neither true nor false")
        return _by_value(sign, pa.scalar(_TRUTHS[written.lower()]))
    if kinds.is_integer(type_):
        return _whole(type_, sign, written)
    if kinds.is_floating(type_):
        return _floating(sign, written)
    if kinds.is_decimal(type_):
        return _by_value(sign, pa.scalar(_number(written)), cast=_wide_decimal(type_))
    if is_text(type_):
        return _by_text(sign, written)
    if kinds.is_temporal(type_):
        return _temporal(type_, sign, written)
    return _by_text(sign, written)  # binary, by its hex digits


def _by_value(sign: str, value: Any, cast: Any = None) -> Comparison:
    def compare(values: Any) -> Any:
        values = plain_array(values)
        return _SIGNS[sign](values if cast is None else values.cast(cast), value)

    return compare


def _by_text(sign: str, written: str) -> Comparison:
    value = pa.scalar(written, pa.large_string())
    return lambda values: _SIGNS[sign](spelled_array(values), value)


def _whole(type_: Any, sign: str, written: str) -> Comparison:
    number = _number(written)
    below = math.floor(number)
    if below != number:  # between two whole numbers
        if sign == "==":
            return partial(_always, answer=False)
        sign = ">" if sign in {">", ">="} else "<="
    signed = pa.types.is_signed_integer(type_)
    bits = type_.bit_width - signed
    if below < (-(2**bits) if signed else 0):
        return partial(_always, answer=sign in {">", ">="})
    if below >= 2**bits:
        return partial(_always, answer=sign in {"<", "<="})
    return _by_value(sign, pa.scalar(below, type_))


def _floating(sign: str, written: str) -> Comparison:
    value = float(written.replace("_", "")) if written else math.nan
    if not written:
        raise ValueError("a number is missing")
    if math.isnan(value) and sign == "==":
        return lambda values: pc.is_nan(plain_array(values).cast(pa.float64()))
    return _by_value(sign, pa.scalar(value, pa.float64()), cast=pa.float64())


def _temporal(type_: Any, sign: str, written: str) -> Comparison:
    kinds = pa.types
    if kinds.is_duration(type_):
        count = _number(written).scaleb(_PER_SECOND[type_.unit])
        whole = _whole(pa.int64(), sign, str(count))
        return lambda values: whole(plain_array(values).cast(pa.int64()))
    if not written:
        raise ValueError("a date or time is missing")
    if kinds.is_date(type_):
        return _by_value(sign, pa.scalar(written).cast(pa.date32()), cast=pa.date32())
    if kinds.is_timestamp(type_):
        value = pa.scalar(written)
        try:
            moment = value.cast(pa.timestamp(type_.unit))
            if type_.tz is not None:  # a time without a zone is meant as the column shows it
                moment = pc.assume_timezone(moment, type_.tz)
        except pa.ArrowInvalid:
            moment = value.cast(pa.timestamp(type_.unit, "UTC"))
            if type_.tz is None:
                raise ValueError("its times have no zone") from None
            moment = moment.cast(type_)
        return _by_value(sign, moment)
    if kinds.is_time(type_):
        return _by_value(sign, pa.scalar(written).cast(pa.time64("ns")), cast=pa.time64("ns"))
    raise ValueError("it can only be searched (~) or asked whether it is null")


def _wide_decimal(type_: Any) -> Any:
    """Room for what a person types beside the column's own digits."""
    return pa.decimal256(min(76, type_.precision + 12 + max(0, -type_.scale)), max(0, type_.scale))


def _number(written: str) -> Decimal:
    try:
        number = Decimal(written.replace("_", "").replace(",", ""))
    except InvalidOperation:
        raise ValueError(f"{written!r} is no number") from None
    if not number.is_finite():
        raise ValueError(f"{written!r} is no number of this kind")
    return number


def _always(values: Any, *, answer: bool) -> Any:
    """The same answer for every value, but none for null."""
    return pc.if_else(pc.is_valid(values), pa.scalar(answer), pa.scalar(None, pa.bool_()))
