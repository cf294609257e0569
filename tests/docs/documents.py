"""The documents of the repository, and what they refer to."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

from tests.processes import ROOT

_TEXT = {
    ".md",
    ".py",
    ".html",
    ".txt",
    ".toml",
    ".conf",
    ".yml",
    ".yaml",
    ".service",
    ".lua",
    ".js",
    ".css",
    ".template",
    "",
}


@cache
def tracked() -> list[Path]:
    """Return every file of the repository, without what git ignores."""
    words = ["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for line in listed.splitlines() if (path := ROOT / line).is_file()]


@cache
def texts() -> dict[Path, str]:
    """Return the text of every tracked text file."""
    return {path: path.read_text() for path in tracked() if path.suffix in _TEXT}


def documents() -> list[Path]:
    """Return all Markdown documents but the changelog, which tells of names that are gone."""
    return [path for path in texts() if path.suffix == ".md" and path.name != "CHANGELOG.md"]


def quoted(document: Path) -> list[str]:
    """Return what stands between backticks in a document, outside of blocks of code."""
    text = re.sub(r"^ *```.*?^ *```", "", texts()[document], flags=re.S | re.M)
    return re.findall(r"`([^`\n]+)`", text)


def anchors(document: Path) -> set[str]:
    """Return the anchors of a document's headings, as GitHub makes them."""
    text = re.sub(r"^ *```.*?^ *```", "", texts()[document], flags=re.S | re.M)
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
