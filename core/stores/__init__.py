"""The stores of prod mode: jobs, parsers, quarantined rows and workers, behind four protocols."""

from casparian.core.stores.errors import StoreError, StoreNewerError, StoreUnreachableError
from casparian.core.stores.store import Store, open_store

__all__ = ["Store", "StoreError", "StoreNewerError", "StoreUnreachableError", "open_store"]
