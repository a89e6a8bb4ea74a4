"""A run into a fresh folder, and ways to look at what it left."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from casparian.core.sinks.run import RunSinks
from casparian.core.sinks.uri import parse_sink

KINDS = ("parquet", "csv", "jsonl", "sqlite")


class Place:
    """A folder for outputs, and the files in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.output = root / "output"
        self.input = root / "sales_2024_01.csv"

    def run(self, sink: str = "parquet", *, input_path: Path | None = None, **options) -> RunSinks:
        default = parse_sink(sink, default_dir=self.output)
        options.setdefault("overridden", False)
        return RunSinks(default, input_path or self.input, **options)

    def files(self) -> list[str]:
        """Every file below the folder, temporary ones too."""
        return sorted(
            str(p.relative_to(self.output)) for p in self.output.rglob("*") if p.is_file()
        )

    def visible(self) -> list[str]:
        return [name for name in self.files() if not Path(name).name.startswith(".")]

    def temporary(self) -> list[str]:
        return [name for name in self.files() if Path(name).name.endswith(".tmp")]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def rejected() -> pa.Table:
    """Quarantine as it comes: nested reasons."""
    return pa.table(
        {
            "output": ["sales"],
            "row": pa.array([999], pa.int64()),
            "raw": ['{"age":"Unknown"}'],
            "reasons": [[{"column": "age", "message": "row 1000: age: 'Unknown' is not an int64"}]],
        }
    )
