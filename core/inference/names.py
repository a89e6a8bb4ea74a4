"""Names of columns whose numbers are names themselves: ids, zips, phone numbers, accounts."""

from __future__ import annotations

import re
from typing import Final

_WORDS: Final = frozenset(
    {
        *("id", "ids", "uid", "guid", "key", "code", "serial", "barcode", "sku", "pin", "ref"),
        *("zip", "zipcode", "plz", "postcode", "postleitzahl", "postal"),
        *("phone", "telephone", "tel", "telefon", "mobile", "cell", "fax"),
        *("account", "acct", "konto", "iban", "bic", "swift", "blz", "isin", "wkn", "cusip"),
        *("sedol", "lei", "ean", "gtin", "upc", "isbn", "issn", "imei", "ssn", "vin", "npi"),
    }
)
"""A name that ends in one of these identifies."""

_NUMBERED: Final = frozenset({"no", "nr", "num", "number", "nummer"})
"""After a word that names a thing, these are its identifier: ``customer_no``."""

_COUNTED: Final = frozenset({"row", "line", "item", "seq", "sequence", "page", "version", "week"})
"""What is numbered by counting: ``line_no`` stays a number."""


def is_identifier(name: str) -> bool:
    """Say whether a column's name says that its numbers identify, and are no amounts.

    The last word decides: ``quantity_id`` and ``orderId`` do, ``id_count`` and ``valid`` don't.
    """
    words = _words(name)
    if not words:
        return False
    last = words[-1]
    if last in _NUMBERED and len(words) > 1:
        return words[-2] not in _COUNTED
    if last in ("code", "codes") and words[0] in ("status", "exit", "return", "error"):
        return False
    return last in _WORDS or " ".join(words[-2:]) == "postal code"


def _words(name: str) -> list[str]:
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    words = [word for word in re.split(r"[^a-z0-9]+", parted) if word]
    if words and (numbered := re.fullmatch(r"([a-z]+?)s?[0-9]+", words[-1])):
        words[-1] = numbered[1]  # phone2
    while len(words) > 1 and words[-1].isdigit():
        words.pop()
    return words
