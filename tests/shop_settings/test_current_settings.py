"""Settings are read through the cache: a change shows at once, and an outage shows the last known ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from markupsafe import escape
from sqlalchemy import text

from storefront import cache, shop_settings
from storefront.actors import login_name
from storefront.cache.keys import CacheEntry
from storefront.cache.store import CacheStore
from storefront.config import ShopSettings
from storefront.extensions import db, write_transaction
from storefront.live import Hub
from storefront.live.wsgi_stream import WsgiStream
from storefront.shop_cache.keys import PRODUCT_LIST, SETTINGS
from storefront.shop_settings import stored_settings
from storefront.shop_settings.models import ShopSetting
from storefront.stock.stream import StockSource
from tests.cache.conftest import listen, own_redis
from tests.cache.test_coherence import shops, warm
from tests.cache.workers import WorkerPool
from tests.conftest import make_app
from tests.factories import make_product
from tests.processes import eventually
from tests.statements import statements

__all__ = ["own_redis", "shops"]


@pytest.fixture
def listening(app: Flask) -> Iterator[CacheStore]:
    """The shop's cache with both levels in use."""
    yield from listen(app)


def store(name: str, value: str) -> None:
    stored_settings.set_value(name, value)
    db.session.rollback()


@pytest.mark.any_database
def test_a_shop_begins_with_the_defaults(app: Flask) -> None:
    assert shop_settings.current() == ShopSettings(
        name="Kettle & Clay",
        locale="en_US",
        languages="",
        timezone="UTC",
        currency="USD",
        company="",
        street="",
        street2="",
        postcode="",
        city="",
        country="",
        contact_email="",
        contact_phone="",
        vat_id="",
        announcement="",
        announcement_link="",
        announcement_end="",
        logo="",
        icon="",
        accent_color="",
        accent_color_dark="",
        corners="soft",
        typeface="classic",
        closed=False,
        reopens_at="",
        closed_text="",
        served_countries="",
        stock_display="low",
        order_email="",
        order_letters=True,
        invoice_days=14,
    )


@pytest.mark.slow
def test_a_command_changes_the_pages_of_all_workers(app: Flask, shops: WorkerPool) -> None:
    for name in ("Tea House", "Pots & Pans"):
        assert all(warm(shops, member, "/") for member in (0, 1))
        done = app.test_cli_runner().invoke(args=["settings", "set", "name", name])
        assert (done.exit_code, done.output) == (0, f"{name}\n")
        shown = f">{escape(name)}</bdi></a>"
        for member in (0, 1):
            assert eventually(lambda member=member, shown=shown: shown in shops.call(member, "page", "/")[0])
        db.session.rollback()


@pytest.mark.any_database
def test_all_kinds_of_pages_follow_a_change(app: Flask, client: FlaskClient) -> None:
    make_product("Mug", variants=[{"price": 123456}])
    db.session.rollback()
    addresses = ("/products/mug", "/products", "/cart", "/nowhere", "/api/v1/docs", "/login")
    for address in addresses:
        assert "Tea House" not in client.get(address).text
    store("name", "Tea House")
    store("locale", "de_DE")
    for address in addresses:
        assert "Tea House" in client.get(address).text, address
    assert "1.234,56\N{NO-BREAK SPACE}$" in client.get("/products/mug").text
    assert all(">Warenkorb<" in client.get(address).text for address in addresses if "/api/" not in address)
    assert client.get("/api/v1/openapi.json").get_json()["info"]["title"] == "Tea House"


@pytest.mark.any_database
def test_the_display_of_stock_follows_in_pages_and_streams(app: Flask, client: FlaskClient) -> None:
    product = make_product("Mug", variants=[{"sku": "MUG", "on_hand": 3}])
    hub = Hub(app, StockSource(app))
    hub.attach(WsgiStream(hub, "127.0.0.1", (product.id,)))

    def shown() -> tuple[bool, bool]:
        page = client.get("/products/mug").text
        return "Only 3 left" in page, b'"left":3' in hub.snapshot([product.id])

    assert shown() == (True, True)
    store("stock_display", "band")
    assert shown() == (False, False)
    store("stock_display", "low")
    assert shown() == (True, True)


@pytest.mark.any_database
def test_a_warm_read_takes_no_statement(app: Flask, listening: CacheStore) -> None:
    assert eventually(lambda: shop_settings.current() and len(listening.l1))
    with statements() as seen:
        for _ in range(5):
            shop_settings.current()
        with app.test_request_context("/"):
            assert shop_settings.current() is shop_settings.current()
    assert seen == []


