"""docs/security.md names a test that runs for each threat; `make secrets` and `make audit` fail when they should."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import asvs
from tests.named_tests import find_named_tests
from tests.processes import ROOT


def make(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", *words], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("nodeid", dict.fromkeys(find_named_tests()))
def test_every_named_test_exists(nodeid: str) -> None:
    file, _, name = nodeid.partition("::")
    assert re.search(rf"^def {name}\(", (ROOT / file).read_text(), re.M)


def test_every_threat_names_a_test() -> None:
    text = (ROOT / "docs" / "security.md").read_text()
    threats = text.partition("\n## Threats\n")[2].partition("\n## ")[0]
    rows = [line for line in threats.splitlines() if line.startswith("| ")][1:]
    assert len(rows) >= 35
    for row in rows:
        assert re.search(r"\| `tests/[\w/]+\.py::\w+` \|$", row), row


def asvs_rows(heading: str) -> list[list[str]]:
    """Return the cells of all tables below a heading of docs/security.md, without the tables' heads."""
    text = (ROOT / "docs" / "security.md").read_text().partition(f"\n{heading}\n")[2]
    if heading == "## ASVS 5.0":
        text = text.partition("\n### Not applicable\n")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line[:2] == "| "
    ]
    return [row for row in rows if row[0][0].isdigit()]


def test_every_asvs_requirement_has_one_row() -> None:
    numbers = asvs.levels()
    assert sorted(numbers.values()).count(1) == 70  # as the standard says of itself
    assert (len(numbers), sorted(numbers.values()).count(2)) == (345, 183)
    listed = [row[0] for row in asvs_rows("## ASVS 5.0")]
    for cells in asvs_rows("### Not applicable"):
        for number in cells[0].split(", "):
            listed += [one for one in numbers if f"{one}.".startswith(f"{number}.") and numbers[one] < 3]
    assert sorted(listed) == sorted(number for number, level in numbers.items() if level < 3)


def test_every_asvs_row_has_a_state_and_a_proof() -> None:
    numbers = asvs.levels()
    for number, level, state, how, proof in asvs_rows("## ASVS 5.0"):
        assert int(level) == numbers[number]
        assert state in ("met", "partly", "not met"), number
        assert how, number
        is_test = re.fullmatch(r"`tests/[\w/]+\.py::\w+`", proof)
        assert is_test or proof in ("review", "bandit in `make check`") or state == "not met", number


# A project with a test of each kind; its conftest.py guards all of them, and leaves one out as `make test` would.
TINY = {
    "conftest.py": """
        import pytest
        from tests.named_tests import NamedTestsGuard

        NAMES = ("good", "skipped", "half", "expected", "left_out", "no_program")

        def pytest_addoption(parser):
            parser.addoption("--databases", default="sqlite,postgresql")
            parser.addoption("--only", default=" ".join(NAMES))

        def pytest_configure(config):
            if not hasattr(config, "workerinput"):
                names = config.getoption("--only").split()
                config.pluginmanager.register(NamedTestsGuard(f"test_all.py::test_{name}" for name in names))

        def pytest_collection_modifyitems(items):
            items[:] = [item for item in items if "left_out" not in item.name]
    """,
    "test_all.py": """
        import pytest
        from tests.programs import require_program

        def test_good(): pass
        def test_other(): pass
        @pytest.mark.skip(reason="too hard")
        def test_skipped(): pass
        @pytest.mark.parametrize("part", [1, 2])
        def test_half(part): part == 1 or pytest.skip("the other half")
        @pytest.mark.xfail(reason="a bug")
        def test_expected(): assert False
        def test_left_out(): pass
        def test_no_program(): require_program("a-program-that-is-nowhere")
    """,
    "pytest.ini": "[pytest]\ntestpaths = .",
}


@pytest.fixture
def tiny(tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """Run pytest on the project; return the exit status and what the guard printed."""
    for name, text in TINY.items():
        (tmp_path / name).write_text(textwrap.dedent(text))

    def run(*words: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "xdist", *words]
        environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout.partition("tests that docs/security.md names")[2]

    return run


def test_a_named_test_that_did_not_run_fails_the_run(tiny: Callable[..., tuple[int, str]]) -> None:
    status, said = tiny("-n", "1")
    assert status == 1
    for sentence in (
        "test_skipped was skipped, so its defence is not proved: Skipped: too hard",
        "test_half was skipped, so its defence is not proved: Skipped: the other half",
        "test_expected was skipped, so its defence is not proved: it is expected to fail (a bug)",
        "test_left_out was not selected: `make test` has to run it.",
        "test_no_program did not run here, so its defence is not proved: Skipped: a-program-that-is-nowhere",
    ):
        assert f"test_all.py::{sentence}" in said
    assert "test_good" not in said


def test_only_selected_named_tests_are_judged(tiny: Callable[..., tuple[int, str]]) -> None:
    status, said = tiny("-k", "good or no_program")
    assert status == 0, "a program may be missing, except in CI, where such a test fails"
    assert "test_no_program did not run here" in said
    assert "was skipped" not in said
    status, said = tiny("-k", "good or half")
    assert (status, said.count("defence is not proved")) == (1, 1)


def test_a_secret_in_the_repository_is_found(tmp_path: Path) -> None:
    slip = tmp_path / "settings.py"
    slip.write_text(
        'KEY = "' + "AKIA" + "QYLPMN5HHHFPZAM2" + '"\nDATABASE = "postgresql://kim:' + 'hunter2@db/shop"\n'
    )
    found = make("secrets", f"FILES={slip}")
    assert found.returncode != 0
    assert "AWS Access Key" in found.stdout
    assert "Basic Auth Credentials" in found.stdout
    slip.write_text('KEY = os.environ["SECRET_KEY"]\n')
    assert make("secrets", f"FILES={slip}").returncode == 0


def test_an_unknown_package_fails_the_audit(tmp_path: Path) -> None:
    pinned = tmp_path / "requirements.txt"
    pinned.write_text("a-package-that-is-nowhere-at-all==1.0 --hash=sha256:" + "0" * 64 + "\n")
    assert make("audit", f"PINNED={pinned}").returncode != 0
