"""Ten million rows of six columns, one cell in a thousand bad, and the truth about every cell.

The bad values are those that tell a strict reader from a lenient one: ``007``, ``1_000``,
``2024-02-30``, ``1E400``. The truth is kept beside the data, made by whoever put the value there:
for each cell 0 (good) or the number of its kind, and for each kind the error type that the
documented grammar gives it.

    python -m benchmarks.dirty_rows FOLDER ROWS RATE
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc

STATES = ("active", "inactive", "pending", "deleted", "archived")
LONGEST = 80
LARGEST = 1_000_000
BATCH_ROWS = 65_536

BAD: dict[str, dict[Any, str]] = {
    "c_int": {
        "12x": "type_mismatch",
        "": "empty_value",
        "1.5": "type_mismatch",
        "1.0": "not_canonical",
        "9223372036854775808": "out_of_range",
        " 7": "not_canonical",
        "1_000": "not_canonical",
        "0x10": "not_canonical",
        "007": "not_canonical",
        "+7": "not_canonical",
        "nan": "type_mismatch",
    },
    "c_date": {
        "2024-02-31": "invalid_date",
        "2023-02-29": "invalid_date",
        "2024-13-01": "invalid_date",
        "n/a": "type_mismatch",
        "2024/01/05": "format_mismatch",
        "20240105": "format_mismatch",
        "2024-1-5": "format_mismatch",
        "2024-01-05T10:00:00": "format_mismatch",
        "24-01-05": "format_mismatch",
        "infinity": "type_mismatch",
        "": "empty_value",
    },
    "c_float": {
        "1,5": "not_canonical",
        "abc": "type_mismatch",
        "1.2.3": "not_canonical",
        "": "empty_value",
        "nan": "not_finite",
        "inf": "not_finite",
        "1E400": "out_of_range",
        " 1.5": "not_canonical",
        "1_0.5": "not_canonical",
        "1.5f": "type_mismatch",
    },
    "c_enum": {
        "actve": "not_in_enum",
        "Active": "not_in_enum",
        "": "not_in_enum",
        "deleted ": "not_in_enum",
    },
    "c_nint": {-1: "below_minimum", LARGEST + 1: "above_maximum"},
    "c_text": {None: "null_not_allowed", "x" * (LONGEST + 1): "too_long"},
}

CONTRACT: dict[str, Any] = {
    "c_int": "int64",
    "c_date": "date",
    "c_float": "float64",
    "c_enum": {"type": "string", "enum": list(STATES)},
    "c_nint": {"type": "int64", "nullable": True, "min": 0, "max": LARGEST},
    "c_text": {"type": "string", "max_length": LONGEST},
}

_WORDS = ("a", "quiet", "harbour", "keeps", "old", "lamps", "lit", "café", "naïve", "Ærø", "late")


def make(folder: Path, rows: int, rate: float) -> None:
    """Write ``rows.arrow`` and ``truth.npz`` into a folder; the same for the same arguments."""
    random = np.random.default_rng(20)
    truth: dict[str, np.ndarray[Any, Any]] = {}

    def spoiled(name: str, good: pa.Array) -> pa.Array:
        kinds = list(BAD[name])
        bad = random.random(rows) < rate
        kind = np.where(bad, random.integers(1, len(kinds) + 1, rows), 0).astype(np.int8)
        truth[name] = kind
        values = pa.array([kinds[k - 1] for k in kind[bad]], good.type)
        return pc.replace_with_mask(good, pa.array(bad), values)

    def text(values: Any) -> pa.Array:
        return pa.array(values).cast(pa.string())

    days = random.integers(0, 29_000, rows).astype(np.int32)
    states = pa.array(STATES).take(pa.array(random.integers(0, 5, rows)))
    lines = pa.array(
        [" ".join(random.choice(_WORDS, n))[:LONGEST] for n in random.integers(3, 11, 50_000)]
    )
    optional = pa.array(random.integers(0, LARGEST, rows), mask=random.random(rows) < 0.05)
    table = pa.table(
        {
            "c_int": spoiled("c_int", text(random.integers(-1_000_000, 100_000_000, rows))),
            "c_date": spoiled("c_date", pa.array(days, pa.date32()).cast(pa.string())),
            "c_float": spoiled("c_float", text(np.round(random.normal(0, 1_000, rows), 4))),
            "c_enum": spoiled("c_enum", states),
            "c_nint": spoiled("c_nint", optional),
            "c_text": spoiled("c_text", lines.take(pa.array(random.integers(0, 50_000, rows)))),
        }
    )
    folder.mkdir(parents=True, exist_ok=True)
    path = str(folder / "rows.arrow")
    with pa.OSFile(path, "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        for batch in table.to_batches(max_chunksize=BATCH_ROWS):
            writer.write_batch(batch)
    np.savez(folder / "truth.npz", **truth)


def batches(folder: Path, rows: int | None = None) -> list[pa.RecordBatch]:
    """Map the data into memory and touch every page, so that no reading is measured."""
    reader = pa.ipc.open_file(pa.memory_map(str(folder / "rows.arrow")))
    taken: list[pa.RecordBatch] = []
    left = rows
    for index in range(reader.num_record_batches):
        batch = reader.get_batch(index)
        if left is not None:
            batch = batch.slice(0, left)
            left -= batch.num_rows
        taken.append(batch)
        for column in batch.columns:
            for buffer in column.buffers():
                if buffer is not None:
                    np.frombuffer(buffer, np.uint8)[::4096].sum()
        if left == 0:
            break
    return taken


def truth_of(folder: Path, rows: int) -> dict[str, np.ndarray[Any, Any]]:
    """Return per column the kind of each cell, 0 for good ones."""
    with np.load(folder / "truth.npz") as kinds:
        return {name: kinds[name][:rows] for name in kinds.files}


if __name__ == "__main__":
    make(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
    print(json.dumps({"rows": int(sys.argv[2])}))
