"""Sanitise merchants' descriptions before they are stored, and fit their headings to the page.

HTML's parsing rules make some tags cost as much as all tags around them: 17 kB can become 7 MB. `find_excess` bounds
that before the text is parsed.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import nh3

_TAGS = frozenset(
    "p br hr div span strong b em i u s small sub sup blockquote code pre ul ol li dl dt dd h1 h2 h3 h4 h5 h6 "
    "table caption thead tbody tfoot tr th td a img figure figcaption details summary del ins abbr mark".split()
)
# Tags that are removed without a trace, since they stand within a word or a sentence, or show nothing. All others
# leave a space.
_INLINE = frozenset(
    "acronym bdi bdo big button cite data dfn font input kbd label nobr output picture q rp rt ruby samp script "
    "source strike style template time tt var wbr".split()
)
_WITH_CONTENT = frozenset("script style iframe object embed svg math template noscript".split())
_ATTRIBUTES = {"a": {"href", "title"}, "th": {"colspan", "rowspan", "scope"}, "td": {"colspan", "rowspan"}}
_ATTRIBUTES |= {"img": {"src", "alt", "width", "height"}, "abbr": {"title"}, "details": {"open"}}
# What a merchant may miss: the plural of its name, and its tags.
_REPORTED = {
    "frames": ("iframe", "frame", "object", "embed"),
    "videos": ("video", "audio"),
    "scripts": ("script",),
    "forms": ("form",),
    "drawings": ("svg",),
}
# Characters and tags of a description.
MAX_LENGTH = 200_000
MAX_TAGS = 10_000
# A parser repeats open formatting tags in each block (HTML, 13.2.4.3): up to three of each kind, or any number if
# their attributes differ. So this bounds the product of those with attributes and all tags.
MAX_REPETITIONS = 1_000_000
_ANY_TAG = re.compile(r"<[a-zA-Z/!?]")
_FORMATTING = re.compile(r"<(?:b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)[\s/]", re.I)
_OPENING_TAG = re.compile(r"<([a-zA-Z][a-zA-Z0-9-]*)")
_TAG_NAME = re.compile(r"</?([a-zA-Z][a-zA-Z0-9-]*)")
_WHOLE_TAG = re.compile(r"<[^<>]*>")


def find_excess(html: str) -> str | None:
    """Return why a description costs too much to sanitise, as the end of a sentence about it; None if it does not."""
    if len(html) > MAX_LENGTH:
        return f"has {len(html):,} characters; the most is {MAX_LENGTH:,}"
    tags = len(_ANY_TAG.findall(html))
    if tags > MAX_TAGS:
        return f"has {tags:,} tags; the most is {MAX_TAGS:,}"
    if len(_FORMATTING.findall(html)) * tags > MAX_REPETITIONS:
        return "has too many formatting tags with attributes; use plain <b> and <i>"
    return None


def sanitise(html: str) -> str:
    """Return HTML with text-level tags, lists, tables, links and pictures only: no script, style or handler.

    NUL bytes are removed, since PostgreSQL cannot store them. A description that `find_excess` refuses loses all of
    its tags, and is cut at MAX_LENGTH.
    """
    if find_excess(html):
        html = _WHOLE_TAG.sub(" ", html[:MAX_LENGTH]).replace("<", "&lt;")
    return nh3.clean(
        _TAG_NAME.sub(_leave_space, html.replace("\x00", "")),
        tags=set(_TAGS),
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener nofollow",
        clean_content_tags=set(_WITH_CONTENT),
    ).strip()


def allowed_html() -> dict[str, Any]:
    """Return what `sanitise` keeps, for editors: tags, attributes by tag, and tags that it removes with content."""
    return {
        "tags": sorted(_TAGS),
        "attributes": {tag: sorted(names) for tag, names in _ATTRIBUTES.items()},
        "removed": sorted(_WITH_CONTENT),
    }


def count_removed(html: str) -> dict[str, int]:
    """Return how many elements of each kind `sanitise` takes out that a merchant may miss, such as {"frames": 1}."""
    names = Counter(name.lower() for name in _OPENING_TAG.findall(html))
    counts = {kind: sum(names[tag] for tag in tags) for kind, tags in _REPORTED.items()}
    return {kind: count for kind, count in counts.items() if count}


def describe_removed(html: str) -> str | None:
    """Return what `sanitise` takes out, as the end of a sentence about a description; None if nothing to miss."""
    counts = count_removed(html)
    if not counts:
        return None
    named = [f"{count:,} {kind if count > 1 else kind[:-1]}" for kind, count in counts.items()]
    return f"had {', '.join(named)}, which the shop does not show"


def _leave_space(tag: re.Match[str]) -> str:
    name = tag[1].lower()
    return tag[0] if name in _TAGS or name in _INLINE else f" {tag[0]}"


def below_heading(html: str, level: int) -> str:
    """Return sanitised HTML with its headings renumbered below a heading of this level, without skipping a level.

    Merchants choose h1 or h4 by their looks; for a screen reader, headings must continue the page's own order.
    """
    open_levels: list[int] = []
    renumbered = level

    def renumber(tag: re.Match[str]) -> str:
        nonlocal renumbered
        if not tag[1]:
            own = int(tag[2])
            while open_levels and open_levels[-1] >= own:
                open_levels.pop()
            open_levels.append(own)
            renumbered = min(level + len(open_levels), 6)
        return f"<{tag[1]}h{renumbered}"

    return re.sub(r"<(/?)h([1-6])(?=[\s>])", renumber, html)
