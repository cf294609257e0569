"""The check of a person's own password in a form of their account."""

from __future__ import annotations

from storefront.accounts import credentials
from storefront.accounts.models import User
from storefront.accounts.passwords import read_password
from storefront.accounts.sign_in_limits import TooManyFailuresError
from storefront.i18n import gettext as _
from storefront.web.forms import Form


def is_own_password(user: User, form: Form, field: str) -> bool:
    """Return whether this field holds the account's password; if not, the form has an error."""
    password, email = read_password(form, field), user.email
    if not password:
        return False
    try:
        right = credentials.authenticate(email, password) is not None
    except TooManyFailuresError as error:
        form.errors[field] = str(error)
        return False
    if not right:
        form.errors[field] = _("Incorrect password.")
    return right
