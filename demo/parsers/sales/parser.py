"""Monthly sales exports: one CSV file with a header per month.

The parser only brings the file into rows. What the rows must look like stands in `contract.toml`
beside it; a row that breaks the contract lands in quarantine with its reasons, the others go on.
"""

import pandas as pd
from casparian_types import PermanentError
from headers import standard_names

ROWS_PER_BATCH = 50_000


class Parser:
    name = "sales"
    version = "1.0.0"
    topics = ["sales"]

    def parse(self, ctx):
        # Everything is read as text, and an empty cell stays an empty text: pandas guesses nothing,
        # so a "007" or an "N/A" arrives at the contract as it stands in the file.
        batches = pd.read_csv(
            ctx.input_path,
            dtype=str,
            keep_default_na=False,
            encoding="utf-8-sig",
            chunksize=ROWS_PER_BATCH,
        )
        with batches:
            for batch in batches:
                # When the rows are wider than the header, pandas takes their first cells for an
                # index and moves the others to the left. Better no row than a wrong one.
                if not isinstance(batch.index, pd.RangeIndex):
                    raise PermanentError("the rows have more cells than the header has names")
                batch.columns = standard_names(batch.columns)
                yield {"sales": batch}
