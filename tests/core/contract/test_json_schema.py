"""The JSON Schema takes the contracts that reading takes, and refuses unknown keys."""

from __future__ import annotations

import copy
from typing import Any

import jsonschema
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from casparian.core.contract import ContractError, parse_outputs
from casparian.core.contract.json_schema import _VALUES, contract_schema
from casparian.core.contract.options import OPTIONS
from casparian.core.contract.types import ALIASES, FAMILIES, NESTED

SCHEMA = contract_schema()
CHECK = jsonschema.Draft202012Validator(SCHEMA)

_EXAMPLES: dict[str, Any] = {
    **dict.fromkeys(("min_length", "max_length"), 3),
    "thousands": ",",
    **{key: ["x"] for key in ("null_tokens", "true_tokens", "false_tokens")},
    "min": "00:00:00",
    "max": "00:00:01",
    "enum": ["a", "b"],
    "pattern": "[a-z]+",
    "decimal_point": ",",
    "formats": "%H:%M",
    "assume_tz": "UTC",
    "ambiguous": "latest",
}


def accepts(outputs: Any) -> bool:
    document = (
        outputs if set(outputs) <= {"columns", "key", "extra_columns"} else {"outputs": outputs}
    )
    return CHECK.is_valid(document)


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_it_describes_every_option() -> None:
    assert _VALUES.keys() == OPTIONS.keys()


@pytest.mark.parametrize("name", [*FAMILIES, *ALIASES, *NESTED.values(), "Decimal(9,2)", " int "])
def test_every_type_is_taken(name: str) -> None:
    assert accepts({"columns": {"x": name}})
    assert accepts({"o": {"x": {"type": name, "nullable": True}}})


@pytest.mark.parametrize(
    "wrong",
    [
        {"columns": {"x": "strng"}},
        {"columns": {"x": "int64x"}},
        {"columns": {"x": {"type": "int64", "nulable": True}}},
        {"columns": {"x": {"nullable": True}}},
        {"columns": {"x": "int64"}, "keys": ["x"]},
        {"columns": {"x": "int64"}, "extra_columns": "keep"},
        {"columns": {}},
        {"columns": {"_cf_x": "int64"}},
        {"Sales": {"x": "int64"}},
        {"columns": {"x": {"type": "int64", "nullable": "yes"}}},
        {"columns": {"x": {"type": "string", "max_length": -1}}},
    ],
)
def test_what_reading_refuses_for_its_form_the_schema_refuses(wrong: Any) -> None:
    assert not accepts(wrong)
    with pytest.raises(ContractError):
        parse_outputs(wrong, parser_name="p")


_column = st.fixed_dictionaries(
    {"type": st.sampled_from([*FAMILIES, "decimal(9,2)", *NESTED.values()])},
    optional={name: st.just(_EXAMPLES.get(name, True)) for name in OPTIONS},
)
_names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)


@example({"\n0": {"type": "string"}}, None)  # a dot matches no line feed
@example({"s": {"type": "struct{\n  id: int64,\n  note: string?\n}"}}, None)
@given(
    st.dictionaries(_names, _column, min_size=1, max_size=3),
    st.sampled_from([None, "drop", "fail"]),
)
def test_every_contract_that_can_be_read_is_valid(
    columns: dict[str, Any], extra: str | None
) -> None:
    output: dict[str, Any] = {"columns": columns}
    if extra is not None:
        output["extra_columns"] = extra
    try:
        parse_outputs({"o": copy.deepcopy(output)}, parser_name="p")
    except ContractError:
        return
    assert accepts({"o": output}), list(CHECK.iter_errors({"outputs": {"o": output}}))
