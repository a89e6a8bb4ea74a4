"""From one value of a column's option to another: what passes no longer, or as something else."""

from __future__ import annotations

import struct
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from casparian.core.contract.grammar import read_duration, read_time, read_timestamp
from casparian.core.contract.model import DEFAULT_FALSE, DEFAULT_TRUE, plain
from casparian.core.contract.types import UNIT_DIGITS
from casparian.core.contract_diff.format_changes import formats_verdict
from casparian.core.contract_diff.verdict import lost_and_won, worst
from casparian.core.validation.cells import Cell
from casparian.core.validation.oracle import judge
from casparian.core.validation.oracle_texts import TRIMMED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from casparian.core.contract.model import Bound, Column
    from casparian.core.contract_diff.verdict import Judged, Verdict


def _looser(flag: bool, yes: str, no: str) -> Judged:
    return ("compatible", yes) if flag else ("tightening", no)


def _flag(what: str) -> Callable[[Column, Column], Judged]:
    """Judge a relaxation that lets more texts or values in, and reads all others as before."""

    def judge_flag(_old: Column, new: Column) -> Judged:
        return _looser(bool(getattr(new, what)), f"{what} is on now", f"{what} is off now")

    return judge_flag


def _words(old: Column, new: Column, words: Iterable[str]) -> tuple[Verdict, str]:
    """Judge single texts: whether each still passes, as the same value. Says which does not."""
    verdict: Verdict = "compatible"
    told = ""
    for word in words:
        cell = Cell("str", word)
        before, after = judge(cell, old), judge(cell, new)
        if before.reasons:
            continue
        if not after.reasons and _key(before.value) != _key(after.value):
            values = [_value(before.value), _value(after.value)]
            return "breaking", f"{word!r} was {values[0]} and is {values[1]}"
        if after.reasons and not told:
            verdict, told = "tightening", f"{word!r} is refused"
    return verdict, told


def _key(value: object) -> object:
    """Return what two values have in common only if they are the same."""
    if isinstance(value, float):
        return struct.pack("d", value)
    return (isinstance(value, bool), value)


def _value(value: object) -> str:
    if value is None:
        return "null"
    return str(plain(value)) if isinstance(value, Decimal) else repr(plain(value))


def _listed_words(column: Column) -> list[str]:
    """Return all texts that a column names."""
    words = [*column.null_tokens, *column.true_tokens, *column.false_tokens, *column.type.values]
    return words + [value for value in column.enum or () if isinstance(value, str)]


def _takes_any_text(column: Column) -> bool:
    return column.type.family == "string" and column.enum is None


def _trim(old: Column, new: Column) -> Judged:
    """Judge white space that is taken off now, or no longer."""
    # What was taken with white space around it: any text that was taken as it stood, or a listed
    # word, whose white space was taken off, if any text is taken as it stands now.
    any_text = _takes_any_text(old) or (not new.trim and _takes_any_text(new))
    if new.type.family == "json" or any_text:
        return "breaking", "trim: white space around texts that passed is gone, or comes back"
    verdict, told = _words(old, new, [*_listed_words(old), *_listed_words(new)])
    verdicts = [verdict]
    if not new.trim:
        verdicts.append("tightening")
    elif any(format_ != format_.strip(TRIMMED) for format_ in new.formats):
        verdicts.append("tightening")
        told = told or "a format begins or ends with white space, which is taken off"
    return worst(verdicts), f"trim is {'on' if new.trim else 'off'} now{told and ': '}{told}"


def _tokens(what: str, default: tuple[str, ...]) -> Callable[[Column, Column], Judged]:
    """Judge texts that are taken for null, true or false."""

    def judge_tokens(old: Column, new: Column) -> Judged:
        was, now = getattr(old, what) or default, getattr(new, what) or default
        lost = [word for word in was if word not in now]
        won = [word for word in now if word not in was]
        verdict, told = _words(old, new, [*lost, *won])
        sentence = lost_and_won(what, list(map(repr, lost)), list(map(repr, won)))
        return verdict, f"{sentence}, so that {told}" if told else sentence

    return judge_tokens


