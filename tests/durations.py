"""How long the tests of each file took when they were last measured, to start the longest first.

`make test ARGS=--record-durations` measures again.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

_FILE = Path(__file__).with_suffix(".json")
_LEAST = 2.0  # seconds; in which order shorter files run does not matter


def recorded() -> dict[str, float]:
    """Return the recorded seconds by group; shorter groups are not listed."""
    found: dict[str, float] = json.loads(_FILE.read_text())
    return found


class Recorder:
    """A plugin that writes the seconds of each group when the tests have ended."""

    def __init__(self, group: Callable[[str], str]) -> None:
        self._group, self._seconds = group, Counter[str]()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add a phase of a test."""
        self._seconds[self._group(report.nodeid)] += report.duration

    def pytest_sessionfinish(self) -> None:
        """Write the file."""
        long = {group: round(seconds) for group, seconds in self._seconds.most_common() if seconds >= _LEAST}
        _FILE.write_text(json.dumps(long, indent=2) + "\n")
