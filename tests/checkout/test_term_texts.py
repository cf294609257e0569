"""Delivery, payment and the announcement in further languages: without a statement, and never an outdated promise."""

from __future__ import annotations

import io

import pytest
from flask import Flask

from storefront.checkout import terms
from storefront.checkout.stored_terms import show_part, store_part
from storefront.languages import Language, use
from storefront.shop_settings import stored_settings
from tests.accounts.people import SAME_ORIGIN, Browser, staff_browser, stored_mails
from tests.catalog.test_cost import cold_statements
from tests.checkout.shoppers import make_draft, place
from tests.factories import make_product
from tests.test_text_translations import translate

pytestmark = pytest.mark.any_database

METHOD = {"code": "post", "name": "By post", "price": "5.00", "days": "2 days"}
INVOICE = {"name": "Transfer", "about": "In advance.", "instructions": ["Bank", "IBAN 1"]}


def store(name: str, tables: dict[str, object]) -> None:
    """Store a part of the terms."""
    store_part(name, tables, seen=show_part(name).version)  # type: ignore[arg-type]


@pytest.fixture
def shop(app: Flask) -> Flask:
    """A shop in English and German with terms of its own."""
    store("delivery", {"delivery": [METHOD]})
    store("payment", {"invoice": INVOICE})
    stored_settings.set_value("languages", "de_DE")
    stored_settings.set_value("announcement", "Free cups today")
    make_product("Mug", variants=[{"sku": "M", "price": 1999, "on_hand": 5}])
    return app


def test_delivery_and_payment_speak_the_language(shop: Flask) -> None:
    translate("delivery", **{"post.name": "Mit der Post", "post.days": "2 Werktage"})
    about = {"invoice.about": "Im Voraus.", "invoice.lines": "Bankhaus\nIBAN 1"}
    translate("payment", **{"invoice.name": "Überweisung"} | about)
    shopper = Browser(shop)
    assert "Mit der Post 5,00\xa0$, 2 Werktage" in shopper.get("/de/products/mug").text
    assert "By post $5.00, 2 days" in shopper.get("/products/mug").text
    shopper.post("/de/cart/lines", sku="M", quantity="1")
    form = shopper.get("/de/checkout").text
    assert [text for text in ("Mit der Post", "Überweisung", "Im Voraus.") if text not in form] == []
    with use(Language("de", "de_DE")):
        order = place(make_draft({"M": 1}, delivery="post", payment="invoice")).order
    assert order.delivery == "Mit der Post"
    assert "Bankhaus\nIBAN 1" in stored_mails(shop)[-1].get_body(("plain",)).get_content()


def test_a_promise_that_was_changed_is_not_shown_as_it_was(shop: Flask) -> None:
    translate("delivery", **{"post.name": "Mit der Post", "post.days": "2 Werktage"})
    translate("payment", **{"invoice.lines": "Bankhaus\nIBAN 1"})
    store("delivery", {"delivery": [METHOD | {"name": "By mail", "days": "9 days"}]})
    store("payment", {"invoice": INVOICE | {"instructions": ["Bank", "IBAN 2"]}})
    assert "Mit der Post 5,00\xa0$, 9 days" in Browser(shop).get("/de/products/mug").text
    with use(Language("de", "de_DE")), shop.test_request_context():
        [invoice] = terms.current_terms().offered.values()
        assert invoice.lines == ["Bank", "IBAN 2"]  # type: ignore[attr-defined]


def test_the_announcement_costs_no_statement(shop: Flask) -> None:
    shopper = Browser(shop)
    assert "Free cups today" in shopper.get("/de/products/mug").text
    before = len(cold_statements(shop, "/de/products/mug"))
    translate("notice", announcement="Heute Tassen gratis")
    assert "Heute Tassen gratis" in shopper.get("/de/products/mug").text, "at once"
    assert "Free cups today" in shopper.get("/products/mug").text
    assert len(cold_statements(shop, "/de/products/mug")) == before


def test_the_closed_shop_says_so_in_the_language(shop: Flask) -> None:
    stored_settings.set_value("closed_text", "Back soon.\nReally.")
    translate("notice", closed_text="Bald zurück.\n Bestimmt.")
    stored_settings.set_value("closed", "on")
    for _turn in range(2):
        german, own = (Browser(shop).get(f"{tag}/products/mug") for tag in ("/de", ""))
        assert [each.status_code for each in (german, own)] == [503] * 2
        assert all(f'<p dir="auto">{line}</p>' in german.text for line in ("Bald zurück.", "Bestimmt."))
        assert "Back soon." in own.text


def test_only_who_may_change_settings_translates_them(shop: Flask) -> None:
    editor, owner = staff_browser(shop, "catalogue"), staff_browser(shop, "owner")
    path = "/admin/translations/payment/0"
    assert f'href="{path}"' in owner.get("/admin/settings/payment").text
    assert 'href="/admin/translations/notice/0"' in owner.get("/admin/settings/notices").text
    sent = {"language": "de", "name-2": "invoice.lines", "seen-2": "", "text-2": "IBAN 666"}
    assert editor.get(path).status_code == 200
    assert editor.post(path, **sent).status_code == 404
    file = editor.get("/admin/translations/de.csv").text
    assert "de,delivery,,post.name,By post,\n" in file
    given = file.replace("post.name,By post,", "post.name,By post,Raubzug").replace(",Mug,", ",Mug,Becher")
    for browser, status in ((editor, 422), (owner, 303)):
        answer = browser.client.post(
            "/admin/translations",
            data={"file": (io.BytesIO(given.encode()), "de.csv")},
            headers=SAME_ORIGIN,
            **browser.options,
        )
        assert answer.status_code == status, answer.text
        assert ("Becher" in Browser(shop).get("/de/products/mug").text) == (status == 303)
    assert owner.post(path, **sent | {"text-2": " Bankhaus \r\nIBAN\x07 1 "}).status_code == 303
    assert editor.post("/admin/translations", language="de").status_code == 422
