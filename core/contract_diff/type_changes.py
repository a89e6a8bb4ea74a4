"""From one type to another: whether every value stays what it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casparian.core.contract_diff.verdict import lost_and_won, worst

if TYPE_CHECKING:
    from casparian.core.contract.types import ColumnType
    from casparian.core.contract_diff.verdict import Judged, Verdict


def type_verdict(old: ColumnType, new: ColumnType) -> Judged:
    """Judge a change of type: a wider one of the same kind is compatible, another is breaking."""
    told = f"was {old} and is {new}"
    if old.family == new.family == "enum":
        return _enum(old, new)
    if old.family == "enum" and new.family == "string":
        return "compatible", f"{told}: any text is taken now"
    if old.family == "string" and new.family == "enum":
        return "tightening", f"{told}: only {len(new.values)} values are taken now"
    if old.family == new.family == "list":
        assert old.item is not None
        assert new.item is not None
        return _part(old.item, new.item, (old.item_nullable, new.item_nullable)), told
    if old.family == new.family == "struct":
        return _struct(old, new), told
    if old.family == new.family == "float" and old.bits < new.bits:
        return "breaking", f"{told}: texts such as 0.1 become other numbers, the nearer ones"
    return ("compatible" if is_wider(old, new) else "breaking"), told


def is_wider(old: ColumnType, new: ColumnType) -> bool:
    """Say whether ``new`` reads all that ``old`` reads, as the same value of the same kind."""
    if old == new:
        return True
    if old.family != new.family:
        return False
    if old.family == "int":
        (old_low, old_high), (new_low, new_high) = old.int_range, new.int_range
        return new_low <= old_low and old_high <= new_high
    if old.family == "decimal":
        digits = new.precision - new.scale >= old.precision - old.scale
        return digits and new.scale >= old.scale
    return False


def _enum(old: ColumnType, new: ColumnType) -> Judged:
    lost = [repr(value) for value in old.values if value not in new.values]
    won = [repr(value) for value in new.values if value not in old.values]
    return ("tightening" if lost else "compatible"), lost_and_won("values", lost, won)


def _part(old: ColumnType, new: ColumnType, nullable: tuple[bool, bool]) -> Verdict:
    """Judge what lies in a list or struct: its type, and whether it may be null before and now."""
    verdicts: list[Verdict] = ["compatible" if old == new else type_verdict(old, new)[0]]
    if nullable == (True, False):
        verdicts.append("tightening")
    return worst(verdicts)


def _struct(old: ColumnType, new: ColumnType) -> Verdict:
    before = {field.name: field for field in old.fields}
    after = {field.name: field for field in new.fields}
    verdicts: list[Verdict] = ["breaking"] if before.keys() - after.keys() else []
    for name, field in after.items():
        was = before.get(name)
        if was is None:
            verdicts.append("compatible" if field.nullable else "breaking")
        else:
            verdicts.append(_part(was.type, field.type, (was.nullable, field.nullable)))
    return worst(verdicts)
