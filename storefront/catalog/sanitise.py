"""Descriptions as merchants write them, made safe before they are stored."""

from __future__ import annotations

import nh3

_TAGS = {
    *(
        [
            "p",
            "br",
            "hr",
            "div",
            "span",
            "strong",
            "b",
            "em",
            "i",
            "u",
            "s",
            "small",
            "sub",
            "sup",
            "blockquote",
            "code",
            "pre",
        ]
    ),
    *(
        [
            "ul",
            "ol",
            "li",
            "dl",
            "dt",
            "dd",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "table",
            "caption",
            "thead",
            "tbody",
            "tfoot",
            "tr",
            "th",
            "td",
            "a",
        ]
    ),
}
_ATTRIBUTES = {"a": {"href", "title"}, "th": {"colspan", "rowspan", "scope"}, "td": {"colspan", "rowspan"}}


def sanitise(html: str) -> str:
    """Return HTML with text-level tags, lists, tables and links only: no script, style, handler or `javascript:`.

    NUL bytes are dropped, since PostgreSQL stores none.
    """
    return nh3.clean(
        html.replace("\x00", ""),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener nofollow",
        clean_content_tags={
            "script",
            "style",
            "iframe",
            "object",
            "embed",
            "svg",
            "math",
            "template",
            "noscript",
        },
    ).strip()
