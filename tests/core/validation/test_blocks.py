"""What NumPy sees of Arrow's arrays is what they hold, wherever a slice of them begins."""

from __future__ import annotations

import pyarrow as pa

from casparian.core.validation.blocks import bits_of


def test_a_mask_has_the_same_bits_wherever_it_is_cut() -> None:
    mask = pa.array([place % 3 == 0 or place % 7 == 1 for place in range(41)])
    for start in range(42):
        for length in range(42 - start):
            part = mask.slice(start, length)
            assert bits_of(part).tolist() == part.to_pylist()
