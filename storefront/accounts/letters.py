"""What the shop writes to people, as text and as HTML from the same words."""

from __future__ import annotations

from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, localtime
from typing import Any

from flask import current_app, render_template, url_for

from storefront.accounts import tokens


@dataclass(frozen=True, slots=True)
class Text:
    """The words of a letter: a subject, paragraphs, perhaps a link with what it is called, and what follows it.

    `rows` are things with what they cost; `blocks` are lines that belong together, the first of them a heading.
    """

    subject: str
    paragraphs: tuple[str, ...]
    link: str = ""
    label: str = ""
    after: tuple[str, ...] = ()
    rows: tuple[tuple[str, str], ...] = ()
    blocks: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Later:
    """A letter whose words are found as it is sent: by whom (`postman.worder`), and from what."""

    worded_by: str
    about: dict[str, Any]


def welcome(email: str, going: str) -> Text:
    """To somebody who wants an account."""
    token = tokens.token(tokens.Registration(email, going))
    return Text(
        f"Your account with {_shop()}",
        (f"Somebody, most likely you, wants an account with {_shop()} for this address.",),
        url_for("entering.finish", token=token, _external=True),
        "Open your account",
        (_HOUR, "If it was not you, do nothing: without the link no account is made."),
    )


def known_already() -> Text:
    """To somebody who wants an account and has one."""
    return Text(
        f"You have an account with {_shop()}",
        (
            f"Somebody, most likely you, wanted to open an account with {_shop()} for this address.",
            "There is one already.",
        ),
        url_for("entering.login", _external=True),
        "Sign in",
        (
            f"If the password has slipped your mind, ask for a new one: {_reset_page()}",
            "If it was not you, do nothing: nothing has changed.",
        ),
    )


def reset(user_id: int, generation: int) -> Text:
    """To somebody who forgot the password."""
    token = tokens.token(tokens.Reset(user_id, generation))
    return Text(
        f"A new password for {_shop()}",
        (f"Somebody, most likely you, wants a new password for your account with {_shop()}.",),
        url_for("resetting.reset", token=token, _external=True),
        "Choose a new password",
        (_HOUR, "If it was not you, do nothing: your password stays as it is."),
    )


def change(user_id: int, generation: int, email: str) -> Text:
    """To a new address, which is to become the account's."""
    token = tokens.token(tokens.Change(user_id, generation, email))
    return Text(
        f"Your new e-mail for {_shop()}",
        (f"Your account with {_shop()} is to be reached by this address from now on.",),
        url_for("accounts.confirm_email", token=token, _external=True),
        "Confirm this address",
        (_HOUR, "If you have no account with us, do nothing: nothing changes."),
    )


def changed(what: str) -> Text:
    """To the owner of an account of which something important was changed."""
    return Text(
        f"Your {what} for {_shop()} was changed",
        (f"The {what} of your account with {_shop()} has just been changed.",),
        _reset_page(),
        "It was not me: choose a new password",
    )


def closed() -> Text:
    """To somebody whose account is gone."""
    return Text(
        f"Your account with {_shop()} is closed",
        (
            "Your account is closed, and what we kept of you in it has been deleted.",
            "Thank you for coming by.",
        ),
    )


def message(recipient: str, text: Text, key: str) -> EmailMessage:
    """Return the mail itself; by the key whoever gets it twice knows that it is one."""
    sender: str = current_app.config["MAIL_FROM"]
    mail = EmailMessage()
    mail["Subject"] = text.subject
    mail["From"] = Address(_shop(), addr_spec=sender)
    mail["To"] = recipient
    mail["Date"] = format_datetime(localtime())
    mail["Message-ID"] = f"<{key}@{sender.partition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday notice answers it
    listed = ("\n".join(f"{what}: {cost}" for what, cost in text.rows), *map("\n".join, text.blocks))
    link = (f"{text.label}:\n{text.link}",) if text.link else ()
    words = (*text.paragraphs, *filter(None, listed), *link, *text.after)
    mail.set_content("\n\n".join((*words, f"-- \n{_shop()}")) + "\n", cte="quoted-printable")
    mail.add_alternative(render_template("accounts/letter.html", text=text), subtype="html")
    return mail


_HOUR = "The link is good for one hour and can be used once."


def _reset_page() -> str:
    return url_for("resetting.request_link", _external=True)


def _shop() -> str:
    return str(current_app.config["NAME"])
