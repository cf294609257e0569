"""Where to go on afterwards: only ever to a path of this shop."""

from __future__ import annotations

import re

HOME = "/account"
_OWN_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]{0,1999}")  # printable ASCII but the backslash; no second slash
_SIGN_IN_PAGES = re.compile(r"/account/(login|logout|register|reset)\b")


def safe_path(text: str | None, default: str = HOME) -> str:
    """Return the path if it is one of ours and leads on, else the default.

    Browsers read `//host`, `/\\host` and `/<tab>/host` as another site (WHATWG URL, 4.4): nothing like that passes.
    """
    if text is None or not _OWN_PATH.fullmatch(text) or _SIGN_IN_PAGES.match(text):
        return default
    return text
