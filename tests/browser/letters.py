"""The letters of a shop that sends no mail, which are files in its instance directory, and its sign-in links."""

from __future__ import annotations

import re
from email import message_from_bytes, policy

from playwright.sync_api import Page

from tests.processes import Shop
from tests.stock.streams import run_command


def read_letter(shop: Shop, recipient: str) -> str:
    """Return the text of the last letter to this address."""
    files = sorted((shop.instance / "mail").glob("*.eml"), key=lambda file: file.stat().st_mtime_ns)
    letters = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]
    last = [letter for letter in letters if letter["To"] == recipient][-1]
    body = last.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def open_letter(page: Page, shop: Shop, recipient: str) -> None:
    """Open the link in the last letter to this address."""
    link = re.search(r"https?://\S+", read_letter(shop, recipient))
    assert link
    page.goto(link[0])


def sign_in_link(shop: Shop) -> str:
    """Return a new link that signs staff in, as the command prints it."""
    printed = run_command(shop, "user", "link", "owner@shop.example")
    link = re.search(r"http://\S+", printed)
    assert link, printed
    return link[0]
