"""The content of a mail, and the message (RFC 5322) that is built from it, as plain text and as HTML."""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, localtime
from typing import Any

import msgspec
from flask import current_app, render_template

from storefront import shop_settings
from storefront.i18n import gettext as _
from storefront.i18n import remove_isolates
from storefront.languages import current_locale
from storefront.mail.letter_look import current_look


class MailText(msgspec.Struct, frozen=True):
    """The text of a mail. It is stored as JSON under these field names.

    Attributes:
        subject: the subject line.
        paragraphs: the text before the table and the link.
        link: an absolute URL; empty for a mail without a link.
        label: the text of the link.
        after: the paragraphs after the link.
        rows: a table of two columns: items and their prices.
        blocks: groups of lines; the first line of each is its heading.
        locale: the further language in which it is written, such as "de_DE"; empty: the shop's own.
    """

    subject: str = ""
    paragraphs: tuple[str, ...] = ()
    link: str = ""
    label: str = ""
    after: tuple[str, ...] = ()
    rows: tuple[tuple[str, str], ...] = ()
    blocks: tuple[tuple[str, ...], ...] = ()
    locale: str = msgspec.field(default_factory=current_locale)


class DeferredMail(msgspec.Struct, frozen=True, rename={"composer": "worded_by", "data": "about"}):
    """A mail whose text is composed when it is sent.

    Attributes:
        composer: the name under which the composer is registered (`register_composer`).
        data: the composer's argument: a dict that JSON can hold.
        locale: the further language in which it is composed; empty: the shop's own.
    """

    composer: str
    data: dict[str, Any]
    locale: str = ""


def build_message(recipient: str, text: MailText, key: str) -> EmailMessage:
    """Return a mail that is ready to be sent.

    `key` makes the Message-ID: a mail program that receives the same mail twice can tell that it is one mail.
    """
    sender: str = current_app.config["MAIL_FROM"]
    shop_name = shop_settings.current().name
    mail = EmailMessage()
    mail["Subject"] = remove_isolates(text.subject)
    mail["From"] = _named(shop_name, sender)
    mail["To"] = recipient
    mail["Date"] = format_datetime(localtime())
    mail["Message-ID"] = f"<{key}@{sender.partition('@')[2]}>"
    look = current_look()
    if look.reply_to and look.reply_to != recipient:
        mail["Reply-To"] = _named(shop_name, look.reply_to)
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: keeps out-of-office programs from answering
    colon = _(": ")
    table = "\n".join(f"{item}{colon}{price}" for item, price in text.rows)
    blocks = map("\n".join, text.blocks)
    link = (f"{text.label}{colon.rstrip()}\n{text.link}",) if text.link else ()
    signature = "\n".join(("-- ", shop_name, *look.contact))
    # Before the mark of a signature: some programs cut what follows it.
    legal = "\n".join(f"{name}{colon.rstrip()} {url}" for name, url in look.legal)
    parts = (*text.paragraphs, *filter(None, (table, *blocks)), *link, *text.after, legal, signature)
    mail.set_content("\n\n".join(filter(None, parts)) + "\n", cte="quoted-printable")
    mail.add_alternative(render_template("mail/message.html", text=text, look=look), subtype="html")
    return mail


def _named(name: str, email: str) -> Address:
    """Return an address with a name. Some providers give out `shop.@…`, which `addr_spec` refuses (RFC 5322)."""
    local, _at, domain = email.rpartition("@")
    return Address(name, local, domain)


def plain_text(message: EmailMessage) -> str:
    """Return the text version of a message."""
    body = message.get_body(("plain",))
    return str(body.get_content()) if body is not None else ""
