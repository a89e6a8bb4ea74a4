"""From the evidence to one definition per column, with what speaks for it and what is open."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce
from typing import TYPE_CHECKING, Final

from casparian.core.contract.model import Column
from casparian.core.contract.type_text import parse_type
from casparian.core.inference.names import is_identifier
from casparian.core.inference.near_misses import half_zoned, marked_numbers
from casparian.core.inference.placeholders import flag_tokens
from casparian.core.inference.rivals import rivals
from casparian.core.inference.sentences import (
    cell,
    exceptions,
    options_of,
    padding,
    proof,
    shown,
    times,
)
from casparian.core.inference.typed import MOST_DIGITS, type_of, wider
from casparian.core.words import counted

if TYPE_CHECKING:
    import pyarrow as pa

    from casparian.core.inference.candidates import Candidate
    from casparian.core.inference.evidence import Evidence

SHARE: Final = 0.01
"""Of a column's cells, this share at most may speak against a type that is proposed anyway."""

_LONG_NUMBER: Final = 15
"""Digits: longer numbers of one length are identifiers, and a float holds no more for sure."""
_REPR_DIGITS: Final = 17
"""Digits that a float is written with at most."""
_ENOUGH: Final = 50
"""Rows per different value from which a few values look like all there are."""
_HEADROOM: Final = 2
"""Digits before the point that a decimal gets beyond the longest seen."""
_MOST_SCALE: Final = 6
_MONEY: Final = 2
"""Digits after the point that amounts of money have."""
_FEW: Final = 10
"""Of fewer numbers, the same length of all fractions may be chance."""


@dataclass(frozen=True, slots=True)
class InferredColumn:
    """A proposal: the column, why, what a person must decide, and what it would refuse.

    ``refused`` is how many cells of the sample the proposal quarantines; ``evidence`` tells them.
    """

    column: Column
    evidence: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    refused: int = 0

    def comments(self) -> list[str]:
        """Return the lines that stand above the column in a contract.toml."""
        return [*self.evidence, *(f"QUESTION: {question}" for question in self.questions)]


def choose(seen: Evidence) -> InferredColumn:
    """Propose a definition for a column."""
    if not seen.cells:
        return _nothing(seen)
    if not seen.texts:
        own = _own_type(seen)
        if own is not None:
            return own
    flag = _flag(seen)
    if flag is not None:
        return flag
    fitting = [
        candidate
        for candidate in seen.candidates
        if not candidate.dropped
        and candidate.against <= (0 if candidate.exact_only else SHARE * seen.cells)
    ]
    if not fitting:
        return _text(seen, _nearest(seen), half_zoned(seen) or marked_numbers(seen))
    best = min(fitting, key=lambda candidate: candidate.against)
    if best.stays_text:
        found = next((e for e in _plain_int(seen).examples if e not in best.examples), None)
        first = f"{cell(*found)}: " if found else ""
        return _text(seen, f"{first}{best.stays_text}")
    if best.family == "int" and not seen.kinds:
        why = _identifier(seen, best)
        if why:
            return _text(seen, why)
    compact = next((c for c in fitting if c.exact_only), None)
    if compact is not None and best.family == "int":
        return _compact(seen, compact)
    others = rivals(best, fitting)
    if others:
        return _undecided(seen, [best, *others])
    return _typed(seen, best)


def _nothing(seen: Evidence) -> InferredColumn:
    """Propose something for a column without values."""
    types = [type_of(type_) for type_ in seen.empty_types]
    known = [type_ for type_ in types if type_ is not None and type_.name not in _VAGUE]
    nullable = bool(seen.nulls or seen.placeholders)
    if not seen.rows:
        question = "there are no rows: is this its type?"
    else:
        found = [shown(text) for text in sorted(seen.placeholders)] + ["null"] * bool(seen.nulls)
        question = f"which type is it? All {counted(seen.rows, 'cell')} are {' or '.join(found)}"
    if len(known) == 1 and not seen.placeholders:
        return InferredColumn(Column(seen.name, known[0], nullable=nullable), (), (question,))
    tokens = ("",) if "" in seen.placeholders else ()
    nullable = bool(seen.nulls or tokens)
    string = parse_type("string", where=seen.name)
    column = Column(seen.name, string, nullable=nullable, null_tokens=tokens)
    if tokens and seen.padded:
        column = replace(column, trim=True)
    return InferredColumn(column, (), (question,))


_VAGUE: Final = frozenset({"string", "float64"})
"""What an empty column of a frame is, whatever it would hold."""


