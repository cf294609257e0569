"""What the tests share that look at every page of the back office: a row for its lists, and where its links lead."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.routing import RequestRedirect

from storefront.catalog.collection import collection_edits
from storefront.catalog.collection.collection_edits import CollectionValues
from storefront.catalog.collection.membership_rules import Condition, Rule
from storefront.content import menu_edits, page_edits
from storefront.content.front_page import front_page_draft
from storefront.content.front_page.page_sections import QuoteSection
from storefront.content.menu_edits import EntryValues
from storefront.content.page_edits import PageValues
from storefront.stock import stock_taking


def fill_lists(session: Session, name: str, sku: str) -> int:
    """Add a collection, a changed page, a menu, a draft of the front page and a stock-taking, all of this name.

    Return the number of the stock-taking, which is open: only such a one can be reviewed.
    """
    rule = Rule("all", (Condition("in_stock"),))
    collection_edits.create(session, CollectionValues(name, rule))
    page = page_edits.create(session, PageValues(name))
    page_edits.change(session, page.id, PageValues(f"{name} 2"), expected=1)
    menu_edits.add(session, "footer", EntryValues("address", "/cart", name), expected=0)
    front_page_draft.start(session, [QuoteSection(id="quote", text=name)])
    number = stock_taking.open_taking(session, name)
    stock_taking.add_count(session, number, sku, 2, "count")
    return number


def find_endpoint(app: Flask, url: str) -> str:
    """Return the endpoint that a link leads to; empty if it is not below /admin, or leads on.

    Raises:
        HTTPException: there is no such page.
    """
    path = urlsplit(url).path
    if not path.startswith("/admin"):
        return ""
    try:
        return str(app.url_map.bind("localhost").match(path)[0])
    except RequestRedirect:
        return ""
