"""What changed from one contract to another, and what each change means for those who rely on it.

- *compatible*: what passed still passes, with the same values.
- *tightening*: what passed may now be quarantined; what still passes has the same values.
- *breaking*: readers of the output find something else than before, or nothing passes without a
  change of the parser.

Cells are judged, each by itself. A row that is let in now may be the first of its key, so that a
later one, which passed before, repeats it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from casparian.core.contract_diff.option_changes import OPTIONS
from casparian.core.contract_diff.type_changes import type_verdict
from casparian.core.contract_diff.verdict import VERDICTS, Verdict, worst

if TYPE_CHECKING:
    from collections.abc import Iterator

    from casparian.core.contract.model import Column, Contract, OutputContract

__all__ = ["VERDICTS", "Change", "ContractDiff", "diff_contracts", "named_alike"]


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
        return worst(change.verdict for change in self.changes)


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


def named_alike(old: Contract, new: Contract, *, nameless: bool) -> Contract:
    """Return the old contract with the new one's name for its output, if each has but one.

    ``nameless`` says that one of them has no name but that of its file, which means nothing.
    """
    if not nameless or len(old.outputs) != 1 or len(new.outputs) != 1:
        return old
    return replace(old, outputs=(replace(old.outputs[0], name=new.outputs[0].name),))


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
    may = "may be null" if column.nullable else "never null"
    sentence = f"new column, {column.type}, {may}: a frame without it fails the output"
    return Change(output, column.name, "column", "breaking", None, column.canonical(), sentence)


def _whole(old: OutputContract, new: OutputContract) -> Iterator[Change]:
    """Yield changes of the output that belong to no column."""
    if old.key != new.key:
        was, now = ", ".join(old.key), ", ".join(new.key)
        verdict: Verdict
        if set(old.key) == set(new.key):
            verdict, sentence = "compatible", f"the key was {was} and is {now}: the same columns"
        elif not old.key:
            verdict = "tightening"
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
        if verdict == "breaking" and old.type.family != new.type.family:
            return  # options of another family of types have nothing to be compared with
    for what, judge in OPTIONS.items():
        if getattr(old, what) != getattr(new, what):
            verdict, sentence = judge(old, new)
            yield change(what, verdict, sentence)
