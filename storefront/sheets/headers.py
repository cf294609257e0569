"""The headers of columns: cleaned for people, folded for comparison."""

from __future__ import annotations


def clean_header(cell: str) -> str:
    """Return a header without a byte order mark and extra spaces."""
    return " ".join(cell.replace("\ufeff", "").split())


def fold_header(cell: str) -> str:
    """Return a header for comparison: cleaned, and without case."""
    return clean_header(cell).casefold()
