"""`make mutations` finds what no test notices, and leaves the checkout as it was."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.mutations import __main__ as command
from tests.processes import ROOT

DOOR = "def is_open(key):\n    return key == 'right'\n"
FILES = {
    "door.py": DOOR,
    "conftest.py": "def pytest_addoption(parser): parser.addoption('--databases')\n",
    "test_door.py": """
import door

def test_right_key_opens(): assert door.is_open("right")
def test_wrong_key_opens_nothing(): assert not door.is_open("wrong")
""",
    "entries/door.toml": """
[[mutation]]
name = "wrong-key"
file = "door.py"
old = "key == 'right'"
new = "True"
tests = ["test_door.py"]

[[mutation]]
name = "unnoticed"
file = "door.py"
old = "key == 'right'"
new = "key in ('right', 'spare')"
tests = ["test_door.py"]

[[mutation]]
name = "gone"
file = "door.py"
old = "lock"
new = ""
tests = ["test_door.py"]
""",
}


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project with a door, in git, and a list of three ways to break it."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", ".")
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / ".venv").symlink_to((ROOT / ".venv").resolve())
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    return tmp_path


def test_unnoticed_mutations_fail_the_run(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--no-baseline", "--checkout", str(checkout), "--entries", str(checkout / "entries")]
    assert command.main(words) == 1
    said = capsys.readouterr().out
    assert "wrong-key  killed    test_door.py::test_wrong_key_opens_nothing" in said
    assert "unnoticed  survived  test_door.py" in said
    assert "gone       wrong     gone: the text to replace occurs 0 times in door.py" in said
    assert (checkout / "door.py").read_text() == DOOR
    assert command.main(["--resume", *words, "wrong-key"]) == 0
    assert "0 of 0 mutations" in capsys.readouterr().out, "it was noticed before, and nothing has changed"


def test_every_entry_is_well_formed() -> None:
    mutations = command.load_mutations()
    assert len(mutations) >= 35
    for mutation in mutations:
        assert mutation.file.startswith("storefront/"), mutation.name
        assert all((ROOT / test).exists() for test in mutation.tests), mutation.name
