"""Texts for people follow docs/words-of-the-shop.md: phrases that good shops do not write never come back."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.processes import ROOT

# From the column "not" of the document, as far as the words have no right use.
UNWANTED = re.compile(
    r"\b(?:look into your mail|come by|coming by|do not belong together|done its work|goes back the way"
    r"|catching its breath"
    r"|a little slower|cannot be taken back|by itself|slips of the pen|what we keep of you"
    r"|no longer held|held for you|not in the shop any more|out of the range|it is written down|the letter\b"
    r"|one more step|as it stands|I do not know my password|nobody was quicker|makers?\b|have that many"
    r"|already have one\.|invoice goes|sent this many"
    r"|is no address|the top is|past its time|narrower categories|(?:was|were) (?:not )?booked)"
    r"|\w'[\w ]|\.\.\.",  # rule 9: ’ and …
    re.IGNORECASE,
)
TAG = re.compile("<[^>]*>")
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
LITERAL = r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
CALL = re.compile(rf"\b(?:_|ngettext)\(\s*({LITERAL}(?:\s*,\s*{LITERAL})?)")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(ROOT / "templates").as_posix())
def test_template_uses_the_words_of_the_shop(path: Path) -> None:
    texts = CALL.findall(path.read_text())
    assert _unwanted(texts) == []


def test_programs_use_the_words_of_the_shop() -> None:
    texts = [
        argument.value
        for path in (ROOT / "storefront").rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in ("_", "ngettext", "lazy_gettext")
        for argument in call.args
        if isinstance(argument, ast.Constant)
    ]
    assert len(texts) > 300
    assert _unwanted([str(text) for text in texts]) == []


def _unwanted(texts: list[str]) -> list[str]:
    return [text for text in texts if UNWANTED.search(TAG.sub("", text))]