@pytest.mark.any_database
def test_every_value_that_reads_a_setting_depends_on_it(app: Flask) -> None:
    with app.test_request_context("/"):
        shop_settings.current()
        for _ in range(2):
            with cache.collect_dependencies() as tags:
                shop_settings.current()
            assert SETTINGS in tags


def test_a_value_is_not_built_from_an_older_read(app: Flask) -> None:
    """A value that is begun after a change must not be stored with what its request has read before."""
    entry = CacheEntry("shop:named", "", PRODUCT_LIST)

    def name() -> str:
        return cache.fetch(entry, str, lambda: shop_settings.current().name)

    with app.test_request_context("/"):
        before = shop_settings.current().name
        with write_transaction() as session:
            session.add(ShopSetting(name="name", value="Tea House"))
        assert (before, name()) == ("Kettle & Clay", "Tea House")
    assert name() == "Tea House"


def test_without_a_cache_a_change_shows_at_once(app: Flask, redis_url: str, tmp_path: Path) -> None:
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    off = make_app(url, tmp_path, REDIS_URL=redis_url, STOREFRONT_CACHE="off")
    db.session.rollback()
    with off.app_context():
        client = off.test_client()
        assert "Tea House" not in client.get("/cart").text
        store("name", "Tea House")
        assert "Tea House" in client.get("/cart").text


@pytest.mark.any_database
def test_an_environment_variable_wins(app: Flask, redis_url: str, tmp_path: Path) -> None:
    store("name", "Stored")
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    other = make_app(url, tmp_path, REDIS_URL=redis_url, STOREFRONT_NAME="Given", STOREFRONT_INVOICE_DAYS="0")
    with other.app_context():
        assert (shop_settings.current().name, shop_settings.current().invoice_days) == ("Given", 0)
        assert "Given" in other.test_client().get("/cart").text
        runner = other.test_cli_runner()
        refused = runner.invoke(args=["settings", "set", "name", "Mine"])
        assert (refused.exit_code, "STOREFRONT_NAME" in refused.output) == (1, True)
        assert runner.invoke(args=["settings", "reset", "name"]).exit_code == 1
        listed = runner.invoke(args=["settings", "list"]).output
        assert "name = Given  (set by the environment, STOREFRONT_NAME; default: Kettle & Clay)" in listed
    assert shop_settings.current().name == "Stored"


def test_without_database_and_cache_the_last_are_used(app: Flask) -> None:
    store("name", "Tea House")
    assert shop_settings.current().name == "Tea House"
    db.session.rollback()
    with db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE shop_setting RENAME TO gone"))
    try:
        with write_transaction() as session:
            cache.invalidate_on_commit(session, SETTINGS, hard=True)
        with cache.collect_dependencies() as tags:
            assert shop_settings.current().name == "Tea House"
        assert "stale" in tags
    finally:
        with db.engine.begin() as connection:
            connection.execute(text("ALTER TABLE gone RENAME TO shop_setting"))


def test_a_database_without_tables_has_the_defaults(empty_url: str, redis_url: str, tmp_path: Path) -> None:
    app = make_app(empty_url, tmp_path, REDIS_URL=redis_url)
    with app.app_context():
        assert shop_settings.current().name == "Kettle & Clay"
        listed = app.test_cli_runner().invoke(args=["settings", "list"])
        assert listed.exit_code == 1
        assert re.fullmatch("Error: .* setup .*\n", listed.output)
        db.session.remove()
        db.engine.dispose()


@pytest.mark.any_database
def test_a_stored_value_that_is_wrong_is_not_used(app: Flask) -> None:
    with write_transaction() as session:
        session.add_all(
            [ShopSetting(name="locale", value="xx_nowhere"), ShopSetting(name="former", value="x")]
        )
    assert shop_settings.current().locale == "en_US"
    listed = app.test_cli_runner().invoke(args=["settings", "list"]).output
    assert "The stored value is not used: locale is 'xx_nowhere'" in listed


def test_a_write_transaction_reads_once(app: Flask) -> None:
    with write_transaction():
        first = shop_settings.current()
        with statements() as seen:
            assert shop_settings.current() is first
    assert seen == []


def test_a_change_names_who_made_it(app: Flask) -> None:
    app.test_cli_runner().invoke(args=["settings", "set", "timezone", "Europe/Berlin"])
    row = db.session.get_one(ShopSetting, "timezone")
    assert (row.value, row.changed_by) == ("Europe/Berlin", f"command:{login_name()}")
