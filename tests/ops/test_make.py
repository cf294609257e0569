"""What `make` installs and where it serves, seen with programs that only print how they are called."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.processes import ROOT


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose virtual environment consists of such programs."""
    folder = tmp_path / "checkout"
    (folder / ".venv" / "bin").mkdir(parents=True)
    for file in ("Makefile", "requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / file, folder)
    for name in ("flask", "gunicorn", "pip", "python"):
        program = folder / ".venv" / "bin" / name
        program.write_text(f'#!/bin/sh\necho {name} "$@"\n')
        program.chmod(0o755)
    return folder


def make(checkout: Path, *words: str) -> str:
    environ = {"PATH": os.environ["PATH"]}
    return subprocess.run(
        ["make", "--no-print-directory", *words],
        cwd=checkout,
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_packages_are_installed_when_their_list_has_changed(checkout: Path) -> None:
    assert "pip" in make(checkout, "run")
    later = (checkout / ".venv" / "installed").stat().st_mtime + 3600
    os.utime(checkout / "requirements.txt", (later, later))  # as after a checkout of another branch and back
    assert "pip" not in make(checkout, "run")
    with (checkout / "requirements.txt").open("a") as file:
        file.write("# more\n")
    os.utime(checkout / "requirements.txt", (0, 0))
    assert "pip" in make(checkout, "run")
    assert "pip" not in make(checkout, "run")
    assert make(checkout, "quick").count("\npip ") == 1
    assert "pip" not in make(checkout, "quick")


def test_a_failed_installation_is_tried_again(checkout: Path) -> None:
    pip = checkout / ".venv" / "bin" / "pip"
    works = pip.read_text()
    pip.write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(subprocess.CalledProcessError):
        make(checkout, "run")
    pip.write_text(works)
    assert "pip" in make(checkout, "run")


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("::1", "[::1]:8000"),
        ("[::1]", "[::1]:8000"),
        ("127.0.0.1", "127.0.0.1:8000"),
        ("shop.test", "shop.test:8000"),
    ],
)
def test_an_ipv6_address_stands_in_brackets(checkout: Path, host: str, address: str) -> None:
    printed = make(checkout, "run", f"HOST={host}")
    assert f"flask setup --bind {address}\n" in printed
    assert f"The shop opens at http://{address} " in printed
    assert f"--bind {address} --workers" in printed
