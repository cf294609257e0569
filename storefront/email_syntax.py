"""How e-mail addresses are written: which are valid, and the one spelling in which they are stored."""

from __future__ import annotations

import re

import idna

from storefront.unicode_text import strip_invisible

MAX_LENGTH = 254  # RFC 5321, 4.5.3.1.3: a path of 256 characters with its brackets

# What HTML's <input type=email> accepts, with at least one dot in the domain.
_LOCAL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}")
# ASCII in full width, as Japanese and Chinese keyboards write it. No mailbox is named so.
_WIDE = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}
# The last label is never a number (RFC 3696, 2): `kim@192.0.2.1` is not an address to which a server would send.
_DOMAIN = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?![0-9]+$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
)


def normalize_email(text: str) -> str | None:
    """Return an address in canonical form: case-folded, its domain in ASCII. None if it is not valid.

    The domain follows IDNA 2008 (RFC 5891) after the mapping of UTS #46, as browsers have it: `straße.example` and
    `strasse.example` are two domains, and may belong to two people.

    Mail is sent to this form, and every limit by account or recipient counts by it. Only ASCII is allowed before the
    @: case folding maps some letters onto others (ß and ss, dotless i), and two mailboxes with one folded address
    would get each other's links.
    """
    if len(text) > 2 * MAX_LENGTH:
        return None
    local, _at, domain = _bare(text).rpartition("@")
    local = local.casefold() if local.isascii() else ""
    try:
        domain = domain.lower() if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError:
        return None
    if not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        return None
    folded = f"{local}@{domain}"
    return folded if len(folded) <= MAX_LENGTH else None


def exact_email(text: str) -> str:
    """Return an address with its domain in canonical form and the rest as it is typed; empty if it is not valid.

    Whether `Kim@` and `kim@` are one mailbox is known to its own server alone (RFC 5321, 2.4). Mail and limits take
    them for one (`normalize_email`); what belongs to somebody must not.
    """
    canonical = normalize_email(text)
    return f"{_bare(text).rpartition('@')[0]}@{canonical.rpartition('@')[2]}" if canonical else ""


def _bare(text: str) -> str:
    """Return an address without the wide letters and the invisible characters round it that come with copied text."""
    return strip_invisible(text.translate(_WIDE))
