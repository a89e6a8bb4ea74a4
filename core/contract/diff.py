"""What changed from one contract to another, and what each change means for those who rely on it.

- *compatible*: what passed still passes, with the same values.
- *tightening*: what passed may now be quarantined.
- *breaking*: readers of the output find something else than before, or nothing passes without a
  change of the parser.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

from casparian.core.contract.grammar import read_duration, read_time, read_timestamp
from casparian.core.contract.model import DEFAULT_FALSE, DEFAULT_TRUE
from casparian.core.contract.type_changes import type_verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from casparian.core.contract.model import Bound, Column, Contract, OutputContract

Verdict = Literal["compatible", "tightening", "breaking"]

VERDICTS: Final[tuple[Verdict, ...]] = ("compatible", "tightening", "breaking")
"""From the mildest to the worst."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change; ``column`` is empty if it is of the output as a whole.

    ``old`` and ``new`` are plain JSON values; None where there was, or is, nothing.
    """

    output: str
    column: str
    what: str
    verdict: Verdict
    old: object
    new: object
    sentence: str


@dataclass(frozen=True, slots=True)
class ContractDiff:
    """All changes, in the order of the new contract; what is gone comes last."""

    changes: tuple[Change, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of all changes; compatible if there is none."""
        return max((c.verdict for c in self.changes), key=VERDICTS.index, default="compatible")


def diff_contracts(old: Contract, new: Contract) -> ContractDiff:
    """Compare two contracts."""
    changes: list[Change] = []
    for output in new.outputs:
        before = old.output(output.name)
        if before is None:
            sentence = f"new output of {len(output.columns)} columns"
            changes.append(Change(output.name, "", "output", "compatible", None, {}, sentence))
        else:
            changes.extend(_output(before, output))
    for output in old.outputs:
        if new.output(output.name) is None:
            sentence = "the output is gone"
            changes.append(Change(output.name, "", "output", "breaking", {}, None, sentence))
    return ContractDiff(tuple(changes))


def _output(old: OutputContract, new: OutputContract) -> Iterator[Change]:
    before = {column.name: column for column in old.columns}
    after = {column.name: column for column in new.columns}
    gone = [column for column in old.columns if column.name not in after]
    renamed: dict[str, str] = {}
    for column in new.columns:
        if column.name in before:
            continue
        was = next(
            (c.name for c in gone if c.name not in renamed.values() and _same_but_name(c, column)),
            None,
        )
        if was is not None:
            renamed[column.name] = was
    for column in new.columns:
        if column.name in before:
            yield from _column(new.name, before[column.name], column)
        elif column.name in renamed:
            was = renamed[column.name]
            sentence = f"{was!r} seems to be called {column.name!r} now"
            yield Change(new.name, column.name, "name", "breaking", was, column.name, sentence)
        else:
            yield _added(new.name, column)
    for column in gone:
        if column.name not in renamed.values():
            shown = column.canonical()
            yield Change(new.name, column.name, "column", "breaking", shown, None, "it is gone")
    yield from _whole(old, new)


def _same_but_name(one: Column, other: Column) -> bool:
    return replace(one, name=other.name) == other


def _added(output: str, column: Column) -> Change:
    shown = column.canonical()
    if column.nullable:
        sentence = f"new column, {column.type}, may be null"
        return Change(output, column.name, "column", "compatible", None, shown, sentence)
    sentence = f"new column, {column.type}, never null: what lacks it fails"
    return Change(output, column.name, "column", "breaking", None, shown, sentence)


def _whole(old: OutputContract, new: OutputContract) -> Iterator[Change]:
    """Yield changes of the output that belong to no column."""
    if old.key != new.key:
        was, now = ", ".join(old.key), ", ".join(new.key)
        if not old.key:
            verdict: Verdict = "tightening"
            sentence = f"the key {now} is new: a row that repeats it is quarantined"
        else:
            verdict = "breaking"
            sentence = f"the key was {was} and is {now}" if now else f"the key {was} is gone"
        yield Change(new.name, "", "key", verdict, list(old.key), list(new.key), sentence)
    if old.extra_columns != new.extra_columns:
        looser = new.extra_columns == "drop"
        yield Change(
            new.name,
            "",
            "extra_columns",
            "compatible" if looser else "tightening",
            old.extra_columns,
            new.extra_columns,
            "other columns are dropped" if looser else "other columns fail the output",
        )
    stayed = [c.name for c in old.columns if c.name in {n.name for n in new.columns}]
    now_order = [c.name for c in new.columns if c.name in stayed]
    if stayed != now_order:
        sentence = "columns are written in another order"
        yield Change(new.name, "", "order", "compatible", stayed, now_order, sentence)


def _column(output: str, old: Column, new: Column) -> Iterator[Change]:
    was, now = old.canonical(), new.canonical()

    def change(what: str, verdict: Verdict, sentence: str) -> Change:
        return Change(output, new.name, what, verdict, was.get(what), now.get(what), sentence)

    if old.type != new.type:
        verdict, sentence = type_verdict(old.type, new.type)
        yield change("type", verdict, sentence)
        if old.type.family != new.type.family:
            return  # options of another family of types have nothing to be compared with
    for what, judge in _OPTIONS.items():
        if getattr(old, what) != getattr(new, what):
            verdict, sentence = judge(old, new)
            yield change(what, verdict, sentence)


