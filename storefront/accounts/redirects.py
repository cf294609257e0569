"""Safe redirects: only to paths of this shop."""

from __future__ import annotations

import re

HOME = "/account"
# Printable ASCII without the backslash; the second character is not a slash.
_OWN_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]{0,1999}")
_SIGN_IN_PAGES = re.compile(r"/account/(login|logout|register|reset)\b")


def safe_path(text: str | None, default: str = HOME) -> str:
    """Return the path if it is a path of this shop other than the sign-in pages; else the default.

    Browsers read `//host`, `/\\host` and `/<tab>/host` as another site (WHATWG URL, 4.4): those are rejected.
    """
    if text is None or not _OWN_PATH.fullmatch(text) or _SIGN_IN_PAGES.match(text):
        return default
    return text