def _own_type(seen: Evidence) -> InferredColumn | None:
    """Propose to keep the type that all parts have; None if they have none in common."""
    common: pa.DataType | None = reduce(
        lambda one, other: None if one is None else wider(one, other), seen.types[1:], seen.types[0]
    )
    if common is None:
        return None
    type_ = type_of(common)
    if type_ is None:
        return None if seen.as_text is not None else _impossible(seen, common)
    column = Column(seen.name, type_, nullable=bool(seen.nulls))
    evidence = [f"comes typed as {common}", *_nulls(seen)]
    questions: list[str] = []
    if seen.has_nan:
        column = replace(column, allow_nan=True)
        questions.append("some values are NaN: is that right? If not, take allow_nan away")
    if seen.has_inf:
        column = replace(column, allow_inf=True)
        questions.append("some values are infinite: is that right? If not, take allow_inf away")
    if type_.family == "float" and seen.whole:
        questions.append("all values are whole numbers: is it int64?")
    if seen.own_refused:
        evidence.append(f"would be quarantined: {counted(seen.own_refused, 'cell')} out of range")
        questions.append("are these cells wrong?")
    return InferredColumn(column, tuple(evidence), tuple(questions), seen.own_refused)


def _impossible(seen: Evidence, common: pa.DataType) -> InferredColumn:
    column = Column(seen.name, parse_type("string", where=seen.name), nullable=bool(seen.nulls))
    question = (
        f"no type of a contract holds {common}: convert it in the parser, else each run fails"
    )
    return InferredColumn(column, (), (question,), seen.cells)


def _flag(seen: Evidence) -> InferredColumn | None:
    """Propose bool for words such as yes and no, spelled as they are."""
    if seen.values is None:
        return None
    usual = [t for t, (count, _) in seen.values.items() if count > SHARE * seen.cells]
    tokens = flag_tokens(seen.values) or flag_tokens(usual)
    if tokens is None:
        return None
    true, false = tokens
    wrong = {t: at for t, at in seen.values.items() if t not in (*true, *false)}
    against = sum(count for count, _ in wrong.values())
    if against > SHARE * seen.cells:
        return None
    column = Column(
        seen.name, parse_type("bool", where=seen.name), true_tokens=true, false_tokens=false
    )
    if {*true, *false} <= {"true", "True", "TRUE", "false", "False", "FALSE"}:
        column = replace(column, true_tokens=(), false_tokens=())
    examples = sorted((row, text) for text, (_, row) in wrong.items())
    spellings = ", ".join(f"{shown(t)} {times(seen.values[t][0])}" for t in (*true, *false))
    return _finished(seen, column, [f"only {spellings}"], [], against, examples)


def _identifier(seen: Evidence, best: Candidate) -> str:
    """Say why whole numbers are no amounts; empty if they may be."""
    if is_identifier(seen.name):
        return (
            f"its name says that it identifies; {_share(seen, best)} would fit {best.column.type}"
        )
    length = best.digits.one_length if best.digits is not None else None
    if length is not None and length > _LONG_NUMBER:
        return f"numbers of {length} digits each: they identify, and don't count"
    return ""


def _compact(seen: Evidence, best: Candidate) -> InferredColumn:
    proposed = _typed(seen, best)
    question = "are these days, or plain numbers? As numbers: int64"
    column = replace(proposed.column, min=None, max=None)
    return replace(proposed, column=column, questions=(*proposed.questions, question))


def _undecided(seen: Evidence, candidates: list[Candidate]) -> InferredColumn:
    ways = " or ".join(_way(candidate.column) for candidate in candidates)
    which = "which is first, day or month" if candidates[0].column.formats else "which is it"
    fit = _share(seen, candidates[0])
    return _text(seen, f"{fit} fit {len(candidates)} readings", f"{which}? {ways}")


def _way(column: Column) -> str:
    options = options_of(column)
    return f'{{ type = "{column.type}"{", " if options else ""}{options} }}'


def _text(seen: Evidence, why: str, question: str = "") -> InferredColumn:
    """Propose to keep the texts as they are."""
    column = Column(
        seen.name,
        parse_type("string", where=seen.name),
        nullable=bool(seen.nulls),
        stringify=bool(seen.kinds),
    )
    evidence = [why] if why else []
    questions = [question] if question else []
    if seen.kinds:
        kinds = ", ".join(sorted(seen.kinds))
        evidence.append(f"some cells are no text but {kinds}: stringify writes them as text")
    evidence += _nulls(seen)
    if seen.placeholders:
        found = ", ".join(f"{shown(t)} {times(n)}" for t, n in sorted(seen.placeholders.items()))
        evidence.append(f"kept as texts: {found}; null_tokens would make them null")
    if seen.padded:
        evidence.append(f"{padding(seen)}, which is kept; trim = true takes it off")
    values = seen.values
    few = values is not None and len(values) > 1 and seen.rows >= _ENOUGH * len(values)
    if values is not None and few and not why:
        listed = options_of(replace(column, stringify=False, enum=tuple(sorted(values))))
        questions.append(f"are these all there may be? {listed}")
    refused = seen.cells if seen.as_text is None else seen.as_text.against
    if seen.as_text is None:
        questions.append("the types of its parts have none in common, so each run would fail")
    elif refused:
        evidence.append(f"would be quarantined: {exceptions(seen, seen.as_text, column)}")
        questions.append("should these cells be something else?")
    return InferredColumn(column, tuple(evidence), tuple(questions), refused)


