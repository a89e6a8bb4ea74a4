"""Every shop's till spells its column names in its own way; this module brings them together."""

import json
from pathlib import Path

# A data file beside the parser is found through __file__, never through the working directory.
SPELLINGS = json.loads(Path(__file__).with_name("spellings.json").read_text(encoding="utf-8"))


def standard_names(names):
    """Give the contract's names: "Unit Price" and "price" both become "unit_price"."""
    plain = ["_".join(name.lower().split()) for name in names]
    return [SPELLINGS.get(name, name) for name in plain]
