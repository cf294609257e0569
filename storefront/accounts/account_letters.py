"""Our words for the letters about accounts, and samples of them for the merchant's preview."""

from __future__ import annotations

from functools import partial

from storefront.accounts import messages
from storefront.i18n import gettext as _
from storefront.i18n import lazy_gettext
from storefront.mail import LetterKind, Words
from storefront.mail.letter_kinds import Values

_GROUP = lazy_gettext("Accounts")
_TOKEN = "sample"  # noqa: S105  # of links in samples; it opens nothing


def _registration(values: Values) -> Words:
    return Words(_("Your account at %(shop)s", shop=values["shop_name"]), _asked_for_account(values))


def _account_exists(values: Values) -> Words:
    subject = _("You already have an account at %(shop)s", shop=values["shop_name"])
    return Words(subject, _asked_for_account(values))


def _asked_for_account(values: Values) -> str:
    return _(
        "We received a request to create an account at %(shop)s with this e-mail address.",
        shop=values["shop_name"],
    )


def _invitation(values: Values) -> Words:
    shop = values["shop_name"]
    opening = _("%(shop)s has a new online shop, and your account has moved with it.", shop=shop)
    return Words(_("Your account at %(shop)s", shop=shop), opening)


def _staff_invitation(values: Values) -> Words:
    shop = values["shop_name"]
    opening = _("%(shop)s invites you to its back office, where the people of the shop work.", shop=shop)
    return Words(_("Work with %(shop)s", shop=shop), opening)


def _reset(values: Values) -> Words:
    shop = values["shop_name"]
    opening = _("We received a request to reset the password of your account at %(shop)s.", shop=shop)
    return Words(_("Reset your %(shop)s password", shop=shop), opening)


def _email(values: Values) -> Words:
    shop = values["shop_name"]
    opening = _("You asked to use this e-mail address for your account at %(shop)s.", shop=shop)
    return Words(_("Confirm your new e-mail address for %(shop)s", shop=shop), opening)


def _password_changed(values: Values) -> Words:
    return Words(_("Your password for %(shop)s was changed", shop=values["shop_name"]))


def _email_changed(values: Values) -> Words:
    return Words(_("Your e-mail address for %(shop)s was changed", shop=values["shop_name"]))


def _second_factor(values: Values) -> Words:
    return Words(_("Your two-step verification for %(shop)s was changed", shop=values["shop_name"]))


def _closed(values: Values) -> Words:
    subject = _("Your account at %(shop)s is closed", shop=values["shop_name"])
    return Words(subject, closing=_("Thank you for shopping with us."))


LETTERS = (
    LetterKind(
        "registration",
        _GROUP,
        lazy_gettext("Link to a new account"),
        _registration,
        partial(messages.registration_letter, _TOKEN),
    ),
    LetterKind(
        "account_exists",
        _GROUP,
        lazy_gettext("Account exists"),
        _account_exists,
        messages.account_exists_letter,
    ),
    LetterKind(
        "password_reset", _GROUP, lazy_gettext("New password"), _reset, partial(messages.reset_letter, _TOKEN)
    ),
    LetterKind(
        "email_confirmation",
        _GROUP,
        lazy_gettext("Confirmation of a new e-mail address"),
        _email,
        partial(messages.email_letter, _TOKEN),
    ),
    LetterKind(
        "password_changed",
        _GROUP,
        lazy_gettext("Password changed"),
        _password_changed,
        messages.password_changed_letter,
    ),
    LetterKind(
        "email_changed",
        _GROUP,
        lazy_gettext("E-mail address changed"),
        _email_changed,
        messages.email_changed_letter,
    ),
    LetterKind(
        "second_factor_changed",
        _GROUP,
        lazy_gettext("Two-step verification changed"),
        _second_factor,
        messages.second_factor_letter,
    ),
    LetterKind(
        "account_closed", _GROUP, lazy_gettext("Account closed"), _closed, messages.account_closed_letter
    ),
    LetterKind(
        "invitation",
        _GROUP,
        lazy_gettext("Invitation of imported customers"),
        _invitation,
        messages.invitation_letter,
    ),
    LetterKind(
        "staff_invitation",
        _GROUP,
        lazy_gettext("Invitation to the staff"),
        _staff_invitation,
        partial(messages.staff_invitation_letter, _TOKEN),
        is_internal=True,
    ),
)
