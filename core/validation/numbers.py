"""Kernels for integers, floats and decimals, from text and from typed columns."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from casparian.core.validation.arrow_types import arrow_type
from casparian.core.validation.blocks import at_once, mask_by_blocks, plain_or_not
from casparian.core.validation.kernel import (
    Converted,
    accepted,
    all_of,
    both,
    every,
    filled,
    masked,
    matches,
    only,
    refused,
    within,
)
from casparian.core.validation.plain_numbers import (
    clean_floats,
    clean_integers,
    plain_floats,
    plain_integers,
)

if TYPE_CHECKING:
    from casparian.core.contract.model import Column
    from casparian.core.contract.types import ColumnType

INT_TEXT: Final = "0|-?[1-9][0-9]{0,4299}"
"""An integer cell of the guest, which writes longer ones in hexadecimal."""

_BYTES_OF_INT64: Final = 18
"""So many digits, or a minus among them, are an int64, whatever they are."""
_MOST_BYTES_OF_64_BITS: Final = 20
"""No integer of 64 bits, signed or not, is written with more."""

_JSON_NUMBER: Final = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
_ZERO: Final = r"-?0(?:\.0+)?(?:[eE][+-]?[0-9]+)?"
_FLOAT_CELL: Final = r"-?(?:[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?|inf)|nan"
_PLAIN: Final = r"-?[0-9]+(?:\.[0-9]+)?"
_SCIENTIFIC: Final = r"-?[0-9]+(?:\.[0-9]+)?[eE][+-]?[0-9]{1,18}"


def respelled(texts: pa.Array, column: Column) -> pa.Array:
    """Undo the spellings that the column allows; texts that don't fit them become null-free junk.

    What comes out is judged by the strict grammar. A text that the allowed spellings don't
    cover comes out as the empty text, which no number's grammar takes.
    """
    if not (column.plus or column.leading_zeros or column.thousands or column.decimal_point):
        return texts
    is_int = column.type.family == "int"
    mark = _escaped(column.thousands) if column.thousands else ""
    point = column.decimal_point or "."
    whole = f"(?:[0-9]{{1,3}}(?:{mark}[0-9]{{3}})+|[0-9]+)" if mark else "[0-9]+"
    fraction = "" if is_int else f"(?:{_escaped(point)}[0-9]+)?"
    exponent = "(?:[eE][+-]?[0-9]+)?" if column.type.family == "float" else ""
    sign = "[+-]?" if column.plus else "-?"
    ok = matches(texts, f"{sign}{whole}{fraction}{exponent}")
    texts = pc.if_else(ok, texts, pa.scalar(""))
    if column.plus:
        texts = pc.replace_substring_regex(texts, r"\A\+", "")
    if column.thousands:
        texts = pc.replace_substring(texts, column.thousands, "")
    if point != "." and not is_int:
        texts = pc.replace_substring(texts, point, ".")
    if column.leading_zeros:
        texts = pc.replace_substring_regex(texts, r"\A(-?)0+([0-9])", r"\1\2")
    return texts


def _escaped(mark: str) -> str:
    # RE2 takes a backslash before punctuation only, so anything beyond ASCII stands as it is.
    return f"\\{mark}" if mark.isascii() and not mark.isspace() and mark != "_" else mark


# Integers


def int_from_text(texts: pa.Array, type_: ColumnType) -> Converted:
    """Read canonical integers in range."""
    target = arrow_type(type_)
    low, high = type_.int_range

    def in_range(values: pa.Array) -> Converted:
        ok = within(values, low, high)
        return masked(ok, values if target == pa.int64() else only(values, ok).cast(target))

    def read(plain: pa.Array) -> Converted:
        return in_range(plain.cast(pa.int64()))

    def judge(others: pa.Array) -> Converted:
        return _other_integers(others, type_)

    values = at_once(texts, pa.int64(), clean_integers)
    if values is not None:
        return in_range(values)

    return plain_or_not(texts, mask_by_blocks(texts, plain_integers), read, judge)


def _other_integers(texts: pa.Array, type_: ColumnType) -> Converted:
    """Read any integers; those too long to be surely an int64 one by one."""
    target = arrow_type(type_)
    low, high = type_.int_range
    integers = matches(texts, "0|-?[1-9][0-9]*")
    if not pc.any(integers).as_py():
        return refused(texts, target)
    sizes = pc.fill_null(pc.binary_length(texts), 0)
    short = pc.and_(integers, pc.less_equal(sizes, _BYTES_OF_INT64))
    converted = refused(texts, target)
    if pc.any(short).as_py():
        values = only(texts, short).cast(pa.int64())
        ok = both(short, within(values, low, high))
        converted = masked(ok, only(values, ok).cast(target))
    long = pc.and_(integers, within(sizes, _BYTES_OF_INT64 + 1, _MOST_BYTES_OF_64_BITS))
    if type_.bits < 64 or not pc.any(long).as_py():
        return converted
    numbers = [int(text) for text in texts.filter(long).to_pylist()]
    fitting = [number if low <= number <= high else None for number in numbers]
    return Converted(
        pc.replace_with_mask(converted.ok, long, pa.array([n is not None for n in fitting])),
        pc.replace_with_mask(converted.values, long, pa.array(fitting, target)),
    )


def int_from_int(numbers: pa.Array, type_: ColumnType) -> Converted:
    """Pass integers that are in range."""
    if numbers.type == arrow_type(type_):
        return accepted(numbers)
    ok = within(numbers, *type_.int_range)
    return masked(ok, only(numbers, ok).cast(arrow_type(type_)))


def int_from_float(numbers: pa.Array, type_: ColumnType) -> Converted:
    """Pass finite integral floats up to 2**53 in size; beyond, neighbours can't be told apart."""
    wide = numbers.cast(pa.float64())
    exact = pc.and_(pc.equal(pc.floor(wide), wide), pc.less_equal(pc.abs(wide), 2.0**53))
    exact = both(exact, pc.is_finite(wide))
    passed = int_from_int(only(wide, exact).cast(pa.int64()), type_)
    return masked(both(exact, passed.ok), passed.values)


