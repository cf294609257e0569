"""Pictures within descriptions and the merchant's pages: those that the shop has stored, and the text of the others.

The stored HTML keeps the source that the merchant wrote, so an import of the same file changes nothing. The table
`description_picture` says which picture the shop has for a source. Pages load nothing from other sites: those would
learn who visits the shop, and the page's Content-Security-Policy forbids it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape, unescape
from itertools import islice

from storefront.cache.keys import digest
from storefront.catalog.page_data import Picture

MAX_PICTURES = 100  # different ones of one description
MAX_SHOWN_WIDTH = 640  # pixels: of the column with the description, about
_TAG = re.compile(r'<img((?: [a-z]+="[^"]*")*)>')
_SOURCE, _ALT = re.compile(r' src="([^"]*)"'), re.compile(r' alt="([^"]*)"')
_WIDTH = re.compile(r' width="([1-9][0-9]{0,3})(?:px)?"')
_OWN = re.compile(r"(?:/[\w-]+)*/media/([0-9a-f]{32})-[0-9]{1,4}\.webp")


def source_key(source: str) -> str:
    """Return the key of a source in the table."""
    return digest(source)


def find_sources(html: str) -> dict[str, str]:
    """Return key and source of each picture of another site, or of a file, that sanitised HTML names."""
    wanted = (source for source in _sources(html) if not _OWN.fullmatch(source))
    return {source_key(source): source for source in islice(wanted, MAX_PICTURES)}


def find_own(html: str) -> list[str]:
    """Return the digests of the shop's own pictures that sanitised HTML shows, each once, in its order."""
    found = filter(None, map(_OWN.fullmatch, _sources(html)))
    return list(islice(dict.fromkeys(match[1] for match in found), MAX_PICTURES))


def _sources(html: str) -> dict[str, None]:
    if "<img" not in html:
        return {}
    found = (_SOURCE.search(tag[1]) for tag in _TAG.finditer(html))
    return dict.fromkeys(unescape(match[1]) for match in found if match and match[1])


def show_pictures(html: str, stored: Mapping[str, Picture]) -> str:
    """Return sanitised HTML with the shop's renditions of its pictures; without one, the picture's text.

    Args:
        html: the description.
        stored: pictures that the shop has, by the keys of their sources; its own by their digests.
    """
    if "<img" not in html:
        return html

    def replace(tag: re.Match[str]) -> str:
        source, alt = _SOURCE.search(tag[1]), _ALT.search(tag[1])
        own = _OWN.fullmatch(source[1]) if source else None
        picture = stored.get(own[1] if own else source_key(unescape(source[1]))) if source else None
        if picture:
            return _render(picture, alt[1] if alt else "", _WIDTH.search(tag[1]))
        if own:
            return tag[0]
        return escape(unescape(alt[1])) if alt else ""

    return _TAG.sub(replace, html)


def _render(picture: Picture, alt: str, given: re.Match[str] | None) -> str:
    """Return the tag of a rendition. `alt` is escaped already; `given` is the width that the merchant wrote."""
    width = min(picture.width, int(given[1]) if given else picture.width)
    height = max(1, round(picture.height * width / picture.width))
    shown = min(width, MAX_SHOWN_WIDTH)
    sizes = f"(max-width: {shown}px) 100vw, {shown}px"
    image = (
        f'<img src="{escape(picture.src(shown))}" srcset="{escape(picture.srcset)}" sizes="{sizes}" '
        f'width="{width}" height="{height}" alt="{alt}" loading="lazy" decoding="async">'
    )
    if not picture.avif:
        return image
    source = f'<source type="image/avif" srcset="{escape(picture.avif_srcset)}" sizes="{sizes}">'
    return f"<picture>{source}{image}</picture>"
