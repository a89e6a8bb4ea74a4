"""A contract that is written as TOML reads back as the same contract."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from casparian.core.contract import ContractError, load_contract_file, parse_outputs
from casparian.core.contract.toml_text import contract_toml, value_toml

_EXAMPLES: dict[str, list[Any]] = {
    "nullable": [True],
    "unique": [True],
    "min": [1, -5, 0.25, 1e300, "1.50", "2024-02-29", "00:00:01", "PT1S"],
    "enum": [["a", 'b"\\', "\x7f\n", "é"], [1, 2], [0.5], ["2024-02-29"]],
    "pattern": [r"\d+\.\"x"],
    "max_length": [7],
    "null_tokens": [["", "N/A"]],
    "formats": ["%d/%m/%Y", ["%Y-%m-%d %H:%M%z"]],
    "thousands": [" ", "'"],
    "assume_tz": ["Europe/Berlin"],
}
_columns = st.fixed_dictionaries(
    {
        "type": st.sampled_from(
            [
                *("int64", "string", "float64", "decimal(9,2)", "date", "timestamp(UTC)", "time"),
                *("json", "duration", 'enum["a b", c]', 'struct{"a b": list<int64?>?}', "uuid"),
            ]
        )
    },
    optional={name: st.sampled_from(values) for name, values in _EXAMPLES.items()},
)
_names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=6)


@given(st.dictionaries(_names, _columns, min_size=1, max_size=4), st.booleans())
def test_what_is_written_reads_back(columns: dict[str, Any], drop: bool) -> None:
    whole: dict[str, Any] = {"columns": columns, "extra_columns": "drop" if drop else "fail"}
    try:
        contract = parse_outputs({"o": whole, "p": {"x": "int64"}}, parser_name="p")
    except ContractError:
        return
    comments = {("o", name): ["evidence", "two\nlines \x00"] for name in columns}
    read = tomllib.loads(contract_toml(contract, comments))
    again = parse_outputs(read["outputs"], parser_name="p")
    assert again == contract
    assert again.hash == contract.hash


def test_it_looks_as_a_person_would_write_it(tmp_path: Path) -> None:
    contract = parse_outputs(
        {
            "sales": {
                "columns": {
                    "id": "int64",
                    "unit price": {"type": "decimal(9,2)", "nullable": True, "min": "0"},
                },
                "key": ["id"],
            }
        },
        parser_name="p",
    )
    text = contract_toml(contract, {("sales", "unit price"): ["3 of 3 are decimals"]})
    assert text == (
        "[outputs.sales]\n"
        'key = ["id"]\n'
        "\n"
        "[outputs.sales.columns]\n"
        'id = "int64"\n'
        "\n"
        "# 3 of 3 are decimals\n"
        '"unit price" = { type = "decimal(9,2)", nullable = true, min = "0" }\n'
    )
    (tmp_path / "contract.toml").write_text(text)
    assert load_contract_file(tmp_path / "contract.toml") == contract


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_keep_their_value(value: float) -> None:
    assert tomllib.loads(f"x = {value_toml(value)}")["x"] == value
