"""Collections by rule: which products they list, which changes they follow, and what their pages cost."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select, text, update

from storefront import outbox, stock
from storefront.cache.build_context import collect_dependencies
from storefront.catalog.collection import collection_builds, collection_edits, collection_page
from storefront.catalog.collection.collection_edits import CollectionValues
from storefront.catalog.collection.membership_rules import Condition, Rule
from storefront.catalog.collection.models import Collection, CollectionListing
from storefront.catalog.list_index import availability, writer
from storefront.catalog.list_request import ListRequest
from storefront.catalog.models import Product, Variant
from storefront.catalog.product_writer import ProductEdit, lock_product, write_product
from storefront.demo import bulk_writer
from storefront.extensions import db, write_transaction
from storefront.stock import StockItem
from tests.cache.conftest import get
from tests.catalog.test_cost import MOST, cold_statements
from tests.factories import make_category, make_product
from tests.statements import rows_read, statements

NOW = datetime.now(UTC)
SORTS = ("new", "price", "-price", "name")


def make_collection(title: str, *conditions: Condition, match: str = "all") -> int:
    with write_transaction() as session:
        rule = Rule(match, conditions)  # type: ignore[arg-type]
        number = collection_edits.create(session, CollectionValues(title, rule)).id
    collection_builds.start_build(number)
    return number


def listed(client: FlaskClient, slug: str, query: str = "") -> list[str]:
    text = get(client, f"/collections/{slug}{query}").text
    return re.findall(r'class="card__title" dir="auto"><a href="[^"]+">([^<]+)', text)


def members(collection_id: int) -> list[str]:
    db.session.rollback()
    rows = select(Product.title).join(CollectionListing, CollectionListing.product_id == Product.id)
    rows = rows.where(CollectionListing.collection_id == collection_id).order_by(Product.id)
    found = list(db.session.execute(rows).scalars())
    assert db.session.get_one(Collection, collection_id, populate_existing=True).product_count == len(found)
    return found


def edit(product: Product, **values: object) -> None:
    with write_transaction() as session:
        write_product(session, lock_product(session, product.id), ProductEdit(values=values))


RULES = {
    "gift, any case": ("all", [Condition("tag", "gift")], ["Mug", "Pot"]),
    "brand": ("all", [Condition("vendor", "KILN row")], ["Mug", "Old", "Sold out"]),
    "price": (
        "all",
        [Condition("price_from", number=500), Condition("price_to", number=900)],
        ["Mug", "Pot"],
    ),
    "in stock": ("all", [Condition("in_stock")], ["Mug", "Pot", "Old"]),
    "on sale": ("all", [Condition("on_sale")], ["Pot"]),
    "new": ("all", [Condition("new", number=30)], ["Mug", "Pot", "Sold out"]),
    "all of two": ("all", [Condition("tag", "gift"), Condition("on_sale")], ["Pot"]),
    "any of two": ("any", [Condition("on_sale"), Condition("price_to", number=100)], ["Pot", "Old"]),
    "new or gift": (
        "any",
        [Condition("new", number=30), Condition("tag", "old")],
        ["Mug", "Pot", "Old", "Sold out"],
    ),
}


@pytest.fixture
def shelf(app: Flask) -> None:
    make_product("Mug", tags=["Gift", "tea"], variants=[{"price": 500, "compare_at_price": 500}])
    make_product("Pot", tags=["gift"], vendor="Lab", variants=[{"price": 900, "compare_at_price": 1200}])
    make_product("Old", tags=["old"], created_at=NOW - timedelta(days=31), variants=[{"price": 100}])
    make_product("Sold out", tags=["giftwrap"], variants=[{"price": 5000, "on_hand": 0}])
    make_product("Draft", tags=["gift"], status="draft", variants=[{"price": 500}])
    make_product("Hidden", tags=["gift"], unlisted=True, variants=[{"price": 500}])


@pytest.mark.usefixtures("shelf")
def test_a_rule_lists_what_it_says() -> None:
    made = {name: make_collection(name, *rule[1], match=rule[0]) for name, rule in RULES.items()}
    expected = {name: rule[2] for name, rule in RULES.items()}
    assert {name: members(number) for name, number in made.items()} == expected
    with write_transaction() as session:  # the writers of products decide as the build does
        session.execute(delete(CollectionListing))
        session.execute(update(Collection).values(product_count=0))
        writer.refresh(session, session.execute(select(Product.id)).scalars())
    assert {name: members(number) for name, number in made.items()} == expected


@pytest.mark.usefixtures("shelf")
def test_pages_follow_each_change_of_a_product(client: FlaskClient) -> None:
    make_collection("Gifts", Condition("tag", "gift"))
    assert listed(client, "gifts") == ["Pot", "Mug"]
    cup = make_product("Cup", tags=["gift"], variants=[{"price": 700}])
    assert listed(client, "gifts") == ["Cup", "Pot", "Mug"]
    assert listed(client, "gifts", "?sort=price") == ["Mug", "Cup", "Pot"]
    assert listed(client, "gifts", "?sort=-price") == ["Pot", "Cup", "Mug"]
    edit(cup, title="Zebra cup")
    assert listed(client, "gifts", "?sort=name") == ["Mug", "Pot", "Zebra cup"]
    with write_transaction() as session:
        session.execute(update(Variant).where(Variant.product_id == cup.id).values(price=1))
        writer.refresh(session, [cup.id])
    assert listed(client, "gifts", "?sort=price") == ["Zebra cup", "Mug", "Pot"]
    assert listed(client, "gifts", "?max_price=0.05") == ["Zebra cup"]
    edit(cup, status="draft")
    assert listed(client, "gifts") == ["Pot", "Mug"]
    edit(cup, status="active")
    edit(cup, tags=[])
    assert listed(client, "gifts") == ["Pot", "Mug"]
    assert "2 products" in get(client, "/collections/gifts").text


def sell(product: Product, number: int) -> None:
    with write_transaction() as session:
        sku = session.execute(select(StockItem.sku).where(StockItem.product_id == product.id)).scalar_one()
        stock.sell(session, sku, number, reference="1", reserved=0)


def test_stock_arrives_through_the_outbox(app: Flask, client: FlaskClient) -> None:
    mug, _pot = (make_product(title, variants=[{"on_hand": 2}]) for title in ("Mug", "Pot"))
    number = make_collection("Here", Condition("in_stock"))
    assert listed(client, "here") == ["Pot", "Mug"]
    sell(mug, 1)
    assert members(number) == ["Mug", "Pot"]
    sell(mug, 1)
    assert members(number) == ["Pot"]
    assert listed(client, "here") == ["Pot"]
    with write_transaction() as session:
        sku = session.execute(select(StockItem.sku).where(StockItem.product_id == mug.id)).scalar_one()
        stock.receive(session, sku, 1, reason="delivery")
    assert listed(client, "here") == ["Pot", "Mug"]


def test_a_message_of_a_dead_process_is_followed(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    mug = make_product("Mug", variants=[{"on_hand": 1}])
    number = make_collection("Here", Condition("in_stock"))
    with monkeypatch.context() as patch:
        patch.setattr(collection_builds.memberships, "refresh", lambda *_, **__: 1 / 0)
        sell(mug, 1)
    assert members(number) == ["Mug"]
    with write_transaction() as session:
        early = {"created_at": datetime.now(UTC) - timedelta(seconds=9)}
        session.execute(
            update(outbox.OutboxMessage).where(outbox.OutboxMessage.topic == availability.TOPIC).values(early)
        )
    outbox.deliver_overdue()
    assert members(number) == []


def test_a_page_ends_when_a_product_becomes_too_old(app: Flask, client: FlaskClient) -> None:
    leaves = NOW + timedelta(hours=1)
    make_product("Young", created_at=NOW)
    old = make_product("Old", created_at=leaves - timedelta(days=7))
    number = make_collection("New", Condition("new", number=7))
    wanted = ListRequest(collection="new")
    with collect_dependencies() as found:
        assert [card.title for card in collection_page.load_collection_page(wanted).items] == ["Old", "Young"]
    assert found.valid_until == leaves.timestamp()
    past = datetime.now(UTC) - timedelta(seconds=1)
    with write_transaction() as session:  # an hour later
        session.execute(
            update(Product).where(Product.id == old.id).values(created_at=past - timedelta(days=7))
        )
        session.execute(
            update(CollectionListing).where(CollectionListing.product_id == old.id).values(until=past)
        )
        collection_page.cache.invalidate_on_commit(session, "everything")
    assert listed(client, "new") == ["Young"], "the periodic task has not run"
    assert "1 product<" in get(client, "/collections/new").text
    assert members(number) == ["Young", "Old"]
    collection_builds.work()
    assert members(number) == ["Young"]


def test_a_large_shop_is_filled_in_batches(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collection_builds, "BATCH", 2)
    for place in range(5):
        make_product(f"Mug {place}", tags=["tea"] if place % 2 else ["tea", "gift"])
    number = make_collection("Chosen", Condition("tag", "tea"))
    assert listed(client, "chosen") == ["Mug 4", "Mug 3"], "the newest come first"
    make_product("Mug 5", tags=["tea"])
    assert listed(client, "chosen") == ["Mug 5", "Mug 4", "Mug 3"]
    while collection_builds.work():
        pass
    assert members(number) == [f"Mug {place}" for place in range(6)]
    change(number, Condition("tag", "gift"))
    while collection_builds.work():
        pass
    assert members(number) == ["Mug 0", "Mug 2", "Mug 4"]


def change(number: int, *conditions: Condition, **values: str) -> None:
    with write_transaction() as session:
        collection = session.get_one(Collection, number)
        expected = collection_edits.version_of(collection)
        present = collection_edits.values_of(collection)
        rule = Rule("all", conditions) if conditions else present.rule
        new = CollectionValues(**{"title": present.title, "rule": rule, "slug": present.slug} | values)  # type: ignore[arg-type]
        collection_edits.change(session, number, new, expected=expected)
    collection_builds.start_build(number)


def test_a_product_saved_while_a_rule_is_made_is_found(app: Flask) -> None:
    make_product("Mug", tags=["tea"])
    made: list[int] = []

    def make() -> None:
        with app.app_context():
            made.append(make_collection("Tea", Condition("tag", "tea")))

    with write_transaction() as session:
        product = Product(slug="cup", title="Cup", status="active", tags=["tea"])
        product.variants.append(Variant(sku="CUP", price=100))
        session.add(product)
        writer.refresh(session, [product.id] if product.id else [])
        session.flush()
        writer.refresh(session, [product.id])
        other = Thread(target=make)
        other.start()
        # On PostgreSQL it waits for this transaction; without that, its build would be over by now.
        other.join(0.3)
    other.join()
    assert members(made[0]) == ["Mug", "Cup"]


def test_addresses_lead_on(client: FlaskClient) -> None:
    make_product("Mug", tags=["tea"], category=make_category("Cups"))
    number = make_collection("Tea time", Condition("tag", "tea"))
    assert get(client, "/collections/Tea-Time").location == "/collections/tea-time"
    assert get(client, "/collections/tea-time/").location == "/collections/tea-time"
    change(number, slug="tea")
    change(number, slug="teas")
    for old in ("tea-time", "tea"):
        answer = get(client, f"/collections/{old}")
        assert (answer.status_code, answer.location) == (301, "/collections/teas")
    change(number, slug="tea")
    assert get(client, "/collections/tea").status_code == 200
    assert get(client, "/collections/teas").location == "/collections/tea"
    with write_transaction() as session:
        expected = collection_edits.version_of(session.get_one(Collection, number))
        collection_edits.delete(session, number, target="/categories/cups", expected=expected)
    assert get(client, "/collections/tea").location == "/categories/cups"
    assert get(client, "/collections/all").location == "/products"
    assert get(client, "/collections/cups").location == "/categories/cups", "as an address of another shop"
    assert get(client, "/collections/nowhere").status_code == 404


def test_the_sitemap_has_collections_with_products(client: FlaskClient) -> None:
    make_collection("Tea", Condition("tag", "tea"))
    assert "/collections/tea" not in get(client, "/sitemap-categories.xml").text
    make_product("Mug", tags=["tea"])
    assert "/collections/tea<" in get(client, "/sitemap-categories.xml").text


@pytest.mark.usefixtures("shelf")
def test_a_page_costs_few_statements(app: Flask) -> None:
    make_collection("Chosen", Condition("price_from", number=0))
    for path in ("chosen", "chosen?sort=name", "chosen?in_stock=1&max_price=9", "nowhere"):
        seen = cold_statements(app, f"/collections/{path}")
        assert len(seen) <= MOST, "\n\n".join([path, *seen])  # settings and menus included


def test_a_change_of_a_product_costs_few_statements(app: Flask) -> None:
    product = make_product("Mug", tags=["tea"])
    product_id = product.id

    def count() -> int:
        with write_transaction() as session, statements() as seen:
            writer.refresh(session, [product_id])
        return len(seen)

    without = count()
    for number in range(30):
        make_collection(f"Collection {number}", Condition("tag", "tea"))
    assert count() <= without + 2


def test_first_and_last_pages_read_as_few_rows_in_any_size(app: Flask) -> None:
    for _ in bulk_writer.write_generated(1500, 1, "USD", []):
        pass
    nth = select(Product.price).order_by(Product.price).offset(100).limit(1)
    cheap = db.session.execute(nth).scalar_one()
    make_collection("Few", Condition("price_to", number=cheap))
    number = make_collection("Many", Condition("price_from", number=0), Condition("new", number=30))
    while collection_builds.work():
        pass
    with write_transaction() as session:
        session.execute(text("ANALYZE"))
    sizes = dict(db.session.execute(select(Collection.slug, Collection.product_count)).all())
    assert sizes["many"] == 1500
    assert 90 < sizes["few"] < 300
    for sort in SORTS:
        for last in (False, True):
            read = {
                slug: read_per_product(slug, sort, -(-size // 24) if last else 1)
                for slug, size in sizes.items()
            }
            # All rows would be 125 for each product.
            assert read["many"] < 3 * read["few"], (sort, last, read)
    assert number


def read_per_product(slug: str, sort: str, page: int) -> int:
    db.session.rollback()
    wanted = ListRequest(collection=slug, sort=sort, page=page)  # type: ignore[arg-type]
    collection_page.load_collection_page(wanted)  # the menu is cached
    with rows_read() as read:
        collection_page._load_head(slug)
        items = collection_page.load_collection_page(wanted).items
    return read[0] // len(items)
