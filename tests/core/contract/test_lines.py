"""An error of a contract file says at which of its lines it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from casparian.core.contract.errors import ContractError
from casparian.core.contract.files import load_contract_file

NAMED = """\
# sales
[outputs.sales]
key = ["day"]

[outputs.sales.columns]
day = "date"
"the total" = {}
note.type = "string"

[outputs.sales.columns.price]
type = "decimal(8,2)"
{}
"""


def line_of(path: Path, text: str) -> tuple[int, str]:
    path.write_text(text)
    with pytest.raises(ContractError) as caught:
        load_contract_file(path)
    assert caught.value.file == path
    return caught.value.line, caught.value.source


def test_the_line_of_what_is_wrong_is_found(tmp_path):
    file = tmp_path / "contract.toml"
    wrong_type = NAMED.format('"decimall"', "")
    assert line_of(file, wrong_type) == (7, '"the total" = "decimall"')
    wrong_option = NAMED.format('"int64"', "nulable = true")
    assert line_of(file, wrong_option) == (10, "[outputs.sales.columns.price]")
    wrong_value = NAMED.format('"int64"', 'thousands = "x"')
    assert line_of(file, wrong_value) == (12, 'thousands = "x"')
    assert line_of(file, NAMED.format('"int64', "")) == (7, '"the total" = "int64')
    assert line_of(file, NAMED.format('"int64"', "").replace("day =", "dei =")) == (
        3,
        'key = ["day"]',
    )


def test_so_is_that_of_a_contract_with_one_output_and_of_one_that_ends_too_early(tmp_path):
    file = tmp_path / "p.contract.toml"
    flat = '[columns]\na = "int64"\nb = { type = "int64", min = "x" }\n'
    assert line_of(file, flat) == (3, 'b = { type = "int64", min = "x" }')
    assert line_of(file, 'columns = { a = "int64", b = "no" }\n')[0] == 1
    assert line_of(file, "[columns]\na = ")[0] == 2
    assert line_of(file, "") == (1, "")
    text = '[columns]\na = "int64"\nb = """\na = 1 = 2\n"""\n'
    assert line_of(file, text)[0] == 3
