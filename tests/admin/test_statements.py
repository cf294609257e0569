"""No page of the back office runs more than 8 statements, and no save of a product more than 12."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.checkout.models import Order
from storefront.content import menu_edits
from storefront.content.menu_edits import EntryValues
from storefront.extensions import db, write_transaction
from tests.accounts.people import Browser, staff_browser
from tests.admin.product_forms import read_form
from tests.admin.test_upload_pages import follow, send
from tests.checkout.shoppers import make_draft, place
from tests.factories import make_category, make_product
from tests.statements import statements

pytestmark = pytest.mark.any_database

MOST_OF_A_PAGE, MOST_OF_A_SAVE = 8, 12


@pytest.fixture
def browser(app: Flask) -> Browser:
    """The owner's browser, in a shop that has one of everything."""
    cups = make_category("Kitchen", "Cups")
    sizes = [{"sku": f"CUP-{size}", "option1": size, "price": 1250, "on_hand": 4} for size in "SML"]
    make_product("Cup", category=cups, pictures=2, option_names=["Size"], variants=sizes)
    place(make_draft({"CUP-L": 1}))
    with write_transaction() as session:
        menu_edits.add(session, "footer", EntryValues("address", "/cart", "Basket"), expected=0)
    owner = staff_browser(app)
    assert owner.post("/admin/stock/takings", name="Cellar").status_code == 303
    page = follow(owner, send(owner))
    assert owner.post(f"{page.request.path}/application").status_code == 303
    return owner


def addresses(app: Flask) -> Iterator[str]:
    """Yield an address of each page below /admin that people open."""
    order = db.session.scalars(select(Order.number)).one()
    for rule in app.url_map.iter_rules():
        is_page = rule.rule.startswith("/admin") and not rule.rule.endswith(".csv")
        if is_page and "GET" in (rule.methods or ()):
            named = rule.rule.replace("<number>", order)
            yield re.sub(r"<[^>]*>", "1", named)


def count(browser: Browser, path: str) -> list[str]:
    """Return the statements of a page, when what all pages share has been read."""
    browser.get(path).close()
    db.session.rollback()
    with statements() as seen:
        answer = browser.get(path)
        assert answer.status_code in (200, 303, 308, 404), (path, answer.status_code)
        answer.close()
    return [" ".join(each.split()) for each in seen]


def test_pages_need_few_statements(app: Flask, browser: Browser) -> None:
    paths = [*addresses(app), "/admin/stock?code=CUP-S", "/admin/stock?q=cup", "/admin/stock?show=low"]
    paths += ["/admin/menus/header", "/admin/menus/footer"]
    assert len(paths) > 30
    too_many = {path: seen for path in paths if len(seen := count(browser, path)) > MOST_OF_A_PAGE}
    assert not too_many, too_many


CHANGES = {
    "title": {"title": "Mug"},
    "texts": {"title": "Mug", "description_html": "<p>Blue glaze</p>", "tags": "tea, gift", "vendor": "Acme"},
    "price": {"S-price": "9.50"},
    "prices and codes": {
        "S-price": "9.50",
        "M-price": "8.00",
        "L-barcode": "4006381333931",
        "M-backorder": "1",
    },
    "stock": {"S-on_hand": "7", "M-on_hand": "3", "L-on_hand": "2"},
    "all but the place": {
        "title": "Mug",
        "description_html": "<p>Blue glaze</p>",
        "seo_title": "A mug",
        "S-price": "9.50",
        "M-price": "8.00",
        "S-on_hand": "7",
        "M-on_hand": "2",
        "L-on_hand": "9",
    },
    "address": {"slug": "mug", "title": "Mug"},
    "status": {"status": "archived"},
    "category": {"category": "drinks/mugs"},
}


@pytest.mark.parametrize("kind", CHANGES)
def test_a_save_needs_few_statements(app: Flask, kind: str) -> None:
    make_product("Other mug", category=make_category("Drinks", "Mugs"))
    cups = make_category("Kitchen", "Cups")
    make_product("Second cup", category=cups)
    sizes = [{"sku": f"CUP-{size}", "option1": size, "price": 1250, "on_hand": 4} for size in "SML"]
    cup = make_product("Cup", category=cups, option_names=["Size"], variants=sizes)
    path, prefixes = f"/admin/products/{cup.id}", dict(zip("SML", [v.id for v in cup.variants], strict=True))
    browser = staff_browser(app)
    # The process reads once which table of the search index answers, and once a second which webhooks there are.
    browser.post(path, **read_form(browser.get(path).text) | {"seo_description": "A cup"})
    form = read_form(browser.get(path).text)
    changed = {
        re.sub(r"^([SML])-", lambda size: f"v{prefixes[size[1]]}-", name): value
        for name, value in CHANGES[kind].items()
    }
    assert changed.keys() <= form.keys() | {name for name in changed if name.endswith("backorder")}
    with statements() as seen:
        assert browser.post(path, **form | changed).status_code == 303
    seen = [" ".join(each.split()) for each in seen if not each.startswith("SELECT webhook.")]
    assert len(seen) <= MOST_OF_A_SAVE, "\n".join(seen)
    assert changed.items() <= read_form(browser.get(path).text).items()
