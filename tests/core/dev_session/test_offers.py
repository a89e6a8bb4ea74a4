"""What a run's hints offer to change in the contract."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from casparian.core.contract import parse_outputs
from casparian.core.dev_session.offers import offers_of
from casparian.core.quarantine import ReasonGroup


def result(definition: Any, *groups: tuple[str, int, str], rows: int = 1) -> Any:
    contract = parse_outputs({"o": {"columns": {"x": definition}}}, parser_name="p")
    made = tuple(ReasonGroup("o", "x", kind, count, (), hint) for kind, count, hint in groups)
    other = ReasonGroup("o", "y", "not_a_number", 99, (), "trim = true")
    outputs = (SimpleNamespace(name="o", rows=rows),)
    report = SimpleNamespace(groups=(*made, other), outputs=outputs, error=None)
    return SimpleNamespace(
        report=report, contract=contract, sample=Path("a.csv"), output=lambda _: None
    )


def test_each_reading_of_a_hint_is_an_offer_of_its_own_and_most_cells_come_first() -> None:
    found = offers_of(
        result(
            "float64",
            ("not_a_number", 2, "trim = true"),
            ("format", 7, 'thousands = "," or decimal_point = ","'),
            ("null", 1, ""),
        ),
        "o",
        "x",
    )
    assert [(o.words, o.why) for o in found] == [
        ('thousands = ","', "7 cells of format"),
        ('decimal_point = ","', "7 cells of format"),
        ("trim = true", "2 cells of not_a_number"),
    ]


def test_days_that_have_passed_still_pass_with_the_formats_that_are_offered() -> None:
    hint = ("format", 1, 'formats = ["%d/%m/%Y"]')
    [offer] = offers_of(result("date", hint), "o", "x")
    assert offer.options == {"formats": ["%Y-%m-%d", "%d/%m/%Y"]}
    [offer] = offers_of(result("date", hint, rows=0), "o", "x")
    assert offer.options == {"formats": ["%d/%m/%Y"]}
    other = {"type": "date", "formats": ["%d.%m.%Y"]}
    hint = ("format", 1, 'formats = ["%d.%m.%Y", "%d/%m/%Y"]')
    [offer] = offers_of(result(other, hint), "o", "x")
    assert offer.options == {"formats": ["%d.%m.%Y", "%d/%m/%Y"]}
