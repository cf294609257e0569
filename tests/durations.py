"""How long the tests of each group took when they were last measured, and in which order the groups start therefore.

`make test ARGS=--record-durations` measures again, on a machine that does nothing else.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest

_FILE = Path(__file__).with_suffix(".json")
_LEAST = 2.0  # seconds; in which order shorter groups run does not matter
# Groups that need less of a core than this share of their time mostly wait: for servers, or for time-outs.
_WAITING = 0.4
_PROCESSOR = "processor seconds"  # a property of reports


class Duration(NamedTuple):
    """What a group took, in seconds: of time, and of processor time with the processes that it started."""

    seconds: float = 0
    processor: float = 0


def recorded() -> defaultdict[str, Duration]:
    """Return what was recorded, by group; zero for a shorter one."""
    stored = json.loads(_FILE.read_text())
    return defaultdict(Duration, {group: Duration(*pair) for group, pair in stored.items()})


def start_order(groups: Collection[str], last: defaultdict[str, Duration]) -> list[str]:
    """Return the order in which the groups start.

    The longest come first, so that no process ends alone. Those that wait are spread among those that compute, so
    that no core is idle while all processes wait.
    """
    longest = sorted(groups, key=lambda group: -last[group].seconds)
    waits = {group: last[group].processor < _WAITING * last[group].seconds for group in longest}
    kinds = [[group for group in longest if waits[group] is kind] for kind in (True, False)]
    places = {group: place for kind in kinds for group, place in _places(kind, last)}
    return sorted(longest, key=places.__getitem__)


def _places(groups: list[str], last: defaultdict[str, Duration]) -> Iterator[tuple[str, float]]:
    """Yield each group with the share of the time of all that passes before it starts."""
    total, before = sum(last[group].seconds for group in groups), 0.0
    for group in groups:
        yield group, before / (total or 1)
        before += last[group].seconds


class ProcessorMeter:
    """A plugin of a test process that adds its processor time since the last test to each report of a test's end."""

    def __init__(self) -> None:
        self._before = self._used()

    def _used(self) -> float:
        this, used = psutil.Process(), 0.0
        for process in [this, *this.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                used += sum(process.cpu_times()[:4])  # its own, and of its children that have ended
        return used

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, call: pytest.CallInfo[None]) -> Iterator[Any]:
        """Add the processor time after the end of a test."""
        report = yield
        if call.when == "teardown":
            used = self._used()
            report.user_properties.append((_PROCESSOR, used - self._before))
            self._before = used
        return report


class Recorder:
    """A plugin that writes the seconds of each group when the tests have ended."""

    def __init__(self, group: Callable[[str], str]) -> None:
        self._group, self._seconds, self._processor = group, Counter[str](), Counter[str]()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add a phase of a test."""
        group = self._group(report.nodeid)
        self._seconds[group] += report.duration
        self._processor[group] += sum(used for name, used in report.user_properties if name == _PROCESSOR)

    def pytest_sessionfinish(self) -> None:
        """Write the file."""
        long = {
            group: [round(seconds), round(self._processor[group])]
            for group, seconds in self._seconds.most_common()
            if seconds >= _LEAST
        }
        lines = ",\n".join(f"  {json.dumps(group)}: {json.dumps(pair)}" for group, pair in long.items())
        _FILE.write_text(f"{{\n{lines}\n}}\n")
