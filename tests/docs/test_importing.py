"""The examples of docs/importing.md are true: a test runs the commands of each section in an empty shop."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from flask import Flask

from storefront.extensions import db
from tests.processes import ROOT

# Both databases apply and undo in tests/change_sets/test_apply.py, test_undo.py and test_any_sequence.py.
pytestmark = pytest.mark.any_database

TEXT = (ROOT / "docs" / "importing.md").read_text()
SECTIONS = dict(part.split("\n", 1) for part in re.split(r"^## ", TEXT, flags=re.M)[1:])
EXAMPLES = {name: text for name, text in SECTIONS.items() if "```console" in text}
_BLOCK = re.compile(r"^(?:`(?P<file>[\w.-]+)`:\n```csv|```console)\n(?P<text>.*?)^```$", re.S | re.M)


@pytest.mark.parametrize("section", EXAMPLES)
def test_examples_of_the_import_are_true(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, section: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for block in _BLOCK.finditer(EXAMPLES[section]):
        if block["file"]:
            (tmp_path / block["file"]).write_text(block["text"])
            continue
        for command in block["text"].removeprefix("$ ").split("\n$ "):
            line, *expected = command.strip("\n").split("\n")
            result = app.test_cli_runner().invoke(args=shlex.split(line)[1:])
            db.session.remove()
            position = 0
            for sentence in expected:
                assert sentence in result.output[position:], f"{line}\n{result.output}"
                position = result.output.index(sentence, position)


def test_every_rule_of_the_import_has_an_example() -> None:
    without = {"Metafields", "Pictures", "Sanitising"}
    assert SECTIONS.keys() - without <= EXAMPLES.keys()
    assert {"Stock", "Change sets", "Refused rows"} <= EXAMPLES.keys()