def _bound(what: str, *, higher_is_tighter: bool) -> Callable[[Column, Column], Judged]:
    def judge_bound(old: Column, new: Column) -> Judged:
        before, after = getattr(old, what), getattr(new, what)
        if after is None:
            return "compatible", f"{what} {before} is gone"
        if before is None:
            return "tightening", f"{what} is {after} now"
        was, now = _comparable(before, old), _comparable(after, new)
        raised, lowered = now > was, now < was  # type: ignore[operator]
        tighter = raised if higher_is_tighter else lowered
        return _looser(not tighter, *[f"{what} was {before} and is {after}"] * 2)

    return judge_bound


def _comparable(bound: Bound, column: Column) -> object:
    """Return a bound as what it is compared by, whatever its spelling and its unit."""
    read = {"timestamp": read_timestamp, "time": read_time, "duration": read_duration}.get(
        column.type.family
    )
    if read is None:
        return bound
    return Fraction(read(str(bound), column.type), 10 ** UNIT_DIGITS[column.type.unit])


def _enum(old: Column, new: Column) -> Judged:
    if new.enum is None:
        return "compatible", "any value is taken now"
    if old.enum is None:
        return "tightening", f"only {len(new.enum)} values are taken now"
    before = {_comparable(value, old): _value(value) for value in old.enum}
    after = {_comparable(value, new): _value(value) for value in new.enum}
    lost = [told for value, told in before.items() if value not in after]
    won = [told for value, told in after.items() if value not in before]
    return _looser(not lost, *[lost_and_won("values", lost, won)] * 2)


def _pattern(_old: Column, new: Column) -> Judged:
    if new.pattern is None:
        return "compatible", "any text is taken now"
    return "tightening", f"texts must match {new.pattern} now"


def _thousands(old: Column, new: Column) -> Judged:
    # What is a number both with one mark and with another has no mark, and is the same number.
    if old.thousands is None:
        return "compatible", f"{new.thousands!r} may part thousands now"
    now = "" if new.thousands is None else f", {new.thousands!r} may"
    return "tightening", f"{old.thousands!r} may no longer part thousands{now}"


def _decimal_point(old: Column, new: Column) -> Judged:
    was, now = old.decimal_point or ".", new.decimal_point or "."
    if was == now:
        return "compatible", f"the decimal point is {now!r}, as it was"
    if old.thousands == now or new.thousands == was:
        return "breaking", "the same text may be read as another number"
    return "tightening", f"the decimal point is {now!r} now: what has {was!r} is refused"


def _assume_tz(old: Column, new: Column) -> Judged:
    if old.assume_tz is None:
        return "compatible", f"times without an offset are taken as {new.assume_tz}"
    if new.assume_tz is None:
        return "tightening", "times without an offset are refused now"
    return "breaking", f"times without an offset were {old.assume_tz} and are {new.assume_tz}"


def _ambiguous(old: Column, new: Column) -> Judged:
    if old.ambiguous == "reject":
        return "compatible", f"of two possible times the {new.ambiguous} is taken"
    if new.ambiguous == "reject":
        return "tightening", "times that could be two are refused now"
    return "breaking", f"of two possible times the {new.ambiguous} is taken now"


OPTIONS: Final[dict[str, Callable[[Column, Column], Judged]]] = {
    "nullable": lambda _, new: _looser(new.nullable, "may be null now", "may not be null now"),
    "unique": lambda _, new: _looser(
        not new.unique, "may repeat now", "may not repeat now: the first stays"
    ),
    "min": _bound("min", higher_is_tighter=True),
    "max": _bound("max", higher_is_tighter=False),
    "enum": _enum,
    "pattern": _pattern,
    "min_length": _bound("min_length", higher_is_tighter=True),
    "max_length": _bound("max_length", higher_is_tighter=False),
    "trim": _trim,
    "null_tokens": _tokens("null_tokens", ()),
    "leading_zeros": _flag("leading_zeros"),
    "plus": _flag("plus"),
    "thousands": _thousands,
    "decimal_point": _decimal_point,
    "formats": formats_verdict,
    "true_tokens": _tokens("true_tokens", DEFAULT_TRUE),
    "false_tokens": _tokens("false_tokens", DEFAULT_FALSE),
    "allow_nan": _flag("allow_nan"),
    "allow_inf": _flag("allow_inf"),
    "from_float": _flag("from_float"),
    "stringify": _flag("stringify"),
    "midnight_ok": _flag("midnight_ok"),
    "assume_tz": _assume_tz,
    "ambiguous": _ambiguous,
}
"""Every option of a column, and what a change of it means."""
