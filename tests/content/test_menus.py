"""The merchant's menus as everybody sees them: at once, two levels deep, and without what is gone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from storefront.catalog.collection import collection_edits
from storefront.catalog.collection.collection_edits import CollectionValues
from storefront.catalog.collection.membership_rules import Condition, Rule
from storefront.catalog.models import Category
from storefront.content import menu_edits, menu_start, menu_versions, page_edits
from storefront.content.menu_edits import EntryValues
from storefront.content.menu_models import MenuItem
from storefront.content.menu_targets import MenuEditError
from storefront.content.menu_versions import MenuChangedError
from storefront.content.page_edits import PageValues
from storefront.extensions import db, write_transaction
from storefront.history import RecordedChange
from tests.accounts.people import Browser
from tests.content.test_pages import answers_before
from tests.factories import make_category, make_product

pytestmark = pytest.mark.any_database

NOW = datetime.now(UTC) - timedelta(seconds=1)
SALE = CollectionValues("Summer sale", Rule("all", (Condition("in_stock"),)))


def make_page(title: str, **more: object) -> int:
    with write_transaction() as session:
        return page_edits.create(session, PageValues(title, **{"published_at": NOW} | more)).id  # type: ignore[arg-type]


def change_page(page_id: int, values: PageValues, expected: int) -> None:
    with write_transaction() as session:
        page_edits.change(session, page_id, values, expected=expected)


def add(menu: str, target: str, label: str = "", below: int | None = None, address: str = "") -> int:
    with write_transaction() as session:
        here = session.get(menu_edits.Menu, menu)
        values = EntryValues(target, address, label, below)
        return menu_edits.add(session, menu, values, expected=here.version if here else 0).id


def links(browser: Browser, part: str, page: str = "/nowhere") -> list[tuple[str, str]]:
    """Return the links of a part of a page: where they lead, and what they say."""
    [found] = re.findall(rf"<{part}.*?</{part}>", browser.get(page).text, re.S)
    return re.findall(r'href="([^"]*)"[^>]*>(?:<bdi>)?([^<]*)', found.partition("<nav")[2])


def test_links_of_all_kinds_show_at_once_on_every_page(app: Flask) -> None:
    browser = Browser(app)
    make_product("Sencha", category=make_category("Tea"))
    before = {page: links(browser, "header", page) for page in ("/", "/products/sencha", "/nowhere")}
    assert ("/categories/tea", "Tea") in before["/"]
    about = make_page("About us")
    with write_transaction() as session:
        sale = collection_edits.create(session, SALE).id
    tea = db.session.query(Category.id).filter_by(path="tea").scalar()
    top = add("header", f"category-{tea}")
    add("header", f"collection-{sale}", "Sale!", below=top)
    add("header", f"page-{about}", below=top)
    add("header", "address", "Blog", address="https://blog.example/a?b=1")
    add("header", "address", "All", address="/products?sort=price")
    wanted = [
        ("/categories/tea", "Tea"),
        ("/collections/summer-sale", "Sale!"),
        ("/pages/about-us", "About us"),
        ("https://blog.example/a?b=1", "Blog"),
        ("/products?sort=price", "All"),
    ]
    for page in (*before, "/pages/about-us", "/cart", "/account/login"):
        assert links(browser, "header", page) == wanted, page
    assert 'href="/pages/about-us" dir="auto" aria-current="page"' in browser.get("/pages/about-us").text
    assert "category-nav" not in browser.get("/").text
    with write_transaction() as session:
        session.get_one(Category, tea).name = "Teas"
    assert links(browser, "header", "/nowhere")[0] == ("/categories/tea", "Teas")


def test_targets_that_are_gone_disappear(app: Flask) -> None:
    browser, page = Browser(app), make_page("About us")
    top = add("footer", f"page-{page}")
    below = add("footer", "address", "All", below=top, address="/products")
    assert ("/products", "All") in links(browser, "footer")
    change_page(page, PageValues("About us"), 1)
    assert links(browser, "footer")[0][0] == "/cart", "an entry without a name goes with those below it"
    with write_transaction() as session:
        version = session.get_one(menu_edits.Menu, "footer").version
        menu_edits.change(session, top, EntryValues(f"page-{page}", label="Us"), expected=version)
    assert ("/products", "All") in links(browser, "footer"), "with a label it stays as a heading"
    with write_transaction() as session:
        page_edits.remove(session, page, expected=2)
    assert ("/products", "All") in links(browser, "footer")
    item = db.session.get_one(MenuItem, top)
    assert (item.kind, item.page_id, item.target_name) == ("page", None, "About us")
    assert db.session.get(MenuItem, below)


def test_a_planned_page_enters_the_menu_at_its_moment(app: Flask) -> None:
    browser, soon = Browser(app), datetime.now(UTC) + timedelta(seconds=1)
    add("header", f"page-{make_page('Sale', published_at=soon)}")
    for answer in answers_before(soon, browser, "/"):
        assert "/pages/sale" not in answer.text
    assert ("/pages/sale", "Sale") in links(browser, "header", "/")


def test_hidden_and_empty_categories_are_not_shown(app: Flask) -> None:
    browser, green = Browser(app), make_category("Tea", "Green")
    add("header", f"category-{green.id}")
    assert links(browser, "header") == []
    make_product("Sencha", category=green)
    assert links(browser, "header") == [("/categories/tea/green", "Green")]
    with write_transaction() as session:
        session.query(Category).filter_by(path="tea").one().hidden = True
    assert links(browser, "header") == [], "the category above it is hidden"


def test_legal_pages_stay_in_a_footer_that_lacks_them(app: Flask) -> None:
    browser = Browser(app)
    with write_transaction() as session:
        for kind in ("imprint", "terms"):
            page_edits.create(session, PageValues(kind.title(), published_at=NOW), kind)
    add("footer", "address", "All", address="/products")
    add("footer", "address", "Imprint here", address="/pages/imprint")
    for page in ("/", "/checkout", "/cart"):
        found = links(browser, "footer", page)
        assert ("/pages/terms", "Terms") in found
        assert [name for url, name in found if url == "/pages/imprint"] == ["Imprint here"]


WRONG = {
    "javascript:alert(1)": "Enter an address of this shop",
    "JavaScript:alert(1)": "Enter an address of this shop",
    "ftp://shop.example/": "Enter an address of this shop",
    "mailto:": "Enter an address of this shop",
    "https://": "Enter an address of this shop",
    "https://[": "Enter an address of this shop",
    "https://user@shop.example/": "Enter an address of this shop",
    "https://shop.example:99999999/": "Enter an address of this shop",
    "https://shop.example/a b": "Enter an address of this shop",
    "//evil.example/": "Enter an address of this shop",
    "data:text/html,x": "Enter an address of this shop",
    "products": "Enter an address of this shop",
    "": "Enter an address of this shop",
    "/\\evil.example": "Enter an address of this shop",
    "/nowhere": "The shop has no page at",
    "/pages/nowhere": "The shop has no page at",
    "/products/nowhere": "The shop has no page at",
    "/categories/nowhere": "The shop has no page at",
    "/collections/nowhere": "The shop has no page at",
    "/orders/1": "The shop has no page at",
    "/account/logout": "The shop has no page at",
}


def test_wrong_addresses_are_refused_with_a_sentence(app: Flask) -> None:
    with app.test_request_context():
        for address, sentence in WRONG.items():
            with pytest.raises(MenuEditError, match=sentence) as refused:
                add("header", "address", "Link", address=address)
            assert refused.value.field == "address", address
        for target in ("page-1", "category-1", "collection-1", "user-1", "page-", "page-x", "", "x" * 99):
            with pytest.raises(MenuEditError, match="no longer exists"):
                add("header", target)
    assert "category-nav" not in Browser(app).get("/").text
    assert db.session.query(MenuItem).count() == 0


def test_menus_have_two_levels_and_no_cycle(app: Flask) -> None:
    top, other = (add("header", "address", name, address="/products") for name in ("One", "Two"))
    child = add("header", "address", "Three", below=top, address="/cart")
    in_footer = add("footer", "address", "Four", address="/cart")
    wrong = {
        (top, top): "below itself",
        (other, child): "two levels",
        (top, other): "others below it",
        (child, 999): "is gone",
        (child, in_footer): "is gone",
    }
    for (item, below), sentence in wrong.items():
        values = EntryValues("address", "/cart", "X", below)
        with write_transaction() as session, pytest.raises(MenuEditError, match=sentence):
            menu_edits.change(session, item, values, expected=3)
    with write_transaction() as session, pytest.raises(MenuEditError, match="Enter a label"):
        menu_edits.change(session, other, EntryValues("address", "/cart"), expected=3)
    assert db.session.get_one(MenuItem, child).parent_id == top


def test_versions_are_restored_with_their_actor(app: Flask) -> None:
    browser, page = Browser(app), make_page("About us")
    top = add("header", f"page-{page}")
    add("header", "address", "All", below=top, address="/products")
    before = links(browser, "header")
    with write_transaction() as session:
        assert menu_edits.remove(session, top, expected=2) == "header"
    assert "category-nav" not in browser.get("/").text
    with write_transaction() as session:
        menu_versions.restore(session, "header", 2, expected=3)
    assert links(browser, "header") == before
    changes = db.session.query(RecordedChange).filter_by(kind="menu").order_by(RecordedChange.id).all()
    assert [change.action for change in changes] == ["create", "update", "update", "update"]
    assert changes[2].fields["outline"] == ["About us (/pages/about-us)\n– All (/products)", ""]
    assert changes[2].actor == "system"
    with write_transaction() as session, pytest.raises(MenuEditError, match="no such version"):
        menu_versions.restore(session, "header", 9, expected=4)
    with write_transaction() as session:
        page_edits.remove(session, page, expected=1)
    make_page("Another page")  # SQLite gives it the id of the deleted one
    with write_transaction() as session:
        menu_versions.restore(session, "header", 1, expected=4)
    assert links(browser, "header") == []
    with write_transaction() as session:
        menu_versions.restore(session, "header", 0, expected=5)
    assert db.session.query(MenuItem).count() == 0


def test_a_change_of_an_old_menu_is_refused(app: Flask) -> None:
    top = add("header", "address", "All", address="/products")
    with write_transaction() as session, pytest.raises(MenuChangedError):
        menu_edits.add(session, "header", EntryValues("address", "/cart", "Cart"), expected=0)
    with write_transaction() as session, pytest.raises(MenuChangedError):
        menu_edits.remove(session, top, expected=7)
    with write_transaction() as session, pytest.raises(MenuChangedError):
        menu_edits.remove(session, 999, expected=1)


def test_a_copy_of_the_shops_own_menu_shows_the_same(app: Flask) -> None:
    browser = Browser(app)
    for name in ("Tea", "Cups"):
        make_product(f"One of {name}", category=make_category(name))
    make_page("About us")
    for menu, part in (("header", "header"), ("footer", "footer")):
        before = links(browser, part)
        with write_transaction() as session:
            menu_start.copy_automatic(session, menu, expected=0)
        assert sorted(links(browser, part)) == sorted(before)