# Floats


def float_from_text(texts: pa.Array, column: Column) -> Converted:
    """Read JSON numbers as the nearest float; infinite only by ``allow_inf``."""
    target = arrow_type(column.type)
    strict = respelled(texts, column)
    converted = _floats(strict, target)
    if not (column.allow_nan or column.allow_inf) or all_of(converted.ok):
        return converted
    special = []
    if column.allow_nan:
        special.append("nan|NaN|NAN")
    if column.allow_inf:
        sign = "[+-]?" if column.plus else "-?"
        special.append(f"{sign}(?:inf|Inf|INF|infinity|Infinity|INFINITY)")
    is_special = pc.and_(pc.invert(converted.ok), matches(texts, "|".join(special)))
    read = pc.replace_substring_regex(pc.utf8_lower(texts.filter(is_special)), r"\A\+", "")
    numbers = pc.replace_substring(read, "infinity", "inf").cast(target)
    return Converted(
        pc.or_(converted.ok, is_special),
        pc.replace_with_mask(converted.values, is_special, numbers),
    )


def _floats(texts: pa.Array, target: pa.DataType) -> Converted:
    def read(plain: pa.Array) -> Converted:
        return accepted(plain.cast(target))

    def judge(others: pa.Array) -> Converted:
        return _other_floats(others, target)

    values = at_once(texts, target, clean_floats)
    if values is not None:
        return accepted(values)

    return plain_or_not(texts, mask_by_blocks(texts, plain_floats), read, judge)


def _other_floats(texts: pa.Array, target: pa.DataType) -> Converted:
    ok = matches(texts, _JSON_NUMBER)
    if not pc.any(ok).as_py():
        return refused(texts, target)
    values = only(texts, ok).cast(target)
    ok = both(ok, both(pc.is_finite(values), _not_underflown(texts, values)))
    return masked(ok, values)


