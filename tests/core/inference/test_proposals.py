"""What is proposed for columns of a kind, and the words above them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from casparian.core.inference import infer_output, render_toml


def definition(array: pa.Array) -> dict[str, Any]:
    (proposed,) = infer_output("o", [pa.table({"x": array})]).columns
    return proposed.column.canonical()


@pytest.mark.parametrize(
    ("yes", "no"),
    [
        ("yes", "no"),
        ("Ja", "Nein"),
        ("ja", "nee"),
        ("oui", "non"),
        ("sí", "no"),
        ("Sim", "Não"),
        ("TAK", "NIE"),
        ("vrai", "faux"),
        ("S", "N"),
    ],
)
def test_yes_and_no_are_flags_in_many_languages(yes: str, no: str) -> None:
    found = definition(pa.array([yes, no, yes]))
    assert found["type"] == "bool"
    assert (found["true_tokens"], found["false_tokens"]) == ([yes], [no])


def test_yes_alone_is_no_flag() -> None:
    assert definition(pa.array(["yes", "yes"]))["type"] == "string"


def test_floats_of_half_the_width_are_floats() -> None:
    halves = pa.array(np.array([1.5, 2.5, np.nan], np.float16))
    assert definition(halves) == {"type": "float32", "nullable": False, "allow_nan": True}


@pytest.mark.parametrize(
    ("rows", "words"), [(0, "from no row of"), (1, "from the only row of"), (2, "from all 2 rows")]
)
def test_the_first_line_says_how_many_rows_were_looked_at(rows: int, words: str) -> None:
    table = pa.table({"x": pa.array(["a"] * rows, pa.string())})
    assert words in render_toml([infer_output("o", [table])], source="a.csv").splitlines()[0]
