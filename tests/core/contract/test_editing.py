"""A contract file is changed in one column, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from casparian.core.contract import ContractError, load_contract_file
from casparian.core.contract.editing import change_column, change_output, declare_column

FLAT = """\
# What the till sends.
extra_columns = "drop"

[columns]
id = "int64"   # never reused

# In cents until 2023
total = { type = "decimal(12,2)", min = "0" }

[columns.day]
type = "date"
# as the old till wrote it
formats = ["%d/%m/%Y"]
"""


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    path = tmp_path / "contract.toml"
    path.write_text(FLAT)
    return path


@pytest.mark.parametrize(
    ("column", "options", "old", "new"),
    [
        ("id", {"leading_zeros": True}, '"int64"', '{ type = "int64", leading_zeros = true }'),
        (
            "total",
            {"thousands": ",", "min": "1"},
            '{ type = "decimal(12,2)", min = "0" }',
            '{ type = "decimal(12,2)", min = "1", thousands = "," }',
        ),
        ("day", {"formats": ["%d/%m/%Y", "%d.%m.%y"]}, '["%d/%m/%Y"]', '["%d/%m/%Y", "%d.%m.%y"]'),
    ],
)
def test_one_column_changes_and_no_other_letter(
    contract: Path, column: str, options: dict[str, object], old: str, new: str
) -> None:
    before, after = change_column(contract, "sales", column, options)
    assert (old in before, new in after) == (True, True)
    assert contract.read_text() == FLAT.replace(old, new, 1)
    found = load_contract_file(contract).outputs[0].columns
    assert next(c.canonical() for c in found if c.name == column).items() >= options.items()


def test_a_named_outputs_column_is_changed_in_that_output_only(contract: Path) -> None:
    text = '[outputs.a.columns]\n"my id" = "int64"\n\n[outputs.b.columns]\n"my id" = "int64"\n'
    contract.write_text(text)
    change_column(contract, "b", "my id", {"plus": True})
    start = text.rindex('"int64"')
    assert contract.read_text() == text[:start] + '{ type = "int64", plus = true }\n'


@pytest.mark.parametrize(
    ("column", "options", "words"),
    [
        ("nosuch", {"plus": True}, "declares no column 'nosuch'"),
        ("id", {"formats": ["%d"]}, "contract.toml.columns.id"),
        ("id", {"colour": "red"}, "unknown"),
    ],
)
def test_what_would_be_refused_leaves_the_file_as_it_was(
    contract: Path, column: str, options: dict[str, object], words: str
) -> None:
    with pytest.raises(ContractError, match=words):
        change_column(contract, "sales", column, options)
    assert contract.read_text() == FLAT
    assert list(contract.parent.iterdir()) == [contract]


def test_a_link_and_its_mode_stay(contract: Path, tmp_path: Path) -> None:
    contract.chmod(0o640)
    link = tmp_path / "linked.toml"
    link.symlink_to(contract)
    change_column(link, "sales", "id", {"plus": True})
    assert link.is_symlink()
    assert "plus = true" in contract.read_text()
    assert contract.stat().st_mode & 0o777 == 0o640


def test_a_column_is_declared_behind_the_others_and_an_output_gets_an_option(contract):
    contract.write_text(FLAT.replace('extra_columns = "drop"\n', ""))
    declare_column(contract, "sales", '"the shop" = { type = "string", nullable = true }')
    change_output(contract, "sales", {"extra_columns": "drop"})
    found = load_contract_file(contract).outputs[0]
    assert [column.name for column in found.columns][-1] in ("the shop", "day")
    assert {column.name for column in found.columns} == {"id", "total", "day", "the shop"}
    assert found.extra_columns == "drop"
    text = contract.read_text()
    for line in FLAT.splitlines():
        assert line in text, "the rest stays as it was"
    with pytest.raises(ContractError, match="already"):
        declare_column(contract, "sales", 'id = "string"')


def test_of_several_outputs_the_one_that_is_named_is_changed(tmp_path):
    path = tmp_path / "contract.toml"
    path.write_text('[outputs.a.columns]\nx = "int64"\n\n[outputs.b.columns]\nx = "int64"\n')
    declare_column(path, "b", 'y = "string"')
    change_output(path, "a", {"extra_columns": "drop"})
    a, b = load_contract_file(path).outputs
    assert (a.extra_columns, b.extra_columns) == ("drop", "fail")
    assert [[one.name for one in part.columns] for part in (a, b)] == [["x"], ["x", "y"]]
    with pytest.raises(ContractError, match="no output 'c'"):
        change_output(path, "c", {"extra_columns": "drop"})
