"""A run says which programs are missing and what that costs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.programs import missing_programs, require_program

SHELL = "chromium-headless-shell"


def install(folder: Path, name: str) -> str:
    program = folder / name
    program.touch(mode=0o755)
    return str(program)


def test_a_substitute_is_used_and_named_with_its_cost(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    request.node.add_marker(pytest.mark.needs(SHELL))
    begin, how = f"{SHELL} is not installed: ", f" (on Debian: apt-get install chromium {SHELL})"
    assert missing_programs([request.node]) == [f"{begin}1 test is skipped{how}"]

    chromium = install(tmp_path, "chromium")
    cost = "1 test takes twice the processor time in Chromium itself"
    assert missing_programs([request.node]) == [f"{begin}{cost}{how}"]
    assert require_program(SHELL) == chromium

    shell = install(tmp_path, SHELL)
    assert missing_programs([request.node]) == []
    assert (require_program(SHELL), require_program("chromium")) == (shell, chromium)
