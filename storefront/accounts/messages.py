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
        _("Your account with %(shop)s", shop=_shop()),
        (_("Somebody, most likely you, wants an account with %(shop)s for this address.", shop=_shop()),),
        canonical_url("sign_in.registration_form", token=token),
        _("Open your account"),
        (_link_terms(), _("If it was not you, do nothing: without the link no account is made.")),
    )


def account_exists() -> MailText:
    """Return the mail to a person who registers with the e-mail of an existing account."""
    return MailText(
        _("You have an account with %(shop)s", shop=_shop()),
        (
            _(
                "Somebody, most likely you, wanted to open an account with %(shop)s for this address.",
                shop=_shop(),
            ),
            _("There is one already."),
        ),
        canonical_url("sign_in.login"),
        _("Sign in"),
        (
            _("If the password has slipped your mind, ask for a new one: %(url)s", url=_reset_page()),
            _("If it was not you, do nothing: nothing has changed."),
        ),
    )


def invitation() -> MailText:
    """Return the mail to a person whose account came from the shop's former software, without its password."""
    return MailText(
        _("Your account with %(shop)s", shop=_shop()),
        (
            _("%(shop)s has a new shop, and your account has moved with it.", shop=_shop()),
            _("Your password has not: choose a new one the next time you come by."),
        ),
        _reset_page(),
        _("Choose a password"),
        (_("You need not do anything. You can buy without an account, too."),),
    )


def reset_link(user_id: int, generation: int) -> MailText:
    """Return the mail with the link that sets a new password."""
    token = tokens.sign(tokens.PasswordReset(user_id, generation))
    return MailText(
        _("A new password for %(shop)s", shop=_shop()),
        (_("Somebody, most likely you, wants a new password for your account with %(shop)s.", shop=_shop()),),
        canonical_url("password_reset.reset", token=token),
        _("Choose a new password"),
        (_link_terms(), _("If it was not you, do nothing: your password stays as it is.")),
    )


def confirm_new_email(user_id: int, generation: int, email: str, exact: str) -> MailText:
    """Return the mail to a new e-mail address, with the link that confirms it; `exact` is it as it was typed."""
    token = tokens.sign(tokens.EmailChange(user_id, generation, email, exact))
    return MailText(
        _("Your new e-mail for %(shop)s", shop=_shop()),
        (_("Your account with %(shop)s is to be reached by this address from now on.", shop=_shop()),),
        canonical_url("accounts.confirm_email", token=token),
        _("Confirm this address"),
        (_link_terms(), _("If you have no account with us, do nothing: nothing changes.")),
    )


def password_changed() -> MailText:
    """Return the mail to the owner of an account whose password was changed."""
    return MailText(
        _("Your password for %(shop)s was changed", shop=_shop()),
        (_("The password of your account with %(shop)s has just been changed.", shop=_shop()),),
        _reset_page(),
        _("It was not me: choose a new password"),
    )


def email_changed() -> MailText:
    """Return the mail to the old address of an account whose e-mail was changed."""
    return MailText(
        _("Your e-mail for %(shop)s was changed", shop=_shop()),
        (_("The e-mail of your account with %(shop)s has just been changed.", shop=_shop()),),
        _reset_page(),
        _("It was not me: choose a new password"),
    )


def second_factor_changed() -> MailText:
    """Return the mail to the owner of an account whose second factor was changed, or replaced by a recovery code."""
    return MailText(
        _("Your second factor for %(shop)s was changed", shop=_shop()),
        (
            _(
                "A passkey, an app or a recovery code of your account with %(shop)s has just been added, removed or "
                "used up.",
                shop=_shop(),
            ),
            _("Your account's page “Security” shows what is set up now."),
        ),
        _reset_page(),
        _("It was not me: choose a new password"),
    )


def account_closed() -> MailText:
    """Return the mail that confirms the deletion of an account."""
    return MailText(
        _("Your account with %(shop)s is closed", shop=_shop()),
        (
            _("Your account is closed, and what we kept of you in it has been deleted."),
            _("Thank you for coming by."),
        ),
    )


def _link_terms() -> str:
    return _("The link is good for one hour and can be used once.")


def _reset_page() -> str:
    return canonical_url("password_reset.request_link")


def _shop() -> str:
    return shop_settings.current().name
