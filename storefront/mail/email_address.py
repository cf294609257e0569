"""E-mail addresses: which are valid, and the one spelling in which they are stored."""

from __future__ import annotations

import re

from storefront.i18n import gettext as _
from storefront.web.forms import Form

MAX_LENGTH = 254  # RFC 5321, 4.5.3.1.3: a path of 256 characters with its brackets

# What HTML's <input type=email> accepts, with at least one dot in the domain.
_LOCAL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def normalize_email(text: str) -> str | None:
    """Return an address in canonical form: case-folded, its domain in ASCII (IDNA). None if it is not valid.

    Mail is sent to this form, and every limit by account or recipient counts by it. Only ASCII is allowed before the
    @: case folding maps some letters onto others (ß and ss, dotless i), and two mailboxes with one folded address
    would get each other's links.
    """
    if len(text) > 2 * MAX_LENGTH:
        return None
    local, _at, domain = text.strip().rpartition("@")
    local = local.casefold() if local.isascii() else ""
    try:
        domain = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None
    if not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        return None
    folded = f"{local}@{domain}"
    return folded if len(folded) <= MAX_LENGTH else None


def read_email(form: Form, name: str = "email") -> str:
    """Return the folded address of a form's field; empty, with an error in the form, if it is not valid."""
    typed = form.typed(name).strip()[: MAX_LENGTH + 2]
    form.values[name] = "".join(c for c in typed if c.isprintable())
    folded = normalize_email(typed)
    if folded is None:
        form.errors[name] = (
            _("That is no e-mail address that we can write to. It looks like name@example.com.")
            if typed
            else _("The e-mail address is missing.")
        )
    return folded or ""
