"""A short replay of real orders: every answer is what the database says at that time."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import pytest

from benchmarks import replay


@pytest.mark.slow
def test_replayed_views_are_right_and_mostly_cached(tmp_path: Path) -> None:
    dice = random.Random(1)
    file = tmp_path / "orders.csv"
    with file.open("w", newline="") as text:
        rows = [(f"2011-01-01 {line:05}", f"SKU-{int(dice.expovariate(0.2))}") for line in range(600)]
        csv.writer(text).writerows([("at", "what"), *rows])
    seen = replay.replay(file, "at", "what", 600)
    assert seen["wrong"] == 0
    assert seen["write"] > 0
    assert seen["hit"] > 0.9 * 600
