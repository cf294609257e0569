"""Slugs: the readable part of a URL."""

from __future__ import annotations

import hashlib
import re

from storefront.catalog.search import fold

_NOT_SLUG = re.compile(r"[^a-z0-9]+")


def slugify(text: str, *, limit: int = 200) -> str:
    """Return the text as a slug of a–z, 0–9 and hyphens; never empty, the same for the same text.

    A text without Latin letters and digits gets a slug that is made of its digest.
    """
    slug = (
        _NOT_SLUG.sub("-", fold(text).replace("&", " and ").replace("'", "").replace("’", ""))
        .strip("-")[:limit]
        .strip("-")
    )
    return slug or f"n-{hashlib.sha256(text.encode()).hexdigest()[:10]}"
