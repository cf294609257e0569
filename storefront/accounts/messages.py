"""The mails about accounts: links for registration, a new password or e-mail, and notices of changes.

The functions with an underscore return the letters without their words, which are in `account_letters.py`.
"""

from __future__ import annotations

from storefront import shop_settings
from storefront.accounts import tokens
from storefront.i18n import gettext as _
from storefront.mail import Letter, MailText, compose_letter
from storefront.web.same_origin import canonical_url


def registration_link(email: str, next_path: str, exact: str) -> MailText:
    """Return the mail with the link that opens an account; `exact` is the address as it was typed."""
    return compose_letter(registration_letter(tokens.sign(tokens.Registration(email, next_path, exact))))


def account_exists() -> MailText:
    """Return the mail to a person who registers with the e-mail of an existing account."""
    return compose_letter(account_exists_letter())


def invitation() -> MailText:
    """Return the mail to a person whose account came from the shop's former software, without its password."""
    return compose_letter(invitation_letter())


def staff_invitation(token: str) -> MailText:
    """Return the mail that invites a person to the staff."""
    return compose_letter(staff_invitation_letter(token))


def reset_link(user_id: int, generation: int) -> MailText:
    """Return the mail with the link that sets a new password."""
    return compose_letter(reset_letter(tokens.sign(tokens.PasswordReset(user_id, generation))))


def confirm_new_email(user_id: int, generation: int, email: str, exact: str) -> MailText:
    """Return the mail to a new e-mail address, with the link that confirms it; `exact` is the typed address."""
    return compose_letter(email_letter(tokens.sign(tokens.EmailChange(user_id, generation, email, exact))))


def password_changed() -> MailText:
    """Return the mail to the owner of an account whose password was changed."""
    return compose_letter(password_changed_letter())


def email_changed() -> MailText:
    """Return the mail to the old address of an account whose e-mail was changed."""
    return compose_letter(email_changed_letter())


def second_factor_changed() -> MailText:
    """Return the mail to the owner of an account whose second factor was changed, or replaced by a recovery code."""
    return compose_letter(second_factor_letter())


def account_closed() -> MailText:
    """Return the mail that confirms the deletion of an account."""
    return compose_letter(account_closed_letter())


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
    label = _("Wasn’t you? Reset your password")
    return Letter(kind, MailText(paragraphs=sentences, link=_reset_page(), label=label))


def _reset_page() -> str:
    return canonical_url("password_reset.request_link")


def _shop() -> str:
    return shop_settings.current().name
