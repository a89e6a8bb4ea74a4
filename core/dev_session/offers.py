"""What would let a column pass: changes of the contract that a person can take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from casparian.core.contract.toml_text import key_toml, value_toml
from casparian.core.validation.hint_options import option_before_advice, options_of_hint
from casparian.core.words import counted

if TYPE_CHECKING:
    from casparian.core.dev_session.results import RunResult

_ISO_DAY: Final = "%Y-%m-%d"


@dataclass(frozen=True, slots=True)
class Offer:
    """A change of the contract file, and why it is offered.

    ``options`` are a column's, or of its output if the change is of ``"output"``. Of a ``"new"``
    column ``definition`` is what it is to be declared as.
    """

    why: str
    options: dict[str, Any]
    change: Literal["column", "new", "output"] = "column"
    definition: str = ""

    @property
    def words(self) -> str:
        """The change as TOML."""
        if self.definition:
            return self.definition
        return ", ".join(f"{name} = {value_toml(value)}" for name, value in self.options.items())


def offers_of(result: RunResult, output: str, column: str) -> list[Offer]:
    """Return what would let a column pass, one for each reading.

    Of a column that nobody expects: to declare it, or to leave out what isn't declared. Of one
    whose type can't become the declared one: what the error names. Else what the hints of its bad
    cells name; most cells first. The options let at least one cell pass.
    """
    error = result.report.error
    if _is_unexpected(result, output, column):
        return _of_unexpected(result, output, column)
    offers: list[Offer] = []
    if error is not None and error.about == (output, column):
        options = option_before_advice(error.hint)
        readings = [options] if options else options_of_hint(error.hint)
        offers += [Offer("lets it pass", options) for options in readings]
    groups = [g for g in result.report.groups if (g.output, g.column) == (output, column)]
    for group in sorted(groups, key=lambda group: -group.count):
        for options in options_of_hint(group.hint):
            why = f"{counted(group.count, 'cell')} of {group.error_type}"
            offer = Offer(why, _keeping(result, output, column, options))
            if all(offer.options != known.options for known in offers):
                offers.append(offer)
    return offers


def why_no_offer(result: RunResult, output: str, column: str) -> str:
    """Say why nothing of the contract would let a column pass, which `offers_of` has none for."""
    error = result.report.error
    found = result.output(output)
    if found is not None and found.came and column not in dict(found.came):
        return f"the parser yields no column {column}: yield it, or take it out of the contract"
    if error is not None and error.about == (output, column):
        return f"no option lets {column} pass: {error.hint}"
    if any((g.output, g.column) == (output, column) for g in result.report.groups):
        return f"no option lets more cells of {column} pass: mend the parser, or the data"
    return f"no cell of {column} is bad"


def _is_unexpected(result: RunResult, output: str, column: str) -> bool:
    declared = None if result.contract is None else result.contract.output(output)
    found = result.output(output)
    if declared is None or found is None or declared.extra_columns != "fail":
        return False
    is_declared = any(one.name == column for one in declared.columns)
    return not is_declared and column in dict(found.came)


def _of_unexpected(result: RunResult, output: str, column: str) -> list[Offer]:
    found = result.output(output)
    assert found is not None
    offers = []
    definition = dict(found.definitions).get(column)
    if definition and not column.startswith("_cf_"):
        said = f"{key_toml(column)} = {definition}"
        offers.append(Offer("declares it as it comes", {}, "new", said))
    if not column.startswith("_cf_"):
        leaves_out = Offer("leaves out what isn't declared", {"extra_columns": "drop"}, "output")
        offers.append(leaves_out)
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
