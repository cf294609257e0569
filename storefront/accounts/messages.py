"""The mails about accounts: links for registration, a new password or e-mail, and notices of changes.

The functions that end in `_letter` return the letters without their words, which are in `account_letters.py`.
`locale` is that of the account (`User.locale`): its letters are in its language, even if somebody else asks.
"""

from __future__ import annotations

from collections.abc import Callable

from storefront import shop_settings
from storefront.accounts import tokens
from storefront.i18n import gettext as _
from storefront.mail import Letter, MailText, compose_letter
from storefront.web.language_routes import use_locale
from storefront.web.same_origin import canonical_url


def registration_link(email: str, next_path: str, exact: str) -> MailText:
    """Return the mail with the link that opens an account; `exact` is the address as it was typed."""
    return compose_letter(registration_letter(tokens.sign(tokens.Registration(email, next_path, exact))))


def account_exists(locale: str) -> MailText:
    """Return the mail to a person who registers with the e-mail of an existing account, in the account's language."""
    return _compose(account_exists_letter, locale)


def invitation(locale: str) -> MailText:
    """Return the mail to a person whose account came from the shop's former software, without its password."""
    return _compose(invitation_letter, locale)


def staff_invitation(token: str) -> MailText:
    """Return the mail that invites a person to the staff, in the language of the back office."""
    return compose_letter(staff_invitation_letter(token))


def reset_link(user_id: int, generation: int, locale: str) -> MailText:
    """Return the mail with the link that sets a new password."""
    return _compose(lambda: reset_letter(tokens.sign(tokens.PasswordReset(user_id, generation))), locale)


def confirm_new_email(change: tokens.EmailChange, locale: str) -> MailText:
    """Return the mail to a new e-mail address, with the link that confirms it."""
    return _compose(lambda: email_letter(tokens.sign(change)), locale)


def password_changed(locale: str) -> MailText:
    """Return the mail to the owner of an account whose password was changed."""
    return _compose(password_changed_letter, locale)


def email_changed(locale: str) -> MailText:
    """Return the mail to the old address of an account whose e-mail was changed."""
    return _compose(email_changed_letter, locale)


def second_factor_changed(locale: str) -> MailText:
    """Return the mail to the owner of an account whose second factor was changed, or replaced by a recovery code."""
    return _compose(second_factor_letter, locale)


def account_closed(locale: str) -> MailText:
    """Return the mail that confirms the deletion of an account."""
    return _compose(account_closed_letter, locale)


def _compose(make: Callable[[], Letter], locale: str) -> MailText:
    """Return a letter with its words, in the language of the account that it is about."""
    with use_locale(locale):
        return compose_letter(make())


def registration_letter(token: str) -> Letter:
    """Return the letter with this registration link."""
    ignore = _(
        "If you didn’t ask for this, you can ignore this e-mail. No account is created unless you open the link."
    )
    return _linked("registration", "sign_in.registration_form", _("Create your account"), token, ignore)


def account_exists_letter() -> Letter:
    """Return the letter that leads to the sign-in."""
    facts = MailText(
        paragraphs=(_("You already have an account with this address. Sign in with it."),),
        link=canonical_url("sign_in.login"),
        label=_("Sign in"),
        after=(
            _("Forgot your password? Reset it here: %(url)s", url=_reset_page()),
            _("If you didn’t ask for this, you can ignore this e-mail. Nothing has changed."),
        ),
    )
    return Letter("account_exists", facts)


def invitation_letter() -> Letter:
    """Return the letter that leads to a new password."""
    facts = MailText(
        paragraphs=(_("Your old password did not move. Choose a new one before you next sign in."),),
        link=_reset_page(),
        label=_("Choose a password"),
        after=(_("You don’t have to do anything. You can also buy without an account."),),
    )
    return Letter("invitation", facts)


def staff_invitation_letter(token: str) -> Letter:
    """Return the letter with this invitation link."""
    facts = MailText(
        paragraphs=(
            _("If you have an account with this address, you keep it. If not, you choose a password."),
        ),
        link=canonical_url("staff_invitation.show", token=token),
        label=_("Accept the invitation"),
        after=(
            _("The link works once, for a week."),
            _("If you don’t know the shop, you can ignore this e-mail."),
        ),
    )
    return Letter("staff_invitation", facts)


def reset_letter(token: str) -> Letter:
    """Return the letter with this link to a new password."""
    ignore = _("If you didn’t ask for this, you can ignore this e-mail. Your password stays the same.")
    return _linked("password_reset", "password_reset.reset", _("Choose a new password"), token, ignore)


def email_letter(token: str) -> Letter:
    """Return the letter with the link that confirms a new address."""
    ignore = _("If you didn’t ask for this, you can ignore this e-mail. Nothing changes.")
    return _linked("email_confirmation", "accounts.confirm_email", _("Confirm this address"), token, ignore)


def password_changed_letter() -> Letter:
    """Return the notice of a new password."""
    return _notice(
        "password_changed", _("The password of your account at %(shop)s was changed just now.", shop=_shop())
    )


def email_changed_letter() -> Letter:
    """Return the notice of a new e-mail address."""
    return _notice(
        "email_changed",
        _("The e-mail address of your account at %(shop)s was changed just now.", shop=_shop()),
    )


def second_factor_letter() -> Letter:
    """Return the notice of a change of the second factor."""
    return _notice(
        "second_factor_changed",
        _(
            "A passkey, an authenticator app or a recovery code of your account at %(shop)s was added, "
            "removed or used just now.",
            shop=_shop(),
        ),
        _("See what is set up now under “Security” in your account."),
    )


def account_closed_letter() -> Letter:
    """Return the notice that an account is closed."""
    closed = _("Your account is closed, and the personal data in it has been deleted.")
    return Letter("account_closed", MailText(paragraphs=(closed,)))


def _linked(kind: str, endpoint: str, label: str, token: str, ignore: str) -> Letter:
    terms = _("This link works once and expires in one hour.")
    return Letter(
        kind, MailText(link=canonical_url(endpoint, token=token), label=label, after=(terms, ignore))
    )


def _notice(kind: str, *sentences: str) -> Letter:
    label = _("This wasn’t you? Reset your password")
    return Letter(kind, MailText(paragraphs=sentences, link=_reset_page(), label=label))


def _reset_page() -> str:
    return canonical_url("password_reset.request_link")


def _shop() -> str:
    return shop_settings.current().name
