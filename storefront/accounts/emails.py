"""E-mail addresses: what may be one, and the one form in which it is kept."""

from __future__ import annotations

import re

MOST = 254  # RFC 5321, 4.5.3.1.3: a path of 256 with its brackets

# What HTML's <input type=email> takes, with at least one dot in the domain.
_LOCAL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def fold(text: str) -> str | None:
    """Return an address case-folded, its domain in ASCII (IDNA); None if mail cannot go there.

    What is kept is what mail is sent to: a fold that maps two mailboxes to one (ß and ss, dotless i) would send one
    person's links to the other, so only ASCII is taken before the @.
    """
    local, _, domain = text.strip().rpartition("@")
    local = local.casefold() if local.isascii() else ""
    try:
        domain = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None
    if not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        return None
    folded = f"{local}@{domain}"
    return folded if len(folded) <= MOST else None
