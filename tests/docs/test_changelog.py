"""The changelog is sorted by version and kind, with one short line for each change."""

from __future__ import annotations

import re

from storefront import __version__
from tests.processes import ROOT

TEXT = (ROOT / "CHANGELOG.md").read_text()
KINDS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]
LONGEST = 110  # characters


def versions() -> dict[str, dict[str, list[str]]]:
    """Return the lines of each version by their heading."""
    found: dict[str, dict[str, list[str]]] = {}
    for section in re.split(r"^## ", TEXT, flags=re.M)[1:]:
        title, _, body = section.partition("\n")
        kinds = found[title] = {}
        for part in re.split(r"^### ", body, flags=re.M)[1:]:
            kind, _, lines = part.partition("\n")
            assert kind not in kinds, f"{kind} stands twice under {title}"
            kinds[kind] = [line for line in lines.splitlines() if line]
    return found


def test_every_version_has_a_date_and_known_kinds() -> None:
    unreleased, *released = versions()
    assert unreleased == "[Unreleased]"
    for title in released:
        assert re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d{2}-\d{2}", title)
    for title, kinds in versions().items():
        assert list(kinds) == [kind for kind in KINDS if kind in kinds], title
        assert {"Added", "Changed", "Fixed"} <= set(kinds), title


def test_the_first_release_is_dated() -> None:
    assert list(versions())[-1] == "[0.1.0] - 2026-11-28"


def test_the_newest_version_is_the_packages() -> None:
    assert list(versions())[1].startswith(f"[{__version__}] - ")


def test_every_change_is_one_short_line() -> None:
    for title, kinds in versions().items():
        for line in (line for lines in kinds.values() for line in lines):
            assert re.fullmatch(r"- [A-Z`/0-9].*\.", line), f"{title}: {line}"
            assert len(line) <= LONGEST, line


def test_no_change_is_listed_twice() -> None:
    lines = [re.sub(r"\W+", " ", line).lower() for line in TEXT.splitlines() if line.startswith("- ")]
    assert len(lines) == len(set(lines)) > 80
