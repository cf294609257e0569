"""docs/glossary.md explains each term in one line and names the file that is its home."""

from __future__ import annotations

import re

from tests.processes import ROOT

ROWS = re.findall(
    r"^\| ([^|`]+) \| ([^|]+) \| `([^`]+)` \|$", (ROOT / "docs" / "glossary.md").read_text(), re.M
)


def test_the_glossary_has_sixty_to_a_hundred_terms() -> None:
    lines = [
        line for line in (ROOT / "docs" / "glossary.md").read_text().splitlines() if line.startswith("| ")
    ]
    assert len(lines) - 1 == len(ROWS), "each row has a term, a sentence and one file"
    assert 60 <= len(ROWS) <= 100


def test_each_term_stands_once_and_in_order() -> None:
    terms = [term.lower() for term, _, _ in ROWS]
    assert terms == sorted(set(terms), key=lambda term: term.replace("-", " "))


def test_each_term_has_a_home_that_exists() -> None:
    for term, _, home in ROWS:
        assert (ROOT / home).is_file(), f"{term}: {home}"