def _nearest(seen: Evidence) -> str:
    """Say which type most cells have, and what speaks against it; empty if there is none."""
    likely = [c for c in seen.candidates if not c.dropped and c.against < seen.cells / 2]
    likely = [c for c in likely if not c.stays_text and not c.exact_only]
    if not likely:
        return ""
    best = min(likely, key=lambda candidate: candidate.against)
    return exceptions(seen, best, best.column)


def _typed(seen: Evidence, best: Candidate) -> InferredColumn:
    column, note = _numbers(seen, best)
    if column is None:
        return _text(seen, note)
    verb = "is" if seen.cells == 1 else "are"
    evidence = [f"{_share(seen, best)} {verb} {column.type}"]
    if options_of(column):
        evidence[0] += f" with {options_of(replace(column, min=None, max=None))}"
    if note:
        evidence.append(note)
    proven = proof(best, seen.candidates)
    if proven:
        evidence.append(proven)
    questions: list[str] = []
    if column.type.family == "int" and seen.values is not None and set(seen.values) == {"0", "1"}:
        tokens = 'true_tokens = ["1"], false_tokens = ["0"]'
        questions.append(f"only 0 and 1: is it a flag? bool with {tokens}")
    if best.doubted:
        first = cell(*min(best.doubts))
        bare = f"{counted(best.doubted, 'cell')} no object or array, e.g. {first}"
        questions.append(f"{bare}: meant so? Each is {column.type} as well")
    return _finished(seen, column, evidence, questions, best.refused, best.examples)


def _finished(
    seen: Evidence,
    column: Column,
    evidence: list[str],
    questions: list[str],
    against: int,
    examples: list[tuple[int, str]],
) -> InferredColumn:
    """Add what texts around the values need: white space, placeholders, cells that don't fit."""
    tokens = tuple(sorted(seen.placeholders))
    column = replace(
        column, trim=bool(seen.padded), nullable=bool(seen.nulls or tokens), null_tokens=tokens
    )
    evidence += _nulls(seen)
    if seen.placeholders[""]:
        evidence.append(f"empty {times(seen.placeholders[''])}, read as null")
    guessed = {text: count for text, count in sorted(seen.placeholders.items()) if text}
    if guessed:
        found = ", ".join(f"{shown(text)} {times(count)}" for text, count in guessed.items())
        questions.append(f"do these stand for null? {found}")
    if seen.padded:
        evidence.append(padding(seen))
    if against:
        first = f", e.g. {cell(*min(examples))}" if examples else ""
        evidence.append(f"would be quarantined: {counted(against, 'cell')}{first}")
        questions.append(f"are these cells wrong? If not, {column.type} is not its type")
    return InferredColumn(column, tuple(evidence), tuple(questions), against)


def _numbers(seen: Evidence, best: Candidate) -> tuple[Column | None, str]:
    """Refine a float: amounts with a fixed number of fraction digits are decimals.

    Returns the column and a note, or None and why it is to stay text.
    """
    column, digits = best.column, best.digits
    if column.type.family != "float" or digits is None or not digits.plain or not digits.fraction:
        return column, ""
    whole, scale = max(digits.whole), max(digits.fraction)
    fixed = len(digits.fraction) == 1 and 0 < scale <= _MOST_SCALE
    fixed = fixed and (scale == _MONEY or seen.cells >= _FEW)
    precision = max(whole + scale, min(whole + _HEADROOM + scale, MOST_DIGITS))
    if any(kind.startswith("float") for kind in seen.kinds):  # a decimal refuses what comes so
        if whole > _LONG_NUMBER or whole + scale > _REPR_DIGITS:
            return (
                None,
                f"floats beside numbers of up to {whole + scale} digits, more than they keep",
            )
        return column, ""
    if digits.only_zeros and digits.fraction == {1}:
        return column, "whole numbers, written with .0"
    if fixed and precision <= MOST_DIGITS:
        note = f"always {counted(scale, 'digit')} after the point, at most {whole} before it"
        return _decimal(column, precision, scale), note
    if whole > _LONG_NUMBER or whole + scale > _REPR_DIGITS:
        if precision > MOST_DIGITS:
            return None, f"numbers of up to {whole + scale} digits, more than any type holds"
        note = f"up to {whole + scale} digits, more than a float64 keeps"
        return _decimal(column, precision, scale), note
    if 0 < scale <= _MONEY:
        exact = _decimal(column, precision, scale).type
        return column, f"at most {counted(scale, 'digit')} after the point: {exact} would fit, too"
    return column, ""


def _decimal(column: Column, precision: int, scale: int) -> Column:
    type_ = parse_type(f"decimal({precision},{scale})", where=column.name)
    return replace(column, type=type_)


def _plain_int(seen: Evidence) -> Candidate:
    return next(c for c in seen.candidates if c.family == "int" and not options_of(c.column))


def _share(seen: Evidence, candidate: Candidate) -> str:
    if not candidate.refused:
        return "its only value" if seen.cells == 1 else f"all {seen.cells:,} values"
    return f"{seen.cells - candidate.refused:,} of {seen.cells:,} values"


def _nulls(seen: Evidence) -> list[str]:
    return [f"{seen.nulls:,} of {seen.rows:,} are null"] if seen.nulls else []
