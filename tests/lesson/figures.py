"""The figures of the lesson: what its tests measure, and what the tables of both documents say."""

from __future__ import annotations

import re
from typing import NamedTuple

from tests.processes import ROOT

DOCUMENTS = {"en": ROOT / "docs" / "lesson.md", "ja": ROOT / "docs" / "lesson.ja.md"}
_ROW = re.compile(r"^\| \[(\d\.\d)\]\(#[^)]+\) \| (.+) \| ([\d,]+) \| ([\d,]+) \|$", re.M)


class Figures(NamedTuple):
    """A row of the table.

    Attributes:
        fault: what goes wrong, and what is counted.
        naive: the naive version's number.
        ours: ours.
    """

    fault: str
    naive: int
    ours: int


# What the tests of this run have measured, by the number of the section.
measured: dict[str, tuple[int, int]] = {}


def read_table(language: str) -> dict[str, Figures]:
    """Return the table of a document by the numbers of its sections."""
    rows = _ROW.findall(DOCUMENTS[language].read_text())
    return {
        number: Figures(fault, int(naive.replace(",", "")), int(ours.replace(",", "")))
        for number, fault, naive, ours in rows
    }


def check(section: str, naive: int, ours: int) -> None:
    """Note the figures of a section's test, and compare them with the document."""
    measured[section] = naive, ours
    row = read_table("en")[section]
    assert (naive, ours) == (row.naive, row.ours), f"docs/lesson.md has other figures for {row.fault}"
