"""Times in cells, as exports of shops write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from storefront.sheets.cells import clean_text

EXAMPLE = "2026-11-28 21:40:00 +0000"
_ZONE = re.compile(r" (?:([+-][0-9]{2}):?([0-9]{2})|UTC)$")


def parse_time(cell: str) -> datetime | None:
    """Return the time in a cell, in UTC; None if it is empty. A time without a zone is taken as UTC.

    Raises:
        ValueError: the cell is not a time in the order year, month, day; the text says how to write one.
    """
    text = clean_text(cell)
    if not text:
        return None
    try:
        time = datetime.fromisoformat(_ZONE.sub(_offset, text))
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text[:40]!r} is not a time; write it as {EXAMPLE}") from error


def _offset(match: re.Match[str]) -> str:
    return f"{match[1]}:{match[2]}" if match[1] else "+00:00"
