"""Code branches by database only in the places that the decision names."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
DECISION = ROOT / "docs" / "decisions" / "0009-branches-by-database.md"
TOLD_APART = re.compile(r"dialect\.name|dialects import|startswith\(\"sqlite\"\)|sqlite_errorname")


def test_code_branches_by_database_only_where_decided() -> None:
    found = {
        path.relative_to(ROOT)
        for folder in ("storefront", "migrations/versions")
        for path in (ROOT / folder).rglob("*.py")
        if TOLD_APART.search(path.read_text())
    }
    named: set[Path] = set()
    for cell in re.findall(r"^\| (`[^|]+) \|", DECISION.read_text(), re.M):
        first, *others = (Path(name) for name in re.findall(r"`([^`]+)`", cell))
        named |= {first, *(first.parent / other for other in others)}
    assert found - named == set(), "name it in the decision, with its reason, or do without"
    assert {path for path in named if not (ROOT / path).exists()} == set()
