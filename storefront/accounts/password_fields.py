"""Password fields of forms. What was typed is never shown again."""

from __future__ import annotations

from storefront.accounts import passwords
from storefront.i18n import gettext as _
from storefront.web.forms import Form


def read_password(form: Form, name: str = "password") -> str:
    """Return a password that is to be verified; empty, with an error in the form, if it is missing."""
    typed = form.typed(name)
    if not typed:
        form.errors[name] = _("The password is missing.")
    return typed


def read_new_password(form: Form, name: str, *personal: str) -> str:
    """Return a new password, with an error in the form if it is missing or weak.

    `personal` are the person's e-mail address and name: a new password may not be one of them.
    """
    typed = read_password(form, name)
    if typed and (problem := passwords.find_weakness(typed, *personal)):
        form.errors[name] = problem
    return typed
