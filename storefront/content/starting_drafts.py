"""Drafts of the pages that most shops need by law, in our own words, to be checked for the shop's country."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

from flask import render_template
from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.content import page_edits, slots
from storefront.content.models import ContentPage
from storefront.content.page_edits import PageValues
from storefront.i18n import lazy_gettext

# By kind: the title; the text is templates/content/starting/<kind>.html.
DRAFTS: Mapping[str, str] = {
    "imprint": lazy_gettext("Imprint"),
    "terms": lazy_gettext("Terms of sale"),
    "privacy": lazy_gettext("Privacy"),
    "delivery": lazy_gettext("Delivery and payment"),
    "withdrawal": lazy_gettext("Right of withdrawal"),
    "contact": lazy_gettext("Contact us"),
}

# Kinds of pages that the law asks a shop to link to.
LEGAL = frozenset({"imprint", "terms", "privacy", "delivery", "withdrawal"})


# What a draft leaves to the merchant, such as "[name]"; Japanese has brackets of full width.
_PLACEHOLDER = re.compile(r"\[[^\[\]<>]{2,200}\]|［[^［］<>]{2,200}］")


def find_placeholders(page: ContentPage) -> list[str]:
    """Return the passages in square brackets that nobody has filled in on a page that began as a draft."""
    found = _PLACEHOLDER.findall(page.body_html) if page.kind in DRAFTS else []
    return [html.unescape(text) for text in dict.fromkeys(found)]


def add_missing(session: Session) -> list[ContentPage]:
    """Add a draft of each kind of which the shop has no page; return the new pages. Nothing of them is public."""
    present = set(session.execute(select(ContentPage.kind)).scalars())
    return [_add(session, kind, str(title)) for kind, title in DRAFTS.items() if kind not in present]


def _add(session: Session, kind: str, title: str) -> ContentPage:
    body = render_template(f"content/starting/{kind}.html", address=slots.ADDRESS, contact=slots.CONTACT)
    taken = session.execute(select(ContentPage.id).where(ContentPage.slug == kind)).first()
    values = PageValues(title, f"{kind}-2" if taken else kind, body, checked=False)
    return page_edits.create(session, values, kind)
