"""The mails about accounts: links for registration, a new password or e-mail, and notices of changes."""

from __future__ import annotations

from storefront import shop_settings
from storefront.accounts import tokens
from storefront.i18n import gettext as _
from storefront.mail import MailText
from storefront.web.same_origin import canonical_url


def registration_link(email: str, next_path: str, exact: str) -> MailText:
    """Return the mail with the link that opens an account; `exact` is the address as it was typed."""
    token = tokens.sign(tokens.Registration(email, next_path, exact))
    return MailText(
        _("Your account at %(shop)s", shop=_shop()),
        (
            _(
                "We received a request to create an account at %(shop)s with this e-mail address.",
                shop=_shop(),
            ),
        ),
        canonical_url("sign_in.registration_form", token=token),
        _("Create your account"),
        (
            _link_terms(),
            _(
                "If you didn’t ask for this, you can ignore this e-mail. No account is created unless you open "
                "the link."
            ),
        ),
    )


def account_exists() -> MailText:
    """Return the mail to a person who registers with the e-mail of an existing account."""
    return MailText(
        _("You already have an account at %(shop)s", shop=_shop()),
        (
            _(
                "We received a request to create an account at %(shop)s with this e-mail address.",
                shop=_shop(),
            ),
            _("You already have an account with this address. Sign in with it."),
        ),
        canonical_url("sign_in.login"),
        _("Sign in"),
        (
            _("Forgot your password? Reset it here: %(url)s", url=_reset_page()),
            _("If you didn’t ask for this, you can ignore this e-mail. Nothing has changed."),
        ),
    )


def invitation() -> MailText:
    """Return the mail to a person whose account came from the shop's former software, without its password."""
    return MailText(
        _("Your account at %(shop)s", shop=_shop()),
        (
            _("%(shop)s has a new online shop, and your account has moved with it.", shop=_shop()),
            _("Your old password did not move. Choose a new one before you next sign in."),
        ),
        _reset_page(),
        _("Choose a password"),
        (_("You don’t have to do anything. You can also buy without an account."),),
    )


def staff_invitation(token: str) -> MailText:
    """Return the mail that invites a person to the staff."""
    return MailText(
        _("Work with %(shop)s", shop=_shop()),
        (
            _("%(shop)s invites you to its back office, where the people of the shop work.", shop=_shop()),
            _("If you have an account with this address, you keep it. If not, you choose a password."),
        ),
        canonical_url("staff_invitation.show", token=token),
        _("Accept the invitation"),
        (
            _("The link works once, for a week."),
            _("If you don’t know the shop, you can ignore this e-mail."),
        ),
    )


def reset_link(user_id: int, generation: int) -> MailText:
    """Return the mail with the link that sets a new password."""
    token = tokens.sign(tokens.PasswordReset(user_id, generation))
    return MailText(
        _("Reset your %(shop)s password", shop=_shop()),
        (_("We received a request to reset the password of your account at %(shop)s.", shop=_shop()),),
        canonical_url("password_reset.reset", token=token),
        _("Choose a new password"),
        (
            _link_terms(),
            _("If you didn’t ask for this, you can ignore this e-mail. Your password stays the same."),
        ),
    )


def confirm_new_email(user_id: int, generation: int, email: str, exact: str) -> MailText:
    """Return the mail to a new e-mail address, with the link that confirms it; `exact` is the typed address."""
    token = tokens.sign(tokens.EmailChange(user_id, generation, email, exact))
    return MailText(
        _("Confirm your new e-mail address for %(shop)s", shop=_shop()),
        (_("You asked to use this e-mail address for your account at %(shop)s.", shop=_shop()),),
        canonical_url("accounts.confirm_email", token=token),
        _("Confirm this address"),
        (_link_terms(), _("If you didn’t ask for this, you can ignore this e-mail. Nothing changes.")),
    )


def password_changed() -> MailText:
    """Return the mail to the owner of an account whose password was changed."""
    return MailText(
        _("Your password for %(shop)s was changed", shop=_shop()),
        (_("The password of your account at %(shop)s was changed just now.", shop=_shop()),),
        _reset_page(),
        _("Wasn’t you? Reset your password"),
    )


def email_changed() -> MailText:
    """Return the mail to the old address of an account whose e-mail was changed."""
    return MailText(
        _("Your e-mail address for %(shop)s was changed", shop=_shop()),
        (_("The e-mail address of your account at %(shop)s was changed just now.", shop=_shop()),),
        _reset_page(),
        _("Wasn’t you? Reset your password"),
    )


def second_factor_changed() -> MailText:
    """Return the mail to the owner of an account whose second factor was changed, or replaced by a recovery code."""
    return MailText(
        _("Your two-step verification for %(shop)s was changed", shop=_shop()),
        (
            _(
                "A passkey, an authenticator app or a recovery code of your account at %(shop)s was added, "
                "removed or used just now.",
                shop=_shop(),
            ),
            _("See what is set up now under “Security” in your account."),
        ),
        _reset_page(),
        _("Wasn’t you? Reset your password"),
    )


def account_closed() -> MailText:
    """Return the mail that confirms the deletion of an account."""
    return MailText(
        _("Your account at %(shop)s is closed", shop=_shop()),
        (
            _("Your account is closed, and the personal data in it has been deleted."),
            _("Thank you for shopping with us."),
        ),
    )


def _link_terms() -> str:
    return _("This link works once and expires in one hour.")


def _reset_page() -> str:
    return canonical_url("password_reset.request_link")


def _shop() -> str:
    return shop_settings.current().name
