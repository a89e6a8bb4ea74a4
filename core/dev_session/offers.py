"""What would let a column's bad cells pass: changes of the contract that a person can take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from casparian.core.contract.toml_text import value_toml
from casparian.core.validation.hint_options import options_of_hint

if TYPE_CHECKING:
    from casparian.core.dev_session.results import RunResult

_ISO_DAY: Final = "%Y-%m-%d"


@dataclass(frozen=True, slots=True)
class Offer:
    """Options for a column, as a contract file has them, and whose cells they are for.

    ``cells`` counts the cells that are bad for ``error_type``; the options let at least one pass.
    """

    error_type: str
    cells: int
    options: dict[str, Any]

    @property
    def words(self) -> str:
        """The options as TOML."""
        return ", ".join(f"{name} = {value_toml(value)}" for name, value in self.options.items())


def offers_of(result: RunResult, output: str, column: str) -> list[Offer]:
    """Return what a run's hints say of a column, one for each reading; most cells first."""
    groups = [g for g in result.report.groups if (g.output, g.column) == (output, column)]
    offers: list[Offer] = []
    for group in sorted(groups, key=lambda group: -group.count):
        for options in options_of_hint(group.hint):
            offer = Offer(group.error_type, group.count, _keeping(result, output, column, options))
            if all(offer.options != known.options for known in offers):
                offers.append(offer)
    return offers


def _keeping(
    result: RunResult, output: str, column: str, options: dict[str, Any]
) -> dict[str, Any]:
    """Add the ISO form to formats that would take its place, if days that have passed need it."""
    declared = None if result.contract is None else result.contract.output(output)
    known = {} if declared is None else {one.name: one for one in declared.columns}
    found = known.get(column)
    if "formats" not in options or found is None or found.formats or found.type.family != "date":
        return options
    passed = any(one.name == output and one.rows for one in result.report.outputs)
    if not passed or _ISO_DAY in options["formats"]:
        return options
    return {**options, "formats": [_ISO_DAY, *options["formats"]]}
