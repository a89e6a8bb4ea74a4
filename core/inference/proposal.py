"""Proposals as a contract.toml: evidence as comments, open questions marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casparian.core.contract.model import Contract
from casparian.core.contract.toml_text import contract_toml
from casparian.core.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from casparian.core.inference.output import InferredOutput


def render_toml(outputs: Sequence[InferredOutput], *, source: str = "", broken: int = 0) -> str:
    """Return the text of a ``contract.toml``.

    ``source`` names what the rows are of; ``broken`` records of it are no rows.
    """
    comments = {
        (output.name, column.column.name): column.comments()
        for output in outputs
        for column in output.columns
    }
    rows = sum(output.rows for output in outputs)
    questions = sum(output.questions for output in outputs)
    of = f" of {source}" if source else ""
    all_rows = {0: "no row", 1: "the only row"}.get(rows, f"all {counted(rows, 'row')}")
    head = [f"# Proposed from {all_rows}{of}."]
    if broken:
        are = "is no row, and was" if broken == 1 else "are no rows, and were"
        head.append(f"# {counted(broken, 'record')} more {are} passed over.")
    if questions:
        marked = "the line marked" if questions == 1 else f"the {questions} lines marked"
        head.append(f"# Before you rely on it, decide {marked} QUESTION.")
    contract = Contract(tuple(output.contract for output in outputs))
    return "\n".join(head) + "\n\n" + contract_toml(contract, comments)
