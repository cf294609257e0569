"""The tests that docs/security.md names as the proof of its defences: each has to run, and not to be skipped.

A test that exists proves nothing if it is skipped, or if no run selects it. The guard compares the named tests with
the reports of all test processes when a run ends, and fails the run with a sentence for each that did not pass.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from tests.programs import is_missing_program

ROOT = Path(__file__).parent.parent
DOCUMENTS = ("docs/security.md",)
# Options with which a run leaves tests out on purpose; then the guard judges only those that were selected.
_SELECTIONS = ("keyword", "markexpr", "deselect", "ignore", "ignore_glob", "lf", "stepwise", "quick", "long")
_NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def find_named_tests() -> list[str]:
    """Return the node ids that the documents name, without parameters, in their order and as often as they occur."""
    return [
        f"{file}::{name}"
        for document in DOCUMENTS
        for file, name in _NAMED.findall((ROOT / document).read_text())
    ]


class NamedTestsGuard:
    """A pytest plugin, for the process that hears of all tests, that fails a run in which a named test did not run.

    Args:
        named: node ids without parameters.
    """

    def __init__(self, named: Iterable[str]) -> None:
        self._named = dict.fromkeys(named)
        self._selected: set[str] = set()
        self._passed: set[str] = set()
        self._skipped: dict[str, list[str]] = defaultdict(list)  # reasons by node id
        self._faults: list[str] = []
        self._notes: list[str] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note the selected tests of a run in one process."""
        self._select(item.nodeid for item in session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Note the selected tests of a run in several processes, each of which collects all."""
        self._select(ids)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note how a phase of a test ended. An expected failure proves as little as a skipped test."""
        name = _without_parameters(report.nodeid)
        if name not in self._named:
            return
        if report.skipped or hasattr(report, "wasxfail"):
            self._skipped[name].append(_reason(report))
        elif report.when == "call" and report.passed:
            self._passed.add(name)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Judge the named tests; fail the run if one was skipped or did not run."""
        config = session.config
        if exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) or config.option.collectonly:
            return
        stopped = bool(session.shouldfail or session.shouldstop)
        for name in self._named:
            if name in self._skipped:
                self._judge_skipped(name)
            elif name in self._selected:
                if name not in self._passed and exitstatus == pytest.ExitCode.OK and not stopped:
                    self._faults.append(f"{name} was selected, but did not run.")
            elif is_whole_run(config):
                self._faults.append(f"{name} was not selected: `make test` has to run it.")
        if self._faults and exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the faults, and the tests that this machine cannot run."""
        if self._faults or self._notes:
            terminalreporter.section("tests that docs/security.md names")
            for line in (*self._faults, *self._notes):
                terminalreporter.line(line)

    def _select(self, ids: Iterable[str]) -> None:
        self._selected |= {_without_parameters(each) for each in ids} & self._named.keys()

    def _judge_skipped(self, name: str) -> None:
        reason = self._skipped[name][0]
        if all(map(is_missing_program, self._skipped[name])):  # in CI such a test fails
            self._notes.append(f"{name} did not run here, so its defence is not proved: {reason}")
        else:
            self._faults.append(f"{name} was skipped, so its defence is not proved: {reason}")


def is_whole_run(config: pytest.Config) -> bool:
    """Return whether a run takes the whole suite, as `make test` does."""
    whole = {"tests", str(ROOT / "tests")}
    if config.args_source is not pytest.Config.ArgsSource.TESTPATHS and not whole >= set(config.args):
        return False
    every = set(str(config.option.databases).split(",")) >= {"sqlite", "postgresql"}
    return every and not any(getattr(config.option, name, None) for name in _SELECTIONS)


def _without_parameters(nodeid: str) -> str:
    return nodeid.partition("[")[0]


def _reason(report: pytest.TestReport) -> str:
    if hasattr(report, "wasxfail"):
        return f"it is expected to fail ({report.wasxfail or 'no reason given'})"
    return str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else "no reason given"