def _not_underflown(texts: pa.Array, values: pa.Array) -> pa.Array:
    """Return a mask that is false where a number that isn't zero became zero."""
    zero = filled(pc.equal(values, 0), False)
    if not pc.any(zero).as_py():
        return every(len(values), True)
    nothing = matches(texts.filter(zero), _ZERO)
    return pc.replace_with_mask(every(len(values), True), zero, nothing)


def float_from_int(numbers: pa.Array, type_: ColumnType) -> Converted:
    """Pass integers that a float of this width holds exactly, whatever they are."""
    exact = 2**53 if type_.bits == 64 else 2**24
    ok = within(numbers, -exact, exact)
    return masked(ok, only(numbers, ok).cast(arrow_type(type_)))


def float_from_float(numbers: pa.Array, column: Column) -> Converted:
    """Pass floats that stay the same; NaN and infinity only if allowed."""
    target = arrow_type(column.type)
    if numbers.type == target and not (column.allow_nan or column.allow_inf):
        return masked(pc.is_finite(numbers), numbers)
    values = numbers.cast(target, safe=False)
    is_nan, is_inf = pc.is_nan(numbers), pc.is_inf(numbers)
    ok = pc.or_(is_nan, pc.equal(values.cast(pa.float64()), numbers.cast(pa.float64())))
    if not column.allow_nan:
        ok = pc.and_(ok, pc.invert(is_nan))
    if not column.allow_inf:
        ok = pc.and_(ok, pc.invert(is_inf))
    return masked(ok, values)


def floats_of_cells(texts: pa.Array) -> Converted:
    """Read what a guest wrote for floats: repr, inf, nan."""
    ok = matches(texts, _FLOAT_CELL)
    return masked(ok, only(texts, ok).cast(pa.float64()))


# Decimals


def decimal_from_text(texts: pa.Array, type_: ColumnType) -> Converted:
    """Read an optional minus and plain digits that fit; the mask makes Arrow's cast safe."""
    digits = type_.precision - type_.scale
    whole = f"(?:0|[1-9][0-9]{{0,{digits - 1}}})" if digits else "0"
    fraction = f"(?:\\.[0-9]{{1,{type_.scale}}})?" if type_.scale else ""
    ok = matches(texts, f"-?{whole}{fraction}")
    return masked(ok, only(texts, ok).cast(arrow_type(type_)))


def decimal_from_number(numbers: pa.Array, type_: ColumnType) -> Converted:
    """Pass typed integers, decimals or floats (these by their shortest spelling) that fit."""
    if numbers.type == arrow_type(type_):
        return accepted(numbers)
    if pa.types.is_float16(numbers.type):
        numbers = numbers.cast(pa.float32())
    return decimal_from_spelling(numbers.cast(pa.string()), type_)


def decimal_from_spelling(texts: pa.Array, type_: ColumnType) -> Converted:
    """Read numbers in plain or scientific notation by their value: trailing zeros don't count."""
    scientific = pc.and_kleene(pc.invert(matches(texts, _PLAIN)), matches(texts, _SCIENTIFIC))
    if pc.any(scientific).as_py():
        plain = [_positional(text) for text in texts.filter(scientific).to_pylist()]
        texts = pc.replace_with_mask(texts, scientific, pa.array(plain, pa.string()))
    texts = pc.replace_substring_regex(texts, r"\A(-?[0-9]+\.[0-9]*?)0+\z", r"\1")
    texts = pc.replace_substring_regex(texts, r"\A(-?[0-9]+)\.\z", r"\1")
    texts = pc.replace_substring_regex(texts, r"\A(-?)0+([0-9])", r"\1\2")
    return decimal_from_text(texts, type_)


def _positional(text: str) -> str:
    """Write 1E+3 as 1000; what no decimal of 38 digits could hold becomes the empty text."""
    number = Decimal(text)
    if number.is_zero():
        return "0"
    return format(number, "f") if -80 < number.adjusted() < 80 else ""
