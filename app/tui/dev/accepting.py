"""Taking what would let a column pass into its contract file."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from casparian.app.tui.dev.offers_screen import OffersScreen
from casparian.core.contract.editing import change_column, change_output, declare_column
from casparian.core.contract.errors import ContractError
from casparian.core.contract.files import find_contract_file, load_contract_file
from casparian.core.dev_session.offers import Offer, offers_of, why_no_offer

if TYPE_CHECKING:
    from pathlib import Path

    from casparian.core.dev_session.results import RunResult


def why_not_accept(result: RunResult | None, place: tuple[str, str] | None, parser: Path) -> str:
    """Say why nothing can be taken for a column; empty if it can."""
    if result is None:
        return "there is no run yet"
    if not result.knows_contract:
        return without_contract(result)
    if result.contract is None:
        command = ["casparian", "contract", "infer", str(parser), str(result.sample)]
        return f"there is no contract: {shlex.join(command)} -o contract.toml proposes one"
    if place is None:
        return "go to a column of the contract, or to a reason of the quarantine"
    offers = offers_of(result, *place)
    if not offers:
        return why_no_offer(result, *place)
    if find_contract_file(parser) is None:
        words = " or ".join(offer.words for offer in offers)
        return f"the contract is in {parser.name}: e opens it; {place[1]} would pass with {words}"
    return ""


def without_contract(result: RunResult) -> str:
    """Say of a run that did not get so far that it isn't known what its rows are held to."""
    why = "" if result.report.error is None else ": 4 says why"
    return f"run {result.run} came to no contract{why}"


def accept(node: Any, result: RunResult, place: tuple[str, str], parser: Path) -> None:
    """Ask which change is meant, and write it; the save starts a run, as any other."""
    file = find_contract_file(parser)
    assert file is not None
    output, column = place
    try:
        load_contract_file(file)
    except ContractError as error:  # it was broken since the run that is looked at
        node.notify(str(error), severity="warning", markup=False)
        return

    def chosen(offer: Offer | None) -> None:
        if offer is None:
            return
        try:
            said = _write(file, output, column, offer)
        except ContractError as error:
            node.notify(str(error), severity="error", markup=False)
            return
        node.notify(f"{file.name}: {said}", markup=False)

    node.app.push_screen(OffersScreen(column, offers_of(result, output, column), file), chosen)


def _write(file: Path, output: str, column: str, offer: Offer) -> str:
    """Write a change; returns what stands there now. Raises ContractError."""
    if offer.change == "new":
        declare_column(file, output, offer.definition)
        return offer.definition
    if offer.change == "output":
        change_output(file, output, offer.options)
        return offer.words
    _, now = change_column(file, output, column, offer.options)
    return f"{column} = {now}"
