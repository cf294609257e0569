"""Run the lesson: each fault of the naive versions and ours beside it, with a table of the figures.

make lesson                # with the English table of docs/lesson.md
make lesson IN=ja    # with the Japanese one
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lesson import figures

HEADS = {
    "en": ("", "fault: what is counted", "naive", "ours"),
    "ja": ("", "問題：数えるもの", "素朴な実装", "本実装"),
}


def print_table(language: str) -> None:
    """Print what this run has measured, in the order of the document."""
    rows = [HEADS[language], *_rows(language)]
    widths = [max(_width(row[column]) for row in rows) for column in range(4)]
    for section, fault, naive, ours in rows:
        print(
            _pad(section, widths[0]),
            _pad(fault, widths[1]),
            " " * (widths[2] - _width(naive)) + naive,
            " " * (widths[3] - _width(ours)) + ours,
            sep="  ",
        )


def _rows(language: str) -> Iterator[tuple[str, str, str, str]]:
    for section, row in figures.read_table(language).items():
        measured = figures.measured.get(section)
        naive, ours = (f"{number:,}" for number in measured) if measured else ("?", "?")
        yield section, re.sub("[`*]", "", row.fault), naive, ours


def _width(text: str) -> int:
    """Return the columns of a terminal that a text takes: two for each Japanese character."""
    return sum(2 if unicodedata.east_asian_width(sign) in "FW" else 1 for sign in text)


def _pad(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def main(language: str) -> int:
    """Run the tests of the lesson, print the table, and return the exit status."""
    if language not in HEADS:
        print(f"There is no table in {language!r}; choose one of: {', '.join(HEADS)}.", file=sys.stderr)
        return 2
    status = pytest.main(["-q", "--no-header", "-p", "no:cacheprovider", str(Path(__file__).parent)])
    print_table(language)
    return int(status)


if __name__ == "__main__":
    sys.exit(main(*(sys.argv[1:] or ["en"])))
