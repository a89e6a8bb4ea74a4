"""Schema contracts as data: what a parser promises of its outputs. Needs no Arrow to be read."""

from casparian.core.contract.errors import ContractError
from casparian.core.contract.files import (
    find_contract_file,
    load_contract_file,
    resolve_contract,
)
from casparian.core.contract.model import Column, Contract, OutputContract
from casparian.core.contract.parse import parse_outputs
from casparian.core.contract.type_text import parse_type
from casparian.core.contract.types import ColumnType

__all__ = [
    "Column",
    "ColumnType",
    "Contract",
    "ContractError",
    "OutputContract",
    "find_contract_file",
    "load_contract_file",
    "parse_outputs",
    "parse_type",
    "resolve_contract",
]
