"""What the code of a variant may be: unique in the shop, and part of addresses."""

from __future__ import annotations

import unicodedata

from storefront.unicode_text import normalize

MAX_CODE = 255


def is_plain(code: str) -> bool:
    """Return whether a code cannot be confused with another: no invisible and no compatibility characters."""
    return code == normalize("NFKC", code) == code.strip() and all(
        unicodedata.category(c)[0] not in "CZ" or c == " " for c in code
    )


def is_safe_code(code: str) -> bool:
    """Return whether a text can be a code: plain, and the same after a browser has resolved it as part of a path."""
    parts = code.split("/")
    return 0 < len(code) <= MAX_CODE and is_plain(code) and not {"", ".", ".."} & set(parts)
