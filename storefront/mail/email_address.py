"""E-mail addresses on pages: as people read them, and as they type them into forms."""

from __future__ import annotations

import idna

from storefront.email_syntax import MAX_LENGTH, exact_email, normalize_email
from storefront.i18n import gettext as _
from storefront.unicode_text import clean_line
from storefront.web.forms import Form

__all__ = ["display_email", "exact_email", "normalize_email", "read_email"]


def display_email(email: str) -> str:
    """Return an address for people: with an international domain as it is read, then as it is sent."""
    local, _at, domain = email.rpartition("@")
    if "xn--" not in domain:
        return email
    try:
        return f"{local}@{idna.decode(domain)} ({email})"
    except idna.IDNAError:  # a domain of before 2008, such as one with an emoji
        return email


def read_email(form: Form, name: str = "email") -> str:
    """Return the folded address of a form's field; empty, with an error in the form, if it is not valid."""
    typed = form.typed(name).strip()[: MAX_LENGTH + 2]
    form.values[name] = clean_line(typed)
    folded = normalize_email(typed)
    if folded is None:
        form.errors[name] = (
            _("Enter a valid e-mail address, such as name@example.com.")
            if typed
            else _("Enter your e-mail address.")
        )
    return folded or ""
