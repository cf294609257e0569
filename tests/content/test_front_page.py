"""The merchant's own front page as everybody sees it: its products, pictures and moments, and what it costs."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update

from storefront.catalog import picture_queue
from storefront.catalog.collection import collection_builds, collection_edits
from storefront.catalog.collection.collection_edits import CollectionValues
from storefront.catalog.collection.membership_rules import Condition, Rule
from storefront.catalog.models import Product
from storefront.catalog.pictures import store
from storefront.checkout import best_sellers
from storefront.checkout.models import Order
from storefront.content.front_page import front_page_draft
from storefront.content.front_page.models import ProductSales
from storefront.content.front_page.page_sections import (
    GridItem,
    GridSection,
    HeroSection,
    PageSection,
    ProductsSection,
    QuoteSection,
    SectionPicture,
)
from storefront.extensions import db, write_transaction
from storefront.link_syntax import is_link
from storefront.stock import set_on_hand
from tests.accounts.people import Browser
from tests.catalog.test_cost import MOST, cold_statements
from tests.checkout.shoppers import make_draft, place
from tests.factories import make_category, make_product, png

pytestmark = pytest.mark.any_database


def publish(*sections: PageSection) -> None:
    """Publish a front page of these sections."""
    with write_transaction() as session:
        page = front_page_draft.start(session, sections)
        front_page_draft.publish(session, expected=page.version)


def picture(app: Flask, number: int = 1, alt: str = "") -> SectionPicture:
    """Store a picture as a form does."""
    stored = store(png(number, (400, 300)), Path(app.config["MEDIA_DIR"]))
    return SectionPicture(stored.digest, stored.width, stored.height, alt)


def sell(product: Product, quantity: int, state: str = "paid") -> None:
    code = product.variants[0].sku
    number = place(make_draft({code: quantity}), f"a key of good length {code}").number
    with write_transaction() as session:
        session.execute(update(Order).where(Order.number == number).values(state=state))


def titles(page: str) -> list[str]:
    parts = page.split('class="card__title"')[1:]
    return [part.partition("</a>")[0].rpartition(">")[2] for part in parts]


def test_rows_show_their_products_and_follow_each_change(app: Flask) -> None:
    tea, cups = make_category("Tea"), make_category("Cups")
    old = make_product("Old sencha", category=tea)
    mug = make_product("Mug", category=cups, vendor="Kiln")
    make_product("Draft", status="draft")
    with write_transaction() as session:
        rule = Rule("all", (Condition("vendor", "Kiln"),))
        kiln = collection_edits.create(session, CollectionValues("Kiln", rule)).id
    collection_builds.start_build(kiln)
    sell(old, 3)
    sell(mug, 5, "cancelled")
    best_sellers.count()
    publish(
        ProductsSection(id="a", heading="Newest", source="newest"),
        ProductsSection(id="b", heading="Teas", source="category", place=tea.id),
        ProductsSection(id="c", heading="From Kiln", source="collection", place=kiln),
        ProductsSection(id="d", heading="Best", source="best"),
        ProductsSection(id="e", heading="Nothing", source="category", place=9999),
    )
    browser = Browser(app)
    page = browser.get("/")
    assert titles(page.text) == ["Mug", "Old sencha", "Old sencha", "Mug", "Old sencha"]
    assert "Nothing" not in page.text
    assert 'href="/categories/tea"' in page.text
    assert 'href="/collections/kiln"' in page.text
    assert f"card:{mug.id}" in page.headers["Surrogate-Key"]
    with write_transaction() as session:
        set_on_hand(session, mug.variants[0].sku, 0, reason="count")
    assert browser.get("/").text.count("card--out") == 2
    new = make_product("New sencha", category=tea)
    best_sellers.count()
    assert titles(browser.get("/").text)[:2] == ["New sencha", "Mug"]
    sell(new, 9)
    best_sellers.count()
    assert titles(browser.get("/").text)[-2:] == ["New sencha", "Old sencha"]


def test_a_new_count_is_made_once_an_hour(app: Flask) -> None:
    mug = make_product("Mug")
    sell(mug, 1)
    best_sellers.count_due()
    sell(mug, 1)
    best_sellers.count_due()
    assert db.session.execute(db.select(ProductSales.sold)).scalars().all() == [1]
    assert Browser(app).get("/").status_code == 200


def test_task_of_a_shop_without_sales_rests(app: Flask) -> None:
    assert not best_sellers.count_due()  # else it would begin again at once


def test_sections_come_and_go_at_their_moments(app: Flask) -> None:
    browser, soon = Browser(app), datetime.now(UTC) + timedelta(seconds=1)
    publish(
        QuoteSection(id="a", text="Before", shown_until=soon),
        QuoteSection(id="b", text="After", shown_from=soon),
        QuoteSection(id="c", text="Never", hidden=True),
    )
    page = browser.get("/").text
    if datetime.now(UTC) < soon:  # on a busy machine it may have passed
        assert "Before" in page
        assert "After" not in page
    while datetime.now(UTC) < soon:
        time.sleep(0.01)
    page = browser.get("/").text
    assert "After" in page
    assert "Before" not in page
    assert "Never" not in page


def test_renditions_show_when_they_are_made(app: Flask) -> None:
    hero, one, two = picture(app, 1, "A pot"), picture(app, 2), picture(app, 3)
    grid = GridSection(id="b", items=(GridItem(one, "Pots", "/products"), GridItem(two)))
    publish(HeroSection(id="a", heading="Tea", picture=hero), grid)
    browser = Browser(app)
    page = browser.get("/").text
    assert 'alt="A pot" fetchpriority="high"' in page
    assert page.count('loading="lazy"') == 2
    assert "image/avif" not in page
    assert hero.digest in picture_queue.find_unmade()
    picture_queue.make(hero.digest)
    assert page != browser.get("/").text
    assert f"/media/{hero.digest}-" in browser.get("/").text.partition("image/avif")[2]


def test_an_own_front_page_costs_seven_statements_cold(app: Flask) -> None:
    tea = make_category("Tea")
    sell(make_product("Sencha", category=tea, pictures=1), 2)
    best_sellers.count()
    rows = [
        ProductsSection(id=f"p{number}", heading="A row", source=source, place=tea.id)
        for number, source in enumerate(("newest", "best", "category", "newest"))
    ]
    publish(HeroSection(id="h", heading="Tea", picture=picture(app)), *rows)  # type: ignore[arg-type]
    seen = cold_statements(app, "/")
    assert len(seen) <= MOST, "\n\n".join(seen)  # settings and menus included


def test_links_lead_into_the_shop_or_to_another_site() -> None:
    good = ("/", "/products?q=a#b", "https://example.com/a", "mailto:kim@example.com", "tel:+491234")
    bad = (
        "javascript:alert(1)",
        "JaVaScRiPt:x",
        "//example.com",
        "/\\example.com",
        "https://",
        "data:x",
        "a b",
        "x",
    )
    assert [is_link(each) for each in good] == [True] * len(good)
    assert [is_link(each) for each in bad] == [False] * len(bad)
