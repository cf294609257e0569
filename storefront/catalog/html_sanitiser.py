"""Sanitise merchants' descriptions before they are stored, and fit their headings to the page."""

from __future__ import annotations

import re

import nh3

_TAGS = frozenset(
    "p br hr div span strong b em i u s small sub sup blockquote code pre ul ol li dl dt dd h1 h2 h3 h4 h5 h6 "
    "table caption thead tbody tfoot tr th td a".split()
)
_WITH_CONTENT = frozenset("script style iframe object embed svg math template noscript".split())
_ATTRIBUTES = {"a": {"href", "title"}, "th": {"colspan", "rowspan", "scope"}, "td": {"colspan", "rowspan"}}


def sanitise(html: str) -> str:
    """Return HTML with text-level tags, lists, tables and links only: no script, style, handler or `javascript:`.

    NUL bytes are removed, since PostgreSQL cannot store them.
    """
    return nh3.clean(
        html.replace("\x00", ""),
        tags=set(_TAGS),
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener nofollow",
        clean_content_tags=set(_WITH_CONTENT),
    ).strip()


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
