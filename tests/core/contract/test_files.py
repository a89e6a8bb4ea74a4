"""Contracts that lie beside a parser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from casparian.core.contract import (
    ContractError,
    find_contract_file,
    load_contract_file,
    parse_outputs,
    resolve_contract,
)

if TYPE_CHECKING:
    from pathlib import Path

NAMED = """
[outputs.sales]
extra_columns = "drop"
[outputs.sales.columns]
day = "date"
total = { type = "decimal(12,2)", min = "0" }
[outputs.customers.columns]
since = { type = "date", min = 2020-01-01 }
"""


def test_finds_the_file_that_belongs_to_the_parser(tmp_path: Path) -> None:
    lone = tmp_path / "x.py"
    entry = tmp_path / "parser.py"
    shared = tmp_path / "contract.toml"
    assert find_contract_file(lone) is None
    shared.write_text("")
    assert find_contract_file(lone) is None
    assert find_contract_file(entry) == shared
    assert find_contract_file(tmp_path) == shared
    named = tmp_path / "x.contract.toml"
    named.write_text("")
    assert find_contract_file(lone) == named
    (tmp_path / "parser.contract.toml").write_text("")
    assert find_contract_file(entry) == tmp_path / "parser.contract.toml"


def test_loads_named_outputs_and_a_flat_one(tmp_path: Path) -> None:
    path = tmp_path / "x.contract.toml"
    path.write_text(NAMED)
    contract = load_contract_file(path)
    assert [output.name for output in contract.outputs] == ["sales", "customers"]
    assert contract.outputs[0].extra_columns == "drop"
    path.write_text('[columns]\nid = "int64"\nat = { type = "timestamp", nullable = true }\n')
    assert load_contract_file(path).outputs[0].name == "x"
    assert load_contract_file(path, parser_name="ids").outputs[0].name == "ids"


def test_a_contract_file_that_is_not_there_is_asked_for_by_the_name_of_its_neighbour(
    tmp_path: Path,
) -> None:
    (tmp_path / "sales.toml").touch()
    with pytest.raises(ContractError) as caught:
        load_contract_file(tmp_path / "sale.toml")
    assert caught.value.hint == f"did you mean {tmp_path / 'sales.toml'}?"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[columns", "no valid TOML"),
        ("x = 1", "neither"),
        ('[outputs.a.columns]\nx = "int"\n[columns]\ny = "int"', "stands beside"),
        ('kye = ["x"]\n[columns]\nx = "int64"', r"x.contract.toml: unknown key 'kye'"),
        ('extra_colums = "drop"\n[columns]\nx = "int64"', "unknown key 'extra_colums'"),
        ('[columns]\nx = "in64"', "x.contract.toml.columns.x: unknown type"),
    ],
)
def test_files_that_are_refused(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "x.contract.toml"
    path.write_text(text)
    with pytest.raises(ContractError, match=words):
        load_contract_file(path)
    with pytest.raises(ContractError, match="can't be read"):
        load_contract_file(tmp_path / "absent.toml")


def test_one_place_or_the_same_in_both(tmp_path: Path) -> None:
    path = tmp_path / "x.contract.toml"
    path.write_text('[columns]\nid = "int64"\n')
    declared = {"id": "int"}
    assert resolve_contract(None, None, parser_name="x") is None
    expected = parse_outputs(declared, parser_name="x")
    assert resolve_contract(declared, None, parser_name="x") == expected
    assert resolve_contract(None, path, parser_name="x") == expected
    assert resolve_contract(declared, path, parser_name="x") == expected
    with pytest.raises(ContractError, match="says something else"):
        resolve_contract({"id": "string"}, path, parser_name="x")
