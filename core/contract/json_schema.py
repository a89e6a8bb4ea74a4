"""The JSON Schema of ``contract.toml``, for completion and checks in an editor.

It is made from the tables of types and options, so it can't fall behind them. It says which keys
there are and what kind of value each takes; whether a bound fits its type, or a pattern compiles,
only reading the contract tells. Draft 2020-12 (https://json-schema.org/draft/2020-12).
"""

from __future__ import annotations

from typing import Any, Final

from casparian.core.contract.options import OPTIONS
from casparian.core.contract.types import ALIASES, FAMILIES, NESTED

_FLAG: Final = {"type": "boolean"}
_TEXT: Final = {"type": "string"}
_TEXTS: Final = {
    "oneOf": [
        {"type": "string"},
        {"type": "array", "items": {"type": "string"}, "minItems": 1, "uniqueItems": True},
    ]
}
_BOUND: Final = {"type": ["number", "string"]}
_LENGTH: Final = {"type": "integer", "minimum": 0}
_MARK: Final = {"type": "string", "minLength": 1, "maxLength": 1}

_VALUES: Final[dict[str, dict[str, Any]]] = {
    "nullable": {**_FLAG, "description": "may be null (default: false)"},
    "unique": {**_FLAG, "description": "no value comes twice; the first row stays"},
    "min": {**_BOUND, "description": "the smallest value; times and decimals as text"},
    "max": {**_BOUND, "description": "the largest value; times and decimals as text"},
    "enum": {
        "type": "array",
        "items": {"type": ["number", "string"]},
        "minItems": 1,
        "uniqueItems": True,
        "description": "the only values there may be",
    },
    "pattern": {**_TEXT, "description": "an RE2 expression that the whole text must match"},
    "min_length": {**_LENGTH, "description": "characters, bytes or items, at least"},
    "max_length": {**_LENGTH, "description": "characters, bytes or items, at most"},
    "trim": {**_FLAG, "description": "white space around the text doesn't count"},
    "null_tokens": {**_TEXTS, "description": "texts that stand for null"},
    "leading_zeros": {**_FLAG, "description": "007 is 7"},
    "plus": {**_FLAG, "description": "+7 is 7"},
    "thousands": {**_MARK, "description": "the mark between groups of three digits"},
    "decimal_point": {**_MARK, "description": "the mark before fraction digits"},
    "formats": {**_TEXTS, "description": "formats such as %d/%m/%Y, in place of ISO"},
    "true_tokens": {**_TEXTS, "description": "texts that mean true, in place of true/True/TRUE"},
    "false_tokens": {**_TEXTS, "description": "texts that mean false"},
    "allow_nan": {**_FLAG, "description": "NaN is a value"},
    "allow_inf": {**_FLAG, "description": "infinity is a value"},
    "from_float": {**_FLAG, "description": "floats become decimals by their shortest spelling"},
    "stringify": {**_FLAG, "description": "other values become their text"},
    "midnight_ok": {**_FLAG, "description": "a timestamp at midnight is a date"},
    "assume_tz": {**_TEXT, "description": "the zone of times that have no offset"},
    "ambiguous": {
        "enum": ["reject", "earliest", "latest"],
        "description": "which of two possible times, when clocks go back",
    },
}


def contract_schema() -> dict[str, Any]:
    """Return the schema as plain data."""
    names = [*FAMILIES, *ALIASES, *NESTED]
    first_word = "|".join(sorted(names, key=len, reverse=True))
    column_type = {
        "type": "string",
        "pattern": rf"^\s*(?:{_any_case(first_word)})(?:[\s(<\[{{][\s\S]*)?$",
        "description": "such as int64, decimal(12,2), timestamp(us, UTC), "
        + ", ".join(NESTED.values()),
        "examples": [*FAMILIES, *NESTED.values()],
    }
    column = {
        "oneOf": [
            {"$ref": "#/$defs/type"},
            {
                "type": "object",
                "properties": {
                    "type": {"$ref": "#/$defs/type"},
                    **{name: _described(name) for name in OPTIONS},
                },
                "required": ["type"],
                "additionalProperties": False,
            },
        ]
    }
    output = {
        "type": "object",
        "properties": {
            "columns": {"$ref": "#/$defs/columns"},
            "key": {**_TEXTS, "description": "the columns that tell each row from every other"},
            "extra_columns": {
                "enum": ["fail", "drop"],
                "description": "what becomes of columns that aren't declared",
            },
        },
        "required": ["columns"],
        "additionalProperties": False,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Casparian contract",
        "description": "The columns of a parser's outputs, and what a row must keep to.",
        "oneOf": [
            {"$ref": "#/$defs/output"},
            {
                "type": "object",
                "properties": {
                    "outputs": {
                        "type": "object",
                        "patternProperties": {
                            "^[a-z][a-z0-9_]{0,62}$": {
                                "anyOf": [
                                    {"$ref": "#/$defs/output"},
                                    {"$ref": "#/$defs/columns"},
                                ]
                            }
                        },
                        "additionalProperties": False,
                        "minProperties": 1,
                    }
                },
                "required": ["outputs"],
                "additionalProperties": False,
            },
        ],
        "$defs": {
            "type": column_type,
            "column": column,
            "columns": {
                "type": "object",
                "patternProperties": {r"^(?!_cf_)[\s\S]*\S": {"$ref": "#/$defs/column"}},
                "additionalProperties": False,
                "minProperties": 1,
            },
            "output": output,
        },
    }


def _described(option: str) -> dict[str, Any]:
    families = OPTIONS[option].families
    everywhere = families >= {*FAMILIES.values(), *NESTED}
    meaning = _VALUES[option]
    suffix = "" if everywhere else f" ({', '.join(sorted(families))})"
    return {**meaning, "description": meaning["description"] + suffix}


def _any_case(words: str) -> str:
    """Return an expression of words for upper and lower case: JSON Schema has no flags."""
    return "".join(f"[{c.upper()}{c}]" if c.isalpha() else c for c in words)
