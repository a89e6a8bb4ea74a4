"""The vocabulary of what is wrong with a cell, a row or an output.

It is stable: stores, reports and scripts rely on the names. docs/errors.md says what each means.
"""

from __future__ import annotations

from typing import Literal

ErrorType = Literal[
    "null_not_allowed",
    "empty_value",
    "type_mismatch",
    "not_canonical",
    "out_of_range",
    "precision_loss",
    "not_finite",
    "invalid_encoding",
    "format_mismatch",
    "invalid_date",
    "invalid_time",
    "missing_timezone",
    "unexpected_timezone",
    "nonexistent_time",
    "ambiguous_time",
    "not_in_enum",
    "pattern_mismatch",
    "below_minimum",
    "above_maximum",
    "too_short",
    "too_long",
    "duplicate_key",
]
"""Why a row is in quarantine."""

OutputErrorType = Literal[
    "missing_column",
    "extra_column",
    "duplicate_column",
    "column_type_impossible",
    "output_unknown",
    "unsupported_output_type",
    "corrupt_batch",
    "quarantine_limit_exceeded",
]
"""Why an output fails as a whole."""
