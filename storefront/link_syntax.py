"""What a link of the merchant's may be: in menus, on the front page, in the announcement."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from storefront.i18n import gettext as _

_FORBIDDEN = re.compile(r'[\s\x00-\x1f\x7f\\<>"\u202a-\u202e\u2066-\u2069]')


def is_link(text: str) -> bool:
    """Return whether this is a path of the shop, a web address, or an address to write to or to call.

    A web address has no user name, which would show another host than the one that it leads to.
    """
    if _FORBIDDEN.search(text):
        return False
    if text.startswith("/"):
        return not text.startswith("//")
    try:
        parts = urlsplit(text)
        is_host = bool(parts.hostname) and parts.username is None and parts.port != 0
    except ValueError:  # a wrong port, or half of an address in brackets
        return False
    if parts.scheme in ("mailto", "tel"):
        return bool(parts.path)
    return parts.scheme in ("http", "https") and is_host


def describe_links() -> str:
    """Return the sentence for a text that is not a link."""
    return _("Enter an address of this shop, which begins with /, or one that begins with https://.")
