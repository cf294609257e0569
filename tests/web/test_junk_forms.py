"""Junk in the fields of the back office's forms: a sentence, no internal error, and nothing is changed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import product
from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront.content import menu_edits, page_edits
from storefront.content.front_page import front_page_draft
from storefront.content.front_page.page_sections import QuoteSection
from storefront.content.menu_edits import EntryValues
from storefront.content.page_edits import PageValues
from storefront.extensions import db, write_transaction
from storefront.rate_limiting import UNLIMITED_ENVIRON
from tests.accounts.people import staff_browser
from tests.factories import make_category, make_product
from tests.selection import effort

JUNK = (
    "",
    "x" * 70_000,
    "\u202e\u2066abc",
    "<script>alert(1)</script>{{7*7}}%s",
    "9" * 30,
    "-1",
    "1e400",
    "NaN",
    "٣",
    "2026-13-45T99:99",
    "0001-01-01T00:00",
    "javascript:alert(1)",
    "//evil.example/x",
    "http://[",
    "a\r\nX: y",
    "../../etc/passwd",
    "[]",
    "🍵" * 300,
    None,  # the field is absent
)
# The newer forms: content, menus, front page, settings, letters, delivery, taxes, payment, translations, collections.
STARTS = (
    "/admin/pages",
    "/admin/pages/1",
    "/admin/menus/footer",
    "/admin/menus/entries/1",
    "/admin/front-page",
    "/admin/settings",
    "/admin/settings/look",
    "/admin/settings/notices",
    "/admin/settings/sales",
    "/admin/settings/letters/order_placed",
    "/admin/settings/delivery",
    "/admin/settings/taxes",
    "/admin/settings/payment",
    "/admin/translations/product/1",
    "/admin/collections/new",
    "/admin/categories/1",
)
SHARE = effort(37, 3)  # by turns, one in 37 of the combinations of field and junk
pytestmark = pytest.mark.any_database
Form = tuple[str, dict[str, str]]


class _Forms(HTMLParser):
    """Collects the forms that are posted: their addresses, and their fields with the values that are shown."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._fields: dict[str, str] | None = None
        self._area = self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "form":
            self._fields = {}
            if given.get("method") == "post":
                self.found.append((given.get("action", ""), self._fields))
        if self._fields is None:
            return
        kind = given.get("type", "text")
        if (
            tag == "input"
            and name
            and kind != "file"
            and (kind not in ("checkbox", "radio") or "checked" in given)
        ):
            self._fields[name] = given.get("value", "")
        elif tag == "textarea":
            self._area, self._fields[name] = name, ""
        elif tag == "select" and name:
            self._select, self._fields[name] = name, ""
        elif tag == "option" and "selected" in given:
            self._fields[self._select] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._fields = None
        elif tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area and self._fields is not None:
            self._fields[self._area] += data


def fill_shop() -> None:
    """Give each form something to change."""
    make_product("Teapot", category=make_category("Tea"), variants=[{"sku": "T", "on_hand": 9}])
    with write_transaction() as session:
        page_edits.create(session, PageValues("Imprint"))
        menu_edits.add(session, "footer", EntryValues("address", "/cart", "Basket"), expected=0)
        front_page_draft.start(session, [QuoteSection(id="quote", text="Good")])


def read_forms(client: FlaskClient, start: str) -> list[Form]:
    parser = _Forms()
    parser.feed(client.get(start).text)
    here = ("/admin/pages", "/admin/menus", "/admin/front-page", "/admin/settings", "/admin/translations")
    return [
        (urljoin(start, action), fields)
        for action, fields in parser.found
        if urljoin(start, action).startswith(
            (*here, "/admin/collections", "/admin/categories", "/admin/uploads")
        )
        and not action.endswith(("/removal", "/test"))
        and fields
    ]


def stored() -> dict[str, list[tuple[object, ...]]]:
    """Return the rows of every table that staff change."""
    db.session.rollback()
    names = (
        "content_page",
        "menu",
        "menu_item",
        "front_page",
        "shop_setting",
        "shop_document",
        "letter_words",
    )
    more = ("text_translation", "collection", "category", "product")
    tables = {table.name: table for table in db.metadata.sorted_tables}
    return {
        name: sorted(map(tuple, db.session.execute(db.select(tables[name])).all()), key=repr)
        for name in (*names, *more)
    }


def cases(client: FlaskClient) -> Iterator[tuple[str, str, dict[str, str]]]:
    """The forms with junk in one field each: the page, the address, and what is sent."""
    turn = 0
    for start in STARTS:
        for number, (_action, shown) in enumerate(read_forms(client, start)):
            for name, junk in product(shown, JUNK):
                turn += 1
                if turn % SHARE:
                    continue
                forms = read_forms(client, start)  # read again: an earlier one may have been saved
                if number < len(forms) and name in forms[number][1]:
                    action, fields = forms[number]
                    changed = {} if junk is None else {name: junk}
                    yield start, action, {key: fields[key] for key in fields if key != name} | changed


@pytest.mark.long
def test_junk_in_a_form_is_refused_without_a_change(app: Flask) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    fill_shop()
    client, wrong, sent = staff_browser(app).client, deque[str](), 0
    client.environ_base |= UNLIMITED_ENVIRON  # all forms in one minute
    for start, action, fields in cases(client):
        before = stored()
        answer = client.post(action, data=fields, headers={"Origin": "http://localhost"})
        sent += 1
        case = f"{answer.status_code} {urlsplit(action).path} {fields!r:.300}"
        if answer.status_code >= 500 or "office" not in answer.text + "office" * (answer.status_code == 303):
            wrong.append(f"no page of the office: {case}")
        if answer.status_code >= 400 and stored() != before:
            wrong.append(f"refused, and changed: {case}")
        if client.get(start).status_code >= 500:
            wrong.append(f"the page is broken after: {case}")
    assert sent > 50
    assert not wrong, "\n".join(wrong)
