"""Warm guests: processes with the heavy imports done, from which the guests of runs are forked."""

from .imports import ImportsInFile, beside_bundle, in_folder
from .warm_guests import WarmGuests

__all__ = ["ImportsInFile", "WarmGuests", "beside_bundle", "in_folder"]
