"""What the shop writes to people, as text and as HTML from the same words."""

from __future__ import annotations

from flask import current_app, url_for

from storefront.accounts import tokens
from storefront.mail import MailText


def registration_link(email: str, going: str) -> MailText:
    """To somebody who wants an account."""
    token = tokens.sign(tokens.Registration(email, going))
    return MailText(
        f"Your account with {_shop()}",
        (f"Somebody, most likely you, wants an account with {_shop()} for this address.",),
        url_for("sign_in.registration_form", token=token, _external=True),
        "Open your account",
        (_HOUR, "If it was not you, do nothing: without the link no account is made."),
    )


def account_exists() -> MailText:
    """To somebody who wants an account and has one."""
    return MailText(
        f"You have an account with {_shop()}",
        (
            f"Somebody, most likely you, wanted to open an account with {_shop()} for this address.",
            "There is one already.",
        ),
        url_for("sign_in.login", _external=True),
        "Sign in",
        (
            f"If the password has slipped your mind, ask for a new one: {_reset_page()}",
            "If it was not you, do nothing: nothing has changed.",
        ),
    )


def reset_link(user_id: int, generation: int) -> MailText:
    """To somebody who forgot the password."""
    token = tokens.sign(tokens.PasswordReset(user_id, generation))
    return MailText(
        f"A new password for {_shop()}",
        (f"Somebody, most likely you, wants a new password for your account with {_shop()}.",),
        url_for("password_reset.reset", token=token, _external=True),
        "Choose a new password",
        (_HOUR, "If it was not you, do nothing: your password stays as it is."),
    )


def confirm_new_email(user_id: int, generation: int, email: str) -> MailText:
    """To a new address, which is to become the account's."""
    token = tokens.sign(tokens.EmailChange(user_id, generation, email))
    return MailText(
        f"Your new e-mail for {_shop()}",
        (f"Your account with {_shop()} is to be reached by this address from now on.",),
        url_for("accounts.confirm_email", token=token, _external=True),
        "Confirm this address",
        (_HOUR, "If you have no account with us, do nothing: nothing changes."),
    )


def credentials_changed(what: str) -> MailText:
    """To the owner of an account of which something important was changed."""
    return MailText(
        f"Your {what} for {_shop()} was changed",
        (f"The {what} of your account with {_shop()} has just been changed.",),
        _reset_page(),
        "It was not me: choose a new password",
    )


def account_closed() -> MailText:
    """To somebody whose account is gone."""
    return MailText(
        f"Your account with {_shop()} is closed",
        (
            "Your account is closed, and what we kept of you in it has been deleted.",
            "Thank you for coming by.",
        ),
    )


_HOUR = "The link is good for one hour and can be used once."


def _reset_page() -> str:
    return url_for("password_reset.request_link", _external=True)


def _shop() -> str:
    return str(current_app.config["NAME"])
