"""What differs between two versions of a page: words that came and words that went, field by field."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from html import unescape

from storefront.content.models import ContentVersion
from storefront.i18n import lazy_gettext

FIELDS = {
    "title": lazy_gettext("title"),
    "slug": lazy_gettext("address"),
    "body_html": lazy_gettext("text"),
    "seo_title": lazy_gettext("search result: title"),
    "seo_description": lazy_gettext("search result: description"),
}
MOST_WORDS = 3000  # of both texts together; longer ones are compared by their lines
_BLOCK = re.compile(r"</?(?:p|h[1-6]|li|ul|ol|tr|table|blockquote|pre|div|br|hr)\b[^<>]*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TextPart:
    """A piece of a text: "same", "old" (only in the older version) or "new"."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """A field that differs; without parts only the formatting of its text does."""

    label: str
    parts: list[TextPart]


def compare_versions(older: ContentVersion, newer: ContentVersion) -> list[FieldDifference]:
    """Return the fields that differ."""
    found = []
    for name, label in FIELDS.items():
        old, new = getattr(older, name), getattr(newer, name)
        if old == new:
            continue
        if name == "body_html":
            old, new = _plain(old), _plain(new)
        found.append(FieldDifference(str(label), _compare(old, new) if old != new else []))
    return found


def _plain(html: str) -> str:
    """Return the words of a sanitised text, a line for each paragraph."""
    lines = unescape(re.sub(r"<[^>]*>", "", _BLOCK.sub("\n", html))).splitlines()
    return "\n".join(line.strip() for line in lines if line.strip())


def _compare(old: str, new: str) -> list[TextPart]:
    before, after = (re.findall(r"\S+|\s+", text) for text in (old, new))
    if len(before) + len(after) > MOST_WORDS:
        before, after = (text.splitlines(keepends=True) for text in (old, new))
    parts = []
    for kind, *(a, b, c, d) in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            parts.append(TextPart("same", "".join(before[a:b])))
            continue
        parts += [TextPart("old", "".join(before[a:b])), TextPart("new", "".join(after[c:d]))]
    return [part for part in parts if part.text]
