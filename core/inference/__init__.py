"""Proposes contracts from samples, by elimination over all cells."""

from casparian.core.inference.choice import InferredColumn
from casparian.core.inference.output import InferredOutput, OutputInference, infer_output
from casparian.core.inference.proposal import render_toml

__all__ = [
    "InferredColumn",
    "InferredOutput",
    "OutputInference",
    "infer_output",
    "render_toml",
]
