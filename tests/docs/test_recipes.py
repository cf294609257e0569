"""The recipes of docs/architecture.md work: a test carries out their steps on a copy of the repository."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.documents import tracked
from tests.processes import ROOT

TEXT = (ROOT / "docs" / "architecture.md").read_text().partition("\n## Recipes\n")[2].partition("\n## ")[0]
RECIPES = dict(part.split("\n", 1) for part in re.split(r"^### ", TEXT, flags=re.M)[1:])
WANTED = {
    "Add a page",
    "Add a cached value",
    "Add a rate limit",
    "Add a setting",
    "Add a periodic task",
    "Add an outbox topic",
    "Add a text for people",
}
_STEP = re.compile(
    r"(Append to|Create|Insert after `(?P<line>[^`]+)` in) `(?P<file>[^`]+)`"
    r"[^`]*(?:`[^`\n]+`[^`]*)*?```\w+\n(?P<code>.*?)```",
    re.S,
)
# What an editor would import by itself.
_IMPORTS = """
from datetime import UTC, datetime, timedelta
from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from storefront import cache, outbox, periodic, rate_limiting
from storefront.config import Settings
from storefront.shop_cache import keys
from storefront.extensions import db, write_transaction
"""
_TESTS_IMPORT = (
    _IMPORTS + "from storefront.catalog import queries\nfrom tests.factories import make_product\n"
)


def carry_out(recipe: str, copy: Path) -> list[str]:
    """Carry out the steps of a recipe on a copy of the repository; return the test files that it made."""
    tests = []
    steps = list(_STEP.finditer(recipe))
    assert len(steps) == recipe.count("```") // 2, "each block says what becomes of it"
    for step in steps:
        file, code = copy / step["file"], step["code"]
        if step["line"]:
            lines = file.read_text().splitlines(keepends=True)
            (place,) = (number for number, line in enumerate(lines) if step["line"] in line)
            lines.insert(place + 1, code)
            file.write_text("".join(lines))
        elif step[1] == "Create":
            assert not file.exists(), file
            is_test = step["file"].startswith("tests/")
            file.write_text((_TESTS_IMPORT if is_test else "") + code)
            tests += [step["file"]] if is_test else []
        else:
            file.write_text(f"{file.read_text()}\n\n{code}")
        if file.suffix == ".py" and not step["file"].startswith("tests/"):
            add_imports(file)
    assert tests, "a recipe ends with a test"
    return tests


def add_imports(file: Path) -> None:
    """Import the names that the file now uses and does not have yet."""
    text = file.read_text()
    nodes = list(ast.walk(ast.parse(text)))
    had = {alias.asname or alias.name for n in nodes if isinstance(n, ast.ImportFrom) for alias in n.names}
    had |= {n.name for n in nodes if isinstance(n, ast.ClassDef | ast.FunctionDef)}
    used = {n.id for n in nodes if isinstance(n, ast.Name)} - had
    lines = [
        f"from {module} import {name}\n"
        for module, names in re.findall(r"^from (\S+) import (.+)$", _IMPORTS, re.M)
        for name in names.split(", ")
        if name in used
    ]
    future = "from __future__ import annotations\n"
    place = text.index(future) + len(future) if future in text else 0
    file.write_text(text[:place] + "".join(lines) + text[place:])


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Provide a copy of the repository, without pictures."""
    folder = tmp_path_factory.mktemp("copy")
    for path in tracked():
        if path.suffix != ".webp":
            target = folder / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    return folder


def test_every_recipe_is_there_and_short() -> None:
    assert set(RECIPES) >= WANTED
    for name, text in RECIPES.items():
        lines = [line for line in text.splitlines() if line.strip()]
        assert len(lines) <= 20, f"{name}: {len(lines)} lines"


@pytest.mark.slow
def test_every_recipe_can_be_carried_out(copy: Path) -> None:
    tests = [file for name in RECIPES for file in carry_out(RECIPES[name], copy)]
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "not postgresql", *tests]
    ran = subprocess.run(
        words,
        cwd=copy,
        env=os.environ | {"PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.search(rf"^{len(tests)} passed", ran.stdout, re.M), ran.stdout


def test_a_recipe_that_is_out_of_date_fails(tmp_path: Path) -> None:
    (tmp_path / "storefront").mkdir()
    (tmp_path / "storefront" / "app.py").write_text("renamed = 1\n")
    step = "Insert after `former = ` in `storefront/app.py`:\n```python\nvalue = 2\n```\n"
    with pytest.raises(ValueError, match="not enough values"):
        carry_out(step, tmp_path)