Judged = tuple[Verdict, str]


def _looser(flag: bool, yes: str, no: str) -> Judged:
    return ("compatible", yes) if flag else ("tightening", no)


def _flag(what: str) -> Callable[[Column, Column], Judged]:
    """Judge a relaxation that lets more texts or values in."""

    def judge(_old: Column, new: Column) -> Judged:
        return _looser(bool(getattr(new, what)), f"{what} is on now", f"{what} is off now")

    return judge


def _rereads(what: str) -> Callable[[Column, Column], Judged]:
    """Judge a relaxation that changes how texts are read that passed before."""
    letting_in = _flag(what)

    def judge(old: Column, new: Column) -> Judged:
        if new.type.family == "string":
            return "breaking", f"{what}: texts that passed come out differently"
        return letting_in(old, new)

    return judge


def _bound(what: str, *, higher_is_tighter: bool) -> Callable[[Column, Column], Judged]:
    def judge(old: Column, new: Column) -> Judged:
        before, after = getattr(old, what), getattr(new, what)
        if after is None:
            return "compatible", f"{what} {before} is gone"
        if before is None:
            return "tightening", f"{what} is {after} now"
        raised = _comparable(after, new) > _comparable(before, old)  # type: ignore[operator]
        tighter = raised == higher_is_tighter
        return _looser(not tighter, *[f"{what} was {before} and is {after}"] * 2)

    return judge


def _comparable(bound: Bound, column: Column) -> object:
    read = {"timestamp": read_timestamp, "time": read_time, "duration": read_duration}.get(
        column.type.family
    )
    return bound if read is None else read(str(bound), column.type)


def _enum(old: Column, new: Column) -> Judged:
    if new.enum is None:
        return "compatible", "any value is taken now"
    if old.enum is None:
        return "tightening", f"only {len(new.enum)} values are taken now"
    return _sets("values", old.enum, new.enum)


def _sets(what: str, old: tuple[object, ...], new: tuple[object, ...]) -> Judged:
    lost = [repr(value) for value in old if value not in new]
    won = [repr(value) for value in new if value not in old]
    parts = [f"no longer {', '.join(lost)}"] if lost else []
    parts += [f"also {', '.join(won)}"] if won else []
    return _looser(not lost, *[f"{what}: {'; '.join(parts) or 'in another order'}"] * 2)


def _pattern(_old: Column, new: Column) -> Judged:
    if new.pattern is None:
        return "compatible", "any text is taken now"
    return "tightening", f"texts must match {new.pattern} now"


def _null_tokens(old: Column, new: Column) -> Judged:
    if new.type.family == "string":
        return "breaking", "null_tokens: texts that passed come out as nulls, or the reverse"
    return _sets("null_tokens", old.null_tokens, new.null_tokens)


def _formats(old: Column, new: Column) -> Judged:
    if not old.formats:
        return "tightening", f"only {', '.join(new.formats)} are read now, ISO no longer"
    if not new.formats:
        return "tightening", "only ISO is read now"
    return _sets("formats", old.formats, new.formats)


def _tokens(old: Column, new: Column) -> Judged:
    old_true, new_true = (c.true_tokens or DEFAULT_TRUE for c in (old, new))
    old_false, new_false = (c.false_tokens or DEFAULT_FALSE for c in (old, new))
    if set(old_true) & set(new_false) or set(old_false) & set(new_true):
        return "breaking", "a token that meant one means the other now"
    return _sets("tokens", (*old_true, *old_false), (*new_true, *new_false))


def _thousands(old: Column, new: Column) -> Judged:
    if old.thousands is None and new.thousands != ".":
        return "compatible", f"{new.thousands!r} may part thousands now"
    if new.thousands is None:
        return "tightening", f"{old.thousands!r} may no longer part thousands"
    return "breaking", "the same text may be read as another number"


def _decimal_point(_old: Column, _new: Column) -> Judged:
    return "breaking", "the same text may be read as another number"


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


_OPTIONS: Final[dict[str, Callable[[Column, Column], Judged]]] = {
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
    "trim": _rereads("trim"),
    "null_tokens": _null_tokens,
    "leading_zeros": _flag("leading_zeros"),
    "plus": _flag("plus"),
    "thousands": _thousands,
    "decimal_point": _decimal_point,
    "formats": _formats,
    "true_tokens": _tokens,
    "false_tokens": _tokens,
    "allow_nan": _flag("allow_nan"),
    "allow_inf": _flag("allow_inf"),
    "from_float": _flag("from_float"),
    "stringify": _flag("stringify"),
    "midnight_ok": _flag("midnight_ok"),
    "assume_tz": _assume_tz,
    "ambiguous": _ambiguous,
}
"""Every option of a column, and what a change of it means."""
